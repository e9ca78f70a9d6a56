// The items of a room, in order: messages by `seq`, joins and leaves between them, and at the end the messages that
// were written here and are not confirmed yet. No DOM, no network; the room view adds the events.
//
// A live event costs the same for any number of items: it is added at the end, and `takeChange` returns the first
// change.

/**
 * @typedef {object} Item
 * @property {string} key does not change while a message is sent, confirmed and loaded as history
 * @property {'message' | 'join' | 'leave' | 'reset'} kind `reset`: the room's history was replaced here
 * @property {number} seq of a message; of a join or leave that of the message before it; Infinity if unconfirmed
 * @property {number} line 0 for messages; a counter for joins and leaves, which have no seq
 * @property {string} name
 * @property {string} [color]
 * @property {string} text
 * @property {Date} date
 * @property {boolean} own
 * @property {string} [id]
 * @property {'sending' | 'sent' | 'failed' | null} state of a message that was written here; null for all others
 * @property {Error} [error] why it failed
 */

const before = (one, other) => one.seq < other.seq || (one.seq === other.seq && one.line < other.line);

export class Timeline {
    #items = [];
    #bySeq = new Map();
    #unconfirmed = new Map();
    #lines = 0;
    #changedFrom = 0;

    /** @returns {readonly Item[]} the confirmed items in the order shown; always the same array */
    get confirmed() {
        return this.#items;
    }

    /** @returns {Item[]} the unconfirmed messages in order, which are shown last */
    get unconfirmed() {
        return [...this.#unconfirmed.values()];
    }

    /**
     * The place of the first confirmed item that is new, changed or removed since the last call; the number of items if
     * there is none.
     */
    takeChange() {
        const from = Math.min(this.#changedFrom, this.#items.length);
        this.#changedFrom = Infinity;
        return from;
    }

    /** Whether there is any message, confirmed or not. */
    get hasMessages() {
        return this.#bySeq.size > 0 || this.#unconfirmed.size > 0;
    }

    /** The smallest and the largest `seq` of a message; 0 without messages. */
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
     * Adds an event, live or from history, in any order; repeated events are ignored.
     * @param {object} event of the protocol
     * @param {boolean} own whether it was sent here
     * @returns {Item | null} the item if it was not shown before; null if it was, also unconfirmed
     */
    add(event, own) {
        if (event.event_type !== 'send') return this.#addPresence(event, own);
        if (this.#bySeq.has(event.seq)) {
            // It was confirmed by its ack, with the time of this machine. Everybody sees the server's time.
            const known = this.#bySeq.get(event.seq);
            known.date = new Date(event.time);
            this.#changed(this.#placeOf(known));
            return null;
        }
        // Others see the ids of this user, and may use them too.
        const written = own ? this.#take(event.id) : undefined;
        const item = written ?? { key: `seq:${event.seq}`, kind: 'message', line: 0, own, id: event.id, state: null };
        const { seq, name, color, msg: text, time } = event;
        Object.assign(item, { seq, name, color, text, date: new Date(time) });
        if (written) item.state = 'sent';
        this.#insert(item);
        return written ? null : item;
    }

    /** Adds a message that was just written here. */
    addUnconfirmed({ id, name, color, text, date = new Date() }) {
        const item = { key: `id:${id}`, kind: 'message', seq: Infinity, line: 0, own: true, state: 'sending', id, name, color, text, date };
        this.#unconfirmed.set(id, item);
        return item;
    }

    /**
     * The server has stored it as number `seq`. Its event may come before or after this, or never on this connection.
     */
    confirm(id, seq) {
        const item = this.#take(id);
        if (!item || this.#bySeq.has(seq)) return;
        Object.assign(item, { seq, state: 'sent' });
        this.#insert(item);
    }

    /** Changes the state of an unconfirmed message, if there is one with this id. */
    mark(id, state, error) {
        const item = this.#unconfirmed.get(id);
        if (item) Object.assign(item, { state, error });
    }

    /** Removes an unconfirmed message. @returns {Item | undefined} */
    discard(id) {
        return this.#take(id);
    }

    /** Removes everything before message `seq`; its messages can be added again as history. */
    forgetBefore(seq) {
        const kept = this.#items.findIndex((item) => item.seq >= seq);
        this.#forget(kept < 0 ? this.#items.length : kept);
    }

    /** Removes all but the newest `count` confirmed items. @returns {boolean} whether that removed messages */
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
        // Almost always at the end. Pages of history are in ascending order, so each item is next to the one before.
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
