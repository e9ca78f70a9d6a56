// What this browser remembers. For good: name, colour, language, notifications, and the rooms made here. Until the tab
// is closed: who one is in each room, with the token. Where storage is refused, everything is kept for this page alone.

const PREFIX = 'globes.';

/** What `open` opens, or null where the browser refuses it. */
export function storageOrNull(open) {
    try {
        return open();
    } catch {
        return null;
    }
}

class Shelf {
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
            // Full or forbidden. What is stored is out of date then.
            this.#fallback.set(key, text);
        }
    }
}

export class Keep {
    #lasting = new Shelf(() => window.localStorage);
    #passing = new Shelf(() => window.sessionStorage);

    get name() {
        return this.#lasting.read('name') ?? '';
    }

    get color() {
        return this.#lasting.read('color') ?? '';
    }

    rememberPerson({ name, color }) {
        this.#lasting.write('name', name);
        this.#lasting.write('color', color);
    }

    get language() {
        return this.#lasting.read('language');
    }

    set language(language) {
        this.#lasting.write('language', language);
    }

    get notifies() {
        return this.#lasting.read('notify') === true;
    }

    set notifies(wanted) {
        this.#lasting.write('notify', wanted);
    }

    /**
     * Who one is in a room.
     * @returns {{ name: string, color: string, token: string | null } | null}
     */
    seat(roomId) {
        return this.#passing.read(`seat.${roomId}`);
    }

    takeSeat(roomId, { name, color, token }) {
        this.#passing.write(`seat.${roomId}`, { name, color, token });
    }

    leaveSeat(roomId) {
        this.#passing.write(`seat.${roomId}`, null);
    }

    /** Messages that could not be sent, for when one is back in the room; none forgets them. */
    keepUnsent(roomId, { name, messages }) {
        this.#passing.write(`unsent.${roomId}`, messages.length > 0 ? { name, messages } : null);
    }

    /**
     * What was kept, once.
     * @returns {{ name: string, messages: { id: string, text: string }[] } | null}
     */
    takeUnsent(roomId) {
        const unsent = this.#passing.read(`unsent.${roomId}`);
        this.#passing.write(`unsent.${roomId}`, null);
        return unsent;
    }

    /** The ids of the rooms made in this browser. */
    get madeRooms() {
        return Object.keys(this.#made).map(Number);
    }

    /** Made here, so it may be changed here, with the owner's token where there is one. */
    hasMade(roomId) {
        return roomId in this.#made;
    }

    ownerToken(roomId) {
        return this.#made[roomId] || null;
    }

    rememberMade(roomId, ownerToken) {
        this.#lasting.write('made', { ...this.#made, [roomId]: ownerToken ?? '' });
    }

    forgetMade(roomId) {
        const { [roomId]: _, ...others } = this.#made;
        this.#lasting.write('made', others);
    }

    get #made() {
        return this.#lasting.read('made') ?? {};
    }
}
