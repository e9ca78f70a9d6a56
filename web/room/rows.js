// From what happened to what is seen: day separators, groups of one person's messages, runs of comings and goings, the
// marker of what is new, and what stands for messages that are still to be loaded. Pure.
import { dayKey } from './times.js';

/** Messages of one person no further apart than this stand together under one name. */
const GROUP_MS = 5 * 60_000;
/** More comings and goings in a row than this become one line. */
const QUIET_LINES = 3;

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} kind older | olderFailed | beginning | day | marker | gap | gapFailed | message | quiet
 * @property {import('./timeline.js').Item} [item] of a message
 * @property {import('./timeline.js').Item[]} [items] of a quiet line
 * @property {boolean} [first] of its group
 * @property {boolean} [last]
 * @property {Date} [date] of a day
 * @property {boolean} [isLoose] stands for what comes in between it and the next row, so it is no hold for the reader's eye
 */

const isMessage = (item) => item.kind === 'message';

function together(one, other) {
    return (
        isMessage(one) && isMessage(other) && one.name === other.name && one.own === other.own &&
        other.date - one.date < GROUP_MS && dayKey(one.date) === dayKey(other.date)
    );
}

/** The end of the run of quiet lines of one day that begins at `start`. */
function endOfRun(items, start, breaks) {
    const day = dayKey(items[start].date);
    let end = start + 1;
    while (end < items.length && !isMessage(items[end]) && dayKey(items[end].date) === day && !breaks(items[end])) end += 1;
    return end;
}

/**
 * @param {import('./timeline.js').Item[]} items
 * @param {{ older?: 'more' | 'loading' | 'failed' | 'none', newFrom?: number | null,
 *     gap?: { from: number, failed: boolean } | null }} [state] `newFrom`: the seq of the first new message;
 *     `gap`: messages from number `from` on are being loaded
 * @returns {Row[]}
 */
export function rowsOf(items, { older = 'none', newFrom = null, gap = null } = {}) {
    const rows = [];
    if (older === 'none') rows.push({ key: 'beginning', kind: 'beginning' });
    else rows.push({ key: 'older', kind: older === 'failed' ? 'olderFailed' : 'older', isLoose: true });

    let day = null;
    let group = null;
    let markerToCome = newFrom !== null;
    let gapToCome = gap !== null;
    const separate = (row) => {
        rows.push(row);
        group = null;
    };
    const gapHere = (item) => gapToCome && item.seq >= gap.from;
    for (let place = 0; place < items.length; place += 1) {
        const item = items[place];
        if (gapHere(item)) {
            gapToCome = false;
            separate({ key: 'gap', kind: gap.failed ? 'gapFailed' : 'gap' });
        }
        if (markerToCome && isMessage(item) && item.seq >= newFrom && !item.own) {
            markerToCome = false;
            separate({ key: 'marker', kind: 'marker' });
        }
        if (dayKey(item.date) !== day) {
            day = dayKey(item.date);
            separate({ key: `day:${item.key}`, kind: 'day', date: item.date });
        }
        if (!isMessage(item)) {
            const end = endOfRun(items, place, gapHere);
            const run = items.slice(place, end);
            if (run.length <= QUIET_LINES) for (const one of run) separate({ key: one.key, kind: 'quiet', items: [one] });
            else separate({ key: run[0].key, kind: 'quiet', items: run });
            place = end - 1;
            continue;
        }
        const continues = group !== null && together(group.item, item);
        if (continues) group.last = false;
        group = { key: item.key, kind: 'message', item, first: !continues, last: true };
        rows.push(group);
    }
    if (gapToCome) rows.push({ key: 'gap', kind: gap.failed ? 'gapFailed' : 'gap' });
    return rows;
}
