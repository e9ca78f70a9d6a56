// What this browser stores. Permanently: name, color, language, notifications, and the rooms made here. Until the tab
// is closed: the identity in each room, with its token. If the browser forbids storage, all is kept in memory.

const PREFIX = 'globes.';

/** The storage that `open` returns, or null if the browser forbids it. */
export function storageOrNull(open) {
    try {
        return open();
    } catch {
        return null;
    }
}

class JsonStorage {
    #storage;
    #fallback = new Map();

    constructor(open) {
        this.#storage = storageOrNull(open);
    }

    read(key) {
        try {
            return JSON.parse(this.#fallback.get(key) ?? this.#storage?.getItem(PREFIX + key) ?? 'null');
        } catch {
            return null;
        }
    }

    write(key, value) {
        const text = JSON.stringify(value);
        try {
            if (value === null) this.#storage.removeItem(PREFIX + key);
            else this.#storage.setItem(PREFIX + key, text);
            this.#fallback.delete(key);
        } catch {
            // Full or forbidden: the value in memory replaces the stored one.
            this.#fallback.set(key, text);
        }
    }
}

export class Preferences {
    #local = new JsonStorage(() => window.localStorage);
    #session = new JsonStorage(() => window.sessionStorage);

    get name() {
        return this.#local.read('name') ?? '';
    }

    get color() {
        return this.#local.read('color') ?? '';
    }

    rememberPerson({ name, color }) {
        this.#local.write('name', name);
        this.#local.write('color', color);
    }

    get language() {
        return this.#local.read('language');
    }

    set language(language) {
        this.#local.write('language', language);
    }

    get notifies() {
        return this.#local.read('notify') === true;
    }

    set notifies(wanted) {
        this.#local.write('notify', wanted);
    }

    /**
     * The identity in a room. It is stored under `seat.…`, the name that older versions of the page have used.
     * @returns {{ name: string, color: string, token: string | null } | null}
     */
    roomIdentity(roomId) {
        return this.#session.read(`seat.${roomId}`);
    }

    setRoomIdentity(roomId, { name, color, token }) {
        this.#session.write(`seat.${roomId}`, { name, color, token });
    }

    clearRoomIdentity(roomId) {
        this.#session.write(`seat.${roomId}`, null);
    }

    /** Stores messages that could not be sent, until the user is back in the room. An empty list removes them. */
    keepUnsent(roomId, { name, messages }) {
        this.#session.write(`unsent.${roomId}`, messages.length > 0 ? { name, messages } : null);
    }

    /**
     * The messages that were stored for a room; removes them.
     * @returns {{ name: string, messages: { id: string, text: string }[] } | null}
     */
    takeUnsent(roomId) {
        const unsent = this.#session.read(`unsent.${roomId}`);
        this.#session.write(`unsent.${roomId}`, null);
        return unsent;
    }

    /** The ids of the rooms made in this browser. */
    get madeRooms() {
        return Object.keys(this.#made).map(Number);
    }

    /** Whether the room was made here, so that it may be changed here, with the owner's token if it has an owner. */
    hasMade(roomId) {
        return roomId in this.#made;
    }

    ownerToken(roomId) {
        return this.#made[roomId] || null;
    }

    rememberMade(roomId, ownerToken) {
        this.#local.write('made', { ...this.#made, [roomId]: ownerToken ?? '' });
    }

    forgetMade(roomId) {
        const { [roomId]: _, ...others } = this.#made;
        this.#local.write('made', others);
    }

    get #made() {
        return this.#local.read('made') ?? {};
    }
}
