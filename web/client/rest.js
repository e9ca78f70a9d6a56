// Requests to the REST API of one server, and the checks of its answers.
import { ConnectionError, FOREIGN, InvalidContentError, UnavailableError, errorOf } from './errors.js';
import { parseJson } from './text.js';
import { readToken, tokenText } from './token.js';

const REQUEST_TIMEOUT_MS = 20_000;
const MAX_PROXY_WAIT_MS = 60_000; // after an answer that is not the server's own

/** The id or the title of a room that is given as a RoomRef. */
export function refOf(room) {
    const ref = typeof room === 'object' ? room?.id : room;
    if (typeof ref === 'number' || typeof ref === 'string') return ref;
    throw new InvalidContentError('A room is given by its id, its title, or as an object with its id', { field: 'room' });
}

export const roomPath = (room) => encodeURIComponent(refOf(room));

// Checks of the server's answers by their shape: a proxy may answer in its place, with any status and any body.

export const isRoom = (room) => Number.isSafeInteger(room?.id) && typeof room.visibility === 'string';
export const isRoomList = (list) => Array.isArray(list) && list.every(isRoom);
export const isDone = (answer) => answer?.status === true;
export const isHistory = (page) =>
    Number.isSafeInteger(page?.last_seq) &&
    Array.isArray(page.events) &&
    page.events.every((event) => Number.isSafeInteger(event?.seq));
const isRefusal = (answer) => answer?.status === false && Number.isInteger(answer.error?.code);

export function isTokenAnswer(answer) {
    if (!isDone(answer)) return false;
    if (answer.token === undefined) return true; // a public room needs no token
    try {
        return readToken(answer.token) !== null;
    } catch {
        return false;
    }
}

/** `baseUrl` without a slash at its end. Throws an InvalidContentError if requests or WebSockets could not use it. */
export function checkedBase(baseUrl) {
    const refuse = (why, cause) => new InvalidContentError(`The base URL ${why}`, { field: 'baseUrl', cause });
    let url;
    try {
        url = new URL(baseUrl);
    } catch (cause) {
        throw refuse('is invalid', cause);
    }
    if (!/^https?:$/.test(url.protocol)) throw refuse('must begin with http:// or https://');
    // URL drops an empty query or hash, but its ? or # stays in the text.
    if (/[?#]/.test(url.href) || url.username || url.password) throw refuse('must have no query, hash or credentials');
    return url.href.replace(/\/+$/, '');
}

export class Rest {
    #fetch;
    #baseUrl;

    constructor(baseUrl, fetch) {
        this.#baseUrl = baseUrl;
        this.#fetch = (...request) => fetch(...request);
    }

    /**
     * Sends one request and returns the JSON of a successful answer; rejects with a GlobesError.
     * @param {string} method
     * @param {string} path below /chats
     * @param {(answer: any) => boolean} isAnswer whether a body is what the server sends on success
     * @param {{ query?: object, body?: object, token?: object | string | null }} [options]
     * @returns {Promise<any>}
     */
    async request(method, path, isAnswer, { query = {}, body, token } = {}) {
        const parameters = Object.entries(query).filter(([, value]) => value !== undefined);
        const search = parameters.length ? `?${new URLSearchParams(parameters)}` : '';
        /** @type {Record<string, string>} */
        const headers = { Accept: 'application/json' };
        if (tokenText(token)) headers.Authorization = `Bearer ${tokenText(token)}`;
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        let response;
        let text;
        try {
            response = await this.#fetch(`${this.#baseUrl}/chats${path}${search}`, {
                method,
                headers,
                body: body === undefined ? undefined : JSON.stringify(body),
                cache: 'no-store',
                credentials: 'omit',
                signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
            });
            text = await response.text();
        } catch (cause) {
            throw new ConnectionError('The server cannot be reached', { cause });
        }
        return readAnswer(response, text, isAnswer);
    }
}

function readAnswer(response, text, isAnswer) {
    const json = parseJson(text);
    if (response.ok && isAnswer(json)) return json;
    const seconds = response.headers.get('Retry-After');
    const more = { status: response.status, retryAfterMs: /^\d{1,9}$/.test(seconds) ? seconds * 1000 : null };
    if (!response.ok && isRefusal(json)) throw errorOf(json.error, more);
    // A proxy may ask for a wait of hours, for its own reasons.
    if (more.retryAfterMs > MAX_PROXY_WAIT_MS) more.retryAfterMs = MAX_PROXY_WAIT_MS;
    throw new UnavailableError(FOREIGN, more);
}
