// The listed rooms that were requested so far: page by page, all of them for a search, and again to update the counts.
// It does not use the DOM.

const PAGE = 100;
/** The most rooms in one answer of the server. */
const MOST_AT_ONCE = 1000;

export class RoomList {
    #globes;
    #rooms = [];
    #hasMore = true;
    #loading = null;

    constructor(globes) {
        this.#globes = globes;
    }

    /** In ascending order of id. */
    get rooms() {
        return this.#rooms;
    }

    /** Whether the server has more rooms. */
    get hasMore() {
        return this.#hasMore;
    }

    loadMore() {
        return this.#alone(() => this.#load(this.#rooms.length + PAGE));
    }

    loadAll() {
        return this.#alone(() => (this.#hasMore ? this.#load(Infinity) : undefined));
    }

    /** Requests the loaded rooms again: deleted ones disappear, and new ones appear if the list was complete. */
    refresh() {
        return this.#alone(() => this.#load(Math.max(PAGE, this.#rooms.length + (this.#hasMore ? 0 : PAGE))));
    }

    // One request at a time: the answer to an older request must not replace that to a newer one.
    #alone(task) {
        const next = (this.#loading ?? Promise.resolve()).then(task, task);
        this.#loading = next;
        return next;
    }

    async #load(count) {
        const rooms = [];
        while (rooms.length < count) {
            const limit = Math.min(count - rooms.length, MOST_AT_ONCE);
            const page = await this.#globes.rooms.list({ limit, after: rooms.at(-1)?.id ?? 0 });
            rooms.push(...page);
            if (page.length < limit) {
                this.#hasMore = false;
                this.#rooms = rooms;
                return;
            }
        }
        this.#hasMore = true;
        this.#rooms = rooms;
    }
}

const DIACRITICS = /\p{Mn}/gu;

function folded(text) {
    return text.normalize('NFKD').replace(DIACRITICS, '').toLowerCase();
}

/** Whether title and description contain every word of the query, ignoring case and accents. */
export function matchesQuery(room, query) {
    const text = folded(`${room.title} ${room.description}`);
    return folded(query)
        .split(/\s+/)
        .every((word) => text.includes(word));
}
