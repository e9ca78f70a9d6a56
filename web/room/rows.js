// Makes the rows of the list from the items of the timeline: day separators, groups of messages by one user, lines of
// joins and leaves, the marker of new messages, and placeholders for messages that are not loaded. No DOM.
//
// Rows are kept: an item at the end costs the same for any number of items before it.
import { dayKey } from './times.js';

/** Messages of one user within this time are shown under one name. */
const GROUP_MS = 5 * 60_000;
/** More joins and leaves in a row than this become one line. */
const MAX_PRESENCE_LINES = 3;

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} kind older | olderFailed | beginning | day | marker | gap | gapFailed | message | presence | reset
 * @property {number} place of its item, of the next item, or of the first item of a presence line
 * @property {import('./timeline.js').Item} [item] of a message
 * @property {import('./timeline.js').Item[]} [items] of a presence line: joins and leaves
 * @property {{ join: Set<string>, leave: Set<string> }} [names] of a presence line
 * @property {boolean} [first] of its group
 * @property {boolean} [last]
 * @property {Date} [date] of a day
 * @property {boolean} [isLoose] a placeholder: rows are inserted before or after it, so its position is not kept
 */

/**
 * @typedef {object} State
 * @property {'more' | 'loading' | 'failed' | 'none'} [older] messages than those shown
 * @property {number | null} [newFrom] the seq of the first new message
 * @property {{ from: number, failed: boolean } | null} [gap] messages from number `from` on are being loaded
 * @property {boolean} [isEmpty] no row for the beginning is needed
 */

const isMessage = (item) => item.kind === 'message';

function together(one, other) {
    return (
        isMessage(one) && isMessage(other) && one.name === other.name && one.own === other.own &&
        other.date - one.date < GROUP_MS && dayKey(one.date) === dayKey(other.date)
    );
}

function extend(run, item) {
    run.items.push(item);
    run.names[item.kind].add(item.name);
}

function presenceRow(place, item) {
    const row = { key: item.key, kind: 'presence', place, items: [], names: { join: new Set(), leave: new Set() } };
    extend(row, item);
    return row;
}

const sameState = (one, other) =>
    one.older === other.older && one.newFrom === other.newFrom && one.isEmpty === other.isEmpty &&
    one.gap?.from === other.gap?.from && one.gap?.failed === other.gap?.failed;

export class Rows {
    #rows = [];
    /** The number of confirmed items at the last call. */
    #items = 0;
    #state = null;
    /** The first row that this call has removed or added. */
    #changed = 0;
    #hasMarker = false;
    #hasGap = false;
    /** The day of the last item. */
    #day = null;

    /** @returns {readonly Row[]} all rows; always the same array */
    get all() {
        return this.#rows;
    }

    /**
     * Updates the rows for these items and this state.
     * @param {readonly import('./timeline.js').Item[]} confirmed
     * @param {number} from the place of the first item that has changed since the last call
     * @param {readonly import('./timeline.js').Item[]} unconfirmed shown last
     * @param {State} state
     * @returns {number} the number of rows at the start that are the same objects as before; the last one of these may
     *     look different
     */
    update(confirmed, from, unconfirmed, { older = 'none', newFrom = null, gap = null, isEmpty = false } = {}) {
        this.#changed = this.#rows.length;
        const state = { older, newFrom, gap, isEmpty };
        if (!this.#state || !sameState(this.#state, state)) this.#begin(state);
        this.#cut(Math.min(from, this.#items), confirmed);
        for (let place = this.#items; place < confirmed.length; place += 1) this.#append(confirmed[place], place);
        this.#items = confirmed.length;
        unconfirmed.forEach((item, index) => this.#append(item, confirmed.length + index));
        if (gap && !this.#hasGap) this.#rows.push(this.#gapRow(Infinity));
        return this.#changed;
    }

    #begin(state) {
        const { older, isEmpty } = state;
        this.#state = state;
        this.#rows.length = 0;
        this.#changed = 0;
        this.#items = 0;
        this.#hasMarker = false;
        this.#hasGap = false;
        if (isEmpty) return;
        if (older === 'none') this.#rows.push({ key: 'beginning', kind: 'beginning', place: -1 });
        else this.#rows.push({ key: 'older', kind: older === 'failed' ? 'olderFailed' : 'older', place: -1, isLoose: true });
    }

    /** Removes the rows of the items from `place` on. */
    #cut(place, items) {
        while (this.#rows.length > 0 && this.#rows.at(-1).place >= place) this.#pop();
        const last = this.#rows.at(-1);
        // A line of several joins that reaches beyond the cut is made again.
        const isCut = last?.kind === 'presence' && last.place + last.items.length > place;
        if (isCut) this.#pop();
        this.#items = isCut ? last.place : place;
        this.#day = this.#items > 0 ? dayKey(items[this.#items - 1].date) : null;
        if (last?.kind === 'message') last.last = true;
    }

    #append(item, place) {
        const { newFrom, gap } = this.#state;
        if (gap && !this.#hasGap && item.seq >= gap.from) {
            this.#hasGap = true;
            this.#rows.push(this.#gapRow(place));
        }
        if (newFrom !== null && !this.#hasMarker && isMessage(item) && item.seq >= newFrom && !item.own) {
            this.#hasMarker = true;
            this.#rows.push({ key: 'marker', kind: 'marker', place });
        }
        const day = dayKey(item.date);
        if (day !== this.#day) {
            this.#day = day;
            this.#rows.push({ key: `day:${item.key}`, kind: 'day', place, date: item.date });
        }
        if (isMessage(item)) this.#appendMessage(item, place);
        else if (item.kind === 'reset') this.#rows.push({ key: item.key, kind: 'reset', place });
        else this.#appendPresence(item, place);
    }

    #appendMessage(item, place) {
        const before = this.#rows.at(-1);
        const continues = before?.kind === 'message' && together(before.item, item);
        if (continues) before.last = false;
        this.#rows.push({ key: item.key, kind: 'message', place, item, first: !continues, last: true });
    }

    #appendPresence(item, place) {
        const rows = this.#rows;
        const isPresence = (row) => row?.kind === 'presence';
        const run = rows.slice(-MAX_PRESENCE_LINES);
        if (isPresence(rows.at(-1)) && rows.at(-1).items.length > 1) extend(rows.at(-1), item);
        else if (run.length < MAX_PRESENCE_LINES || !run.every(isPresence)) this.#rows.push(presenceRow(place, item));
        else {
            run.forEach(() => this.#pop());
            const all = presenceRow(run[0].place, run[0].items[0]);
            for (const row of run.slice(1)) extend(all, row.items[0]);
            extend(all, item);
            this.#rows.push(all);
        }
    }

    #gapRow(place) {
        return { key: 'gap', kind: this.#state.gap.failed ? 'gapFailed' : 'gap', place };
    }

    #pop() {
        const { kind } = this.#rows.pop();
        if (kind === 'marker') this.#hasMarker = false;
        if (kind === 'gap' || kind === 'gapFailed') this.#hasGap = false;
        this.#changed = Math.min(this.#changed, this.#rows.length);
    }
}
