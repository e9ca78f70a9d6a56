// The client of a Globes server: rooms, tokens, history, and chat that survives bad networks.
//
// This is the module that others import, for browsers and for Node from 20 on; its parts are in the folder client.
// Servers and the npm package deliver it in one file without dependencies (docs/adr/0007-embedded-site.md). Types and
// contracts are in globes.d.ts, the protocol is in docs/protocol.md.
import { FOREIGN, UnavailableError } from './client/errors.js';
import { Rest, checkedBase, isDone, isHistory, isRoom, isRoomList, isTokenAnswer, roomPath } from './client/rest.js';
import { RoomConnection } from './client/room_connection.js';
import { readToken, tokenText } from './client/token.js';

export {
    ConnectionError,
    DuplicateError,
    GlobesError,
    InvalidContentError,
    InvalidTokenError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    RewoundError,
    UnauthorizedError,
    UnavailableError,
} from './client/errors.js';
export { DEFAULT_LIMITS } from './client/limits.js';
export { RoomConnection };

/** The folder of the server that this module was loaded from; the page's origin if the module is part of another script. */
function ownServer() {
    const url = new URL(import.meta.url);
    const isServed = /^https?:$/.test(url.protocol) && url.pathname.endsWith('/globes.js');
    return isServed ? new URL('.', url) : globalThis.location?.origin;
}

/** One server: its rooms, tokens and history over REST, and connections to its rooms. */
export class Globes {
    #rest;

    /**
     * @param {string | URL} [baseUrl] where the server is; default: where this module was loaded from
     * @param {import('./globes.d.ts').GlobesOptions} [options]
     */
    constructor(baseUrl = ownServer(), { fetch = globalThis.fetch, WebSocket, storage = null } = {}) {
        this.baseUrl = checkedBase(baseUrl);
        this.#rest = new Rest(this.baseUrl, fetch);
        const WebSocketClass = WebSocket ?? globalThis.WebSocket;

        /** @type {import('./globes.d.ts').Globes['rooms']} */
        this.rooms = {
            list: ({ limit, after } = {}) => this.#rest.request('GET', '', isRoomList, { query: { limit, after } }),
            listAll: () => this.#listAll(),
            get: async (room, { token } = {}) => this.#rest.request('GET', `/${roomPath(room)}`, isRoom, { token }),
            create: (room) =>
                this.#rest.request('POST', '', isRoom, { body: { ...room, visibility: room?.visibility ?? 'public' } }),
            update: async (room, changes, { token } = {}) =>
                this.#rest.request('PUT', `/${roomPath(room)}`, isRoom, { body: changes, token }),
            remove: async (room, { token } = {}) => {
                await this.#rest.request('DELETE', `/${roomPath(room)}`, isDone, { token });
            },
        };
        /** @type {import('./globes.d.ts').Globes['tokens']} */
        this.tokens = {
            read: (token) => readToken(tokenText(token)).token,
            request: async (room, { name, secret }) => {
                const path = `/${roomPath(room)}/token`;
                const answer = await this.#rest.request('POST', path, isTokenAnswer, { body: { name, secret } });
                return answer.token ? readToken(answer.token).token : null;
            },
            renew: async (room, token) => {
                const path = `/${roomPath(room)}/token/renew`;
                const answer = await this.#rest.request('GET', path, isTokenAnswer, { token });
                return answer.token ? readToken(answer.token).token : null;
            },
            endOwnerTokens: async (room, token) => {
                const isToken = (answer) => isTokenAnswer(answer) && answer.token !== undefined;
                const answer = await this.#rest.request('DELETE', `/${roomPath(room)}/token`, isToken, { token });
                return readToken(answer.token).token;
            },
        };
        /** @type {import('./globes.d.ts').Globes['history']} */
        this.history = async (room, { before, after, at, limit, token } = {}) => {
            const query = { before, after, at, limit };
            return this.#rest.request('GET', `/${roomPath(room)}/events`, isHistory, { query, token });
        };
        /** @type {import('./globes.d.ts').Globes['connect']} */
        this.connect = (room, options = {}) => {
            if (!WebSocketClass) throw new TypeError('No WebSocket here: pass one to the constructor of Globes');
            return new RoomConnection({ globes: this, WebSocketClass, storage, room, ...options });
        };
    }

    async *#listAll() {
        for (let after = 0; ; ) {
            const page = await this.rooms.list({ limit: 1000, after });
            if (page.length === 0) return;
            yield* page;
            const { id } = page.at(-1);
            // A cache that ignores the query would send the same page forever.
            if (id <= after) throw new UnavailableError(FOREIGN);
            after = id;
        }
    }
}
