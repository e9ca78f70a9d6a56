// From what happened to what is seen: day separators, groups of one person's messages, runs of comings and goings, the
// marker of what is new, and what stands for messages that are still to be loaded. Pure.
//
// Rows are made one item after the other and kept: what comes at the end costs the same whatever stands before it.
import { dayKey } from './times.js';

/** Messages of one person no further apart than this stand together under one name. */
const GROUP_MS = 5 * 60_000;
/** More comings and goings in a row than this become one line. */
const MAX_PRESENCE_LINES = 3;

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} kind older | olderFailed | beginning | day | marker | gap | gapFailed | message | presence | reset
 * @property {number} place of the item that it stands for, or before; that of the first one of a quiet line
 * @property {import('./timeline.js').Item} [item] of a message
 * @property {import('./timeline.js').Item[]} [items] of a quiet line
 * @property {{ join: Set<string>, leave: Set<string> }} [names] of a quiet line: who came and who went
 * @property {boolean} [first] of its group
 * @property {boolean} [last]
 * @property {Date} [date] of a day
 * @property {boolean} [isLoose] stands for what comes in between it and the next row, so it is no hold for the reader's eye
 */

/**
 * @typedef {object} State
 * @property {'more' | 'loading' | 'failed' | 'none'} [older] messages than those shown
 * @property {number | null} [newFrom] the seq of the first new message
 * @property {{ from: number, failed: boolean } | null} [gap] messages from number `from` on are being loaded
 * @property {boolean} [isEmpty] the beginning is told elsewhere
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
    /** Of how many confirmed items the rows were made at the last call. */
    #items = 0;
    #state = null;
    /** The first row that was taken away or added in this call. */
    #changed = 0;
    #hasMarker = false;
    #hasGap = false;
    /** That of the last item. */
    #day = null;

    /** @returns {readonly Row[]} all of them; always the same array */
    get all() {
        return this.#rows;
    }

    /**
     * Makes the rows what these items and this state ask for.
     * @param {readonly import('./timeline.js').Item[]} confirmed
     * @param {number} from the place of the first of them that is not as it was at the last call
     * @param {readonly import('./timeline.js').Item[]} unconfirmed shown behind them
     * @param {State} state
     * @returns {number} how many rows, counted from the first one, are still the same objects; the last one of these may
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

    /** Takes away what was made of the items from `place` on. */
    #cut(place, items) {
        while (this.#rows.length > 0 && this.#rows.at(-1).place >= place) this.#pop();
        const last = this.#rows.at(-1);
        // A line of many comings that reaches beyond the cut is made anew.
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
