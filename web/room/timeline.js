// What is shown of a room, in order: messages by `seq`, the quiet lines of who came and went where they happened, and at
// the end what was written here and is not confirmed yet. No DOM, no network; the room view feeds it.
//
// A live event costs the same whatever is kept: it is put at the end, and `takeChange` says from where on something is new.

/**
 * @typedef {object} Item
 * @property {string} key stays the same from the first try to send a message until it is history
 * @property {'message' | 'join' | 'leave' | 'reset'} kind `reset`: the room's history was replaced here
 * @property {number} seq of a message; of a quiet line that of the message before it; Infinity while unconfirmed
 * @property {number} line 0 for messages; counts the quiet lines, which have no seq of their own
 * @property {string} name
 * @property {string} [color]
 * @property {string} text
 * @property {Date} date
 * @property {boolean} own
 * @property {string} [id]
 * @property {'sending' | 'sent' | 'failed' | null} state of what was written here; null for everything else
 * @property {Error} [error] why it failed
 */

const before = (one, other) => one.seq < other.seq || (one.seq === other.seq && one.line < other.line);

export class Timeline {
    #items = [];
    #bySeq = new Map();
    #unconfirmed = new Map();
    #lines = 0;
    #changedFrom = 0;

    /** @returns {readonly Item[]} all but what is unconfirmed, in the order in which they are shown; always the same array */
    get confirmed() {
        return this.#items;
    }

    /** @returns {Item[]} what was written here and is not confirmed, in order; it is shown behind everything else */
    get unconfirmed() {
        return [...this.#unconfirmed.values()];
    }

    /** The place of the first confirmed item that is new, changed or gone since the last call; their number where none is. */
    takeChange() {
        const from = Math.min(this.#changedFrom, this.#items.length);
        this.#changedFrom = Infinity;
        return from;
    }

    /** Whether there is any message, confirmed or not. */
    get hasMessages() {
        return this.#bySeq.size > 0 || this.#unconfirmed.size > 0;
    }

    /** The smallest and largest `seq` of a message; 0 where there is none. */
    get oldestSeq() {
        return this.#items.find((item) => item.kind === 'message')?.seq ?? 0;
    }

    get newestSeq() {
        return this.#items.at(-1)?.seq ?? 0;
    }

    get size() {
        return this.#items.length + this.#unconfirmed.size;
    }

    has(seq) {
        return this.#bySeq.has(seq);
    }

    /**
     * Takes an event, live or from history, in any order and as often as it comes.
     * @param {object} event of the wire
     * @param {boolean} own it was sent here
     * @returns {Item | null} the item where it is new to the eye; null where it was there, also unconfirmed
     */
    add(event, own) {
        if (event.event_type !== 'send') return this.#addPresence(event, own);
        if (this.#bySeq.has(event.seq)) {
            // Confirmed by its ack, with the time of this machine: the server's is the one that everybody sees.
            const known = this.#bySeq.get(event.seq);
            known.date = new Date(event.time);
            this.#changed(this.#placeOf(known));
            return null;
        }
        // Others see our ids and may use them too.
        const written = own ? this.#take(event.id) : undefined;
        const item = written ?? { key: `seq:${event.seq}`, kind: 'message', line: 0, own, id: event.id, state: null };
        const { seq, name, color, msg: text, time } = event;
        Object.assign(item, { seq, name, color, text, date: new Date(time) });
        if (written) item.state = 'sent';
        this.#insert(item);
        return written ? null : item;
    }

    /** What was just written here. */
    addUnconfirmed({ id, name, color, text, date = new Date() }) {
        const item = { key: `id:${id}`, kind: 'message', seq: Infinity, line: 0, own: true, state: 'sending', id, name, color, text, date };
        this.#unconfirmed.set(id, item);
        return item;
    }

    /** The server has it, as number `seq`; its event may have come before, or come later, or never (another connection's). */
    confirm(id, seq) {
        const item = this.#take(id);
        if (!item || this.#bySeq.has(seq)) return;
        Object.assign(item, { seq, state: 'sent' });
        this.#insert(item);
    }

    /** Changes the state of what is unconfirmed; nothing where it is confirmed or gone. */
    mark(id, state, error) {
        const item = this.#unconfirmed.get(id);
        if (item) Object.assign(item, { state, error });
    }

    /** Takes back what is unconfirmed. @returns {Item | undefined} */
    discard(id) {
        return this.#take(id);
    }

    /** Drops everything before message `seq`; messages can come back as history. */
    forgetBefore(seq) {
        const kept = this.#items.findIndex((item) => item.seq >= seq);
        this.#forget(kept < 0 ? this.#items.length : kept);
    }

    /** Drops all but the newest `count`, confirmed ones. @returns {boolean} whether messages were among those dropped */
    forgetAllBut(count) {
        const messages = this.#bySeq.size;
        this.#forget(Math.max(0, this.#items.length - count));
        return this.#bySeq.size < messages;
    }

    #forget(count) {
        for (const item of this.#items.splice(0, count)) if (item.kind === 'message') this.#bySeq.delete(item.seq);
        if (count > 0) this.#changed(0);
    }

    #changed(place) {
        this.#changedFrom = Math.min(this.#changedFrom, place);
    }

    #take(id) {
        const item = this.#unconfirmed.get(id);
        this.#unconfirmed.delete(id);
        return item;
    }

    #addPresence(event, own) {
        this.#lines += 1;
        const item = {
            key: `line:${this.#lines}`,
            kind: event.event_type,
            seq: event.seq ?? this.newestSeq,
            line: this.#lines,
            name: event.name,
            color: event.color,
            text: '',
            date: new Date(event.time),
            own,
            state: null,
        };
        this.#insert(item);
        return item;
    }

    #insert(item) {
        if (item.kind === 'message') this.#bySeq.set(item.seq, item);
        let place = this.#items.length;
        // Almost always at the end; pages of history come in ascending order, so each finds its place beside the last.
        if (place > 0 && before(item, this.#items[place - 1])) place = this.#placeOf(item);
        this.#items.splice(place, 0, item);
        this.#changed(place);
    }

    #placeOf(item) {
        let low = 0;
        let high = this.#items.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (before(this.#items[middle], item)) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
