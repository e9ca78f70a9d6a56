// What a connection keeps in the caller's storage (`GlobesOptions.storage`), so that a reloaded page is the same
// participant: the session of its room, and the ids of the messages that it sent. Without storage nothing is kept.
import { parseJson } from './text.js';

export class SessionStore {
    #storage;
    #key;

    /** @param {import('../globes.d.ts').GlobesOptions['storage'] | null} storage */
    constructor(storage, baseUrl, room) {
        this.#storage = storage;
        this.#key = `globes:${baseUrl}:${typeof room === 'object' ? room.id : room}`;
    }

    /** Whether there is a storage at all. */
    get isPresent() {
        return Boolean(this.#storage);
    }

    /** @returns {{ name?: string | null, session?: string }} */
    readSession() {
        return this.#read(this.#key) ?? {};
    }

    writeSession(name, session) {
        // If it fails, a reloaded page is a new participant.
        this.#write(this.#key, { name, session });
    }

    /** Forgets the session, unless another connection has stored its own since. */
    removeSession(session) {
        if (session === null || this.readSession().session !== session) return;
        try {
            this.#storage.removeItem(this.#key);
        } catch {
            // The server does not know it any more anyway.
        }
    }

    // The ids are not part of the session: a participant who leaves and returns still sent the same messages.

    /** @returns {Map<string, string>} names by message id */
    readOwnIds() {
        const entries = this.#read(`own-${this.#key}`);
        const pairs = Array.isArray(entries) ? entries.filter(Array.isArray) : [];
        return new Map(/** @type {[string, string][]} */ (pairs));
    }

    writeOwnIds(entries) {
        // If it fails, a reloaded page shows these messages as those of somebody else.
        this.#write(`own-${this.#key}`, entries);
    }

    #read(key) {
        try {
            return parseJson(this.#storage?.getItem(key) ?? 'null') ?? null;
        } catch {
            return null; // the browser forbids it
        }
    }

    #write(key, value) {
        try {
            this.#storage?.setItem(key, JSON.stringify(value));
        } catch {
            // Full or forbidden.
        }
    }
}
