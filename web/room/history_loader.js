// Loads the messages that the room view lacks: older ones when the reader scrolls up, and those that were missed while
// the connection was lost for too long. One request of each kind at a time.

const PAGE = 100;
/** If more messages than this are missed, the rest is loaded by scrolling up. */
const GAP_AT_ONCE = 1000;

export class HistoryLoader {
    #connection;
    #timeline;
    #add;
    #changed;
    #gap = null;
    #fillingGap = false;
    /** How often the history was replaced. */
    #resets = 0;

    /** Older messages: `more` exist, are `loading`, or have `failed` to load; or there are `none`. */
    older = 'more';

    /**
     * @param {{ connection: import('../globes.js').RoomConnection, timeline: import('./timeline.js').Timeline,
     *     add: (events: object[]) => void, changed: () => void }} parts `add` adds events of history to the timeline
     */
    constructor({ connection, timeline, add, changed }) {
        this.#connection = connection;
        this.#timeline = timeline;
        this.#add = add;
        this.#changed = changed;
    }

    /** The first missing message, and whether loading has failed; null without a gap. */
    get gap() {
        return this.#gap && { from: this.#gap.from, failed: !this.#fillingGap };
    }

    /** Loads the page before the oldest message, unless there is none or a request is under way. */
    async loadOlder() {
        if (this.older === 'loading' || this.older === 'none') return;
        await this.#load(this.#timeline.oldestSeq || undefined, PAGE);
    }

    /** Loads the newest `limit` messages, if the connection does not send them. */
    async loadNewest(limit) {
        await this.#load(undefined, limit);
    }

    /** Messages `from`..`to` are missing. */
    async missed({ from, to }) {
        this.#gap = { from: Math.min(from, this.#gap?.from ?? from), to: Math.max(to, this.#gap?.to ?? to) };
        await this.fillGap();
    }

    /** Tries again to load the missing messages. */
    async fillGap() {
        if (!this.#gap || this.#fillingGap) return;
        this.#fillingGap = true;
        this.#changed();
        try {
            await this.#readGap();
            this.#gap = null;
        } catch {
            // The row of the gap shows the error and a button; the next connection tries again as well.
        }
        this.#fillingGap = false;
        this.#changed();
    }

    /** The room's history was replaced: removes all messages and loads the newest of the new history. */
    async reset() {
        this.#timeline.forgetBefore(Infinity);
        this.#resets += 1;
        this.#gap = null;
        await this.#load(undefined, PAGE);
    }

    async #load(before, limit) {
        const resets = this.#resets;
        this.older = 'loading';
        this.#changed();
        try {
            const { events, firstSeq } = await this.#connection.history({ before, limit });
            if (resets !== this.#resets) return; // messages of the old history
            this.#add(events);
            this.older = events.length === 0 || this.#timeline.oldestSeq <= firstSeq ? 'none' : 'more';
        } catch {
            if (resets === this.#resets) this.older = 'failed';
        }
        this.#changed();
    }

    // From the newest backwards, so that the messages next to the live ones appear first.
    async #readGap() {
        let loaded = 0;
        const resets = this.#resets;
        while (this.#gap.to >= this.#gap.from) {
            const { events } = await this.#connection.history({ before: this.#gap.to + 1, limit: PAGE });
            if (resets !== this.#resets) return;
            const missing = events.filter(({ seq }) => seq >= this.#gap.from);
            this.#add(missing);
            if (missing.length === 0) return;
            loaded += missing.length;
            this.#gap.to = missing[0].seq - 1;
            if (loaded < GAP_AT_ONCE || this.#gap.to < this.#gap.from) continue;
            this.#timeline.forgetBefore(missing[0].seq);
            this.older = 'more';
            return;
        }
    }
}
