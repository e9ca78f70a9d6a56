// The ids of the messages that were sent here, each with the name that it was sent under. Neither alone proves that a
// message is one's own: somebody else may have had the name before, and everybody in the room sees the id.

const MAX_SENT = 1000; // beside those that wait to be sent

export class OwnMessages {
    #store;
    #max;
    #names = new Map();
    #isWriting = false;

    /** @param {import('./session_store.js').SessionStore} store */
    constructor(store, name, maxQueued) {
        this.#store = store;
        this.#max = MAX_SENT + maxQueued;
        for (const [id, owner] of store.readOwnIds()) if (owner === name) this.#names.set(id, owner);
    }

    has({ id, name }) {
        return this.#names.has(id) && this.#names.get(id) === name;
    }

    add(id, name) {
        if (this.#names.get(id) === name) return;
        this.#names.set(id, name);
        if (this.#names.size > this.#max) this.#names.delete(this.#names.keys().next().value);
        this.#write();
    }

    /** Writes once for all messages of one task, together with those that other connections of the page have stored. */
    #write() {
        if (this.#isWriting || !this.#store.isPresent) return;
        this.#isWriting = true;
        queueMicrotask(() => {
            this.#isWriting = false;
            const all = [...new Map([...this.#store.readOwnIds(), ...this.#names])];
            this.#store.writeOwnIds(all.slice(-this.#max));
        });
    }
}
