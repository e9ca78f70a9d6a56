// Fetches what the room view lacks: older messages when the reader nears the oldest one shown, and what was missed while the
// connection was away too long to be resumed. One request at a time of each kind.

const PAGE = 100;
/** More than so many missed messages are left to be loaded by scrolling up, like any older ones. */
const GAP_AT_ONCE = 1000;

export class HistoryLoader {
    #connection;
    #timeline;
    #add;
    #changed;
    #gap = null;
    #fillingGap = false;
    /** How often the history was replaced by another one. */
    #resets = 0;

    /** `more`: there are older ones; `loading` and `failed` too; `none`: all are shown. */
    older = 'more';

    /**
     * @param {{ connection: import('../globes.js').RoomConnection, timeline: import('./timeline.js').Timeline,
     *     add: (events: object[]) => void, changed: () => void }} parts `add` puts events of history into the timeline
     */
    constructor({ connection, timeline, add, changed }) {
        this.#connection = connection;
        this.#timeline = timeline;
        this.#add = add;
        this.#changed = changed;
    }

    /** What is missing from number `from` on, and whether fetching it failed; null where nothing is. */
    get gap() {
        return this.#gap && { from: this.#gap.from, failed: !this.#fillingGap };
    }

    /** Loads the page before the oldest message shown. Does nothing where there is none, or while one is on its way. */
    async loadOlder() {
        if (this.older === 'loading' || this.older === 'none') return;
        await this.#load(this.#timeline.oldestSeq || undefined, PAGE);
    }

    /** Loads the newest `limit` messages, where the connection brings none by itself. */
    async loadNewest(limit) {
        await this.#load(undefined, limit);
    }

    /** Messages `from`..`to` are missing. */
    async missed({ from, to }) {
        this.#gap = { from: Math.min(from, this.#gap?.from ?? from), to: Math.max(to, this.#gap?.to ?? to) };
        await this.fillGap();
    }

    /** Tries again what is missing. */
    async fillGap() {
        if (!this.#gap || this.#fillingGap) return;
        this.#fillingGap = true;
        this.#changed();
        try {
            await this.#readGap();
            this.#gap = null;
        } catch {
            // Said by the row of the gap, which offers another try; the next connection makes one too.
        }
        this.#fillingGap = false;
        this.#changed();
    }

    /** All that is shown goes, as the room's history is another one, and what that one holds is loaded. */
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
            if (resets !== this.#resets) return; // of the history before
            this.#add(events);
            this.older = events.length === 0 || this.#timeline.oldestSeq <= firstSeq ? 'none' : 'more';
        } catch {
            if (resets === this.#resets) this.older = 'failed';
        }
        this.#changed();
    }

    // From the newest backwards, so that what stands next to the live messages is there first.
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
