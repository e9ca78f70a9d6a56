// The listed rooms as far as they were asked for: page by page, all of them for a search, and again to keep the counts
// live. No DOM.

const PAGE = 100;
/** As much as the server gives in one answer. */
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

    /** Whether the server has rooms that were not asked for yet. */
    get hasMore() {
        return this.#hasMore;
    }

    loadMore() {
        return this.#alone(() => this.#load(this.#rooms.length + PAGE));
    }

    loadAll() {
        return this.#alone(() => (this.#hasMore ? this.#load(Infinity) : undefined));
    }

    /** Asks again for what was loaded; rooms that are gone disappear, new ones appear where nothing more is to come. */
    refresh() {
        return this.#alone(() => this.#load(Math.max(PAGE, this.#rooms.length + (this.#hasMore ? 0 : PAGE))));
    }

    // One after the other: an answer of an older question must not overwrite that of a newer one.
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

/** Whether a room's title or description has every word of the query, without regard to case and accents. */
export function matchesQuery(room, query) {
    const text = folded(`${room.title} ${room.description}`);
    return folded(query)
        .split(/\s+/)
        .every((word) => text.includes(word));
}
