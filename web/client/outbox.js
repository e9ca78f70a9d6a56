// Messages (`send`) and changes of name or color (`join`) that the server has not answered yet, in the order in which
// the caller added them. It decides which one is sent next; it does no I/O, and the caller passes the time in.
//
// The server handles the events of one connection in order, so several may be in flight. Only a temporary refusal (flood
// limit, store) lets later events overtake the refused one: from then on they are sent one by one, until none waits.
import { randomId } from './text.js';

/**
 * @typedef {object} Entry
 * @property {'send' | 'join'} kind
 * @property {string} id
 * @property {string | null} [name] for a message the name it was sent under, null before that; for a join the new name,
 *     undefined until it is sent if the name does not change
 * @property {string} [text] of a message
 * @property {string | null} [color] of a join, undefined until it is sent if the color does not change
 * @property {'leave' | 'join' | null} [step] of a join: the event that was sent last
 * @property {boolean} [isUnsure] of a join: the lost connection may have carried it out
 * @property {boolean} [isInFlight]
 * @property {number} [sentAt]
 * @property {number} [failures] how often it was refused for a while
 * @property {Promise<any>} [acked]
 * @property {(answer?: any) => void} [resolve]
 * @property {(error: Error) => void} [reject]
 */

export class Outbox {
    /** By id, in order. @type {Map<string, Entry>} */
    #entries = new Map();
    #maxInFlight;
    #inFlight = 0;
    #isOneByOne = false;
    #heldUntil = 0;

    constructor(maxInFlight) {
        this.#maxInFlight = maxInFlight;
    }

    get size() {
        return this.#entries.size;
    }

    get(id) {
        return this.#entries.get(id);
    }

    /** Adds an entry; `acked` becomes the promise of its answer. @param {Entry} entry */
    add(entry) {
        entry.isInFlight = false;
        entry.failures = 0;
        entry.acked = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
        entry.acked.catch(() => {}); // the caller may ignore it
        this.#entries.set(entry.id, entry);
        return entry;
    }

    /**
     * The entry that may be sent at `time`, or null. While the server refuses the name (`isNameless`), only a join may.
     * While it may still refuse the name (`isUnconfirmed`), one at a time: if the name became free between two messages,
     * the server would refuse the first and accept the second. A join waits for the answers to everything before it,
     * because those messages belong to the old name.
     */
    next(time, isNameless, isUnconfirmed = false) {
        const maxInFlight = this.#isOneByOne || isUnconfirmed ? 1 : this.#maxInFlight;
        if (time < this.#heldUntil || this.#inFlight >= maxInFlight) return null;
        for (const entry of this.#entries.values()) {
            if (entry.isInFlight && entry.kind === 'join') return null;
            if (entry.isInFlight || (isNameless && entry.kind === 'send')) continue;
            return entry.kind === 'send' || isNameless || this.#inFlight === 0 ? entry : null;
        }
        return null;
    }

    sent(entry, time) {
        entry.isInFlight = true;
        entry.sentAt = time;
        this.#inFlight += 1;
    }

    /** The server did not carry it out; it is sent again after `waitMs` at the earliest. */
    putBack(entry, time, waitMs = 0) {
        if (entry.isInFlight) this.#inFlight -= 1;
        entry.isInFlight = false;
        this.hold(time, waitMs);
    }

    hold(time, waitMs) {
        this.#isOneByOne = true;
        this.#heldUntil = Math.max(this.#heldUntil, time + waitMs);
    }

    /** The time in ms until `next` may return an entry again. */
    heldMs(time) {
        return Math.max(0, this.#heldUntil - time);
    }

    /** Removes an entry that was answered. */
    remove(entry) {
        if (!this.#entries.delete(entry.id)) return;
        if (entry.isInFlight) this.#inFlight -= 1;
        if (this.#entries.size === 0) this.#isOneByOne = false;
    }

    /**
     * The connection is lost, so nothing is in flight. A join that was sent gets another id: events that the lost
     * connection has caused may still come, and do not answer the repetition.
     */
    disconnect() {
        for (const entry of this.#entries.values()) {
            entry.isInFlight = false;
            if (entry.kind === 'send' || !entry.step) continue;
            entry.id = randomId();
            entry.isUnsure = true;
        }
        this.#entries = new Map([...this.#entries.values()].map((entry) => [entry.id, entry]));
        this.#inFlight = 0;
        this.#heldUntil = 0;
    }

    /** Whether an entry that was sent before `time` has no answer yet. */
    hasWaitedSince(time) {
        for (const entry of this.#entries.values()) if (entry.isInFlight && entry.sentAt < time) return true;
        return false;
    }

    /** The first change of name or color in the queue, or null. */
    get firstJoin() {
        for (const entry of this.#entries.values()) if (entry.kind === 'join') return entry;
        return null;
    }

    rejectAll(error) {
        for (const entry of this.#entries.values()) entry.reject(error);
        this.#entries.clear();
        this.#inFlight = 0;
    }
}
