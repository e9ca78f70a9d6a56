// The client of a Globes server: rooms, tokens, history, and chat that survives bad networks.
//
// One module without dependencies, for browsers and for Node from 20 on; copy it, or import it from any Globes server.
// Types and contracts are in globes.d.ts, the protocol is in docs/protocol.md. From top to bottom: errors, limits,
// REST, what waits to be answered (`Pacer`, `Outbox`), the token of a connection (`TokenKeeper`), and the connection
// itself.

// --- errors ----------------------------------------------------------------------------------------------------------

// Each class states its name as a string: a server serves this module with shortened identifiers.
export class GlobesError extends Error {
    name = 'GlobesError';
    constructor(message, { code = null, status = null, field = null, retryAfterMs = null, msg = null, cause } = {}) {
        super(message, cause === undefined ? undefined : { cause });
        Object.assign(this, { code, status, field, retryAfterMs, msg });
    }
    get isTemporary() {
        return [ConnectionError, UnavailableError, RateLimitedError].includes(this.constructor) && !isFinal(this.closeCode);
    }
}
export class NotFoundError extends GlobesError {
    name = 'NotFoundError';
}
export class UnauthorizedError extends GlobesError {
    name = 'UnauthorizedError';
}
export class InvalidTokenError extends GlobesError {
    name = 'InvalidTokenError';
}
export class InvalidContentError extends GlobesError {
    name = 'InvalidContentError';
}
export class DuplicateError extends GlobesError {
    name = 'DuplicateError';
}
export class RateLimitedError extends GlobesError {
    name = 'RateLimitedError';
}
export class UnavailableError extends GlobesError {
    name = 'UnavailableError';
}
export class RewoundError extends GlobesError {
    name = 'RewoundError';
}
export class QueueFullError extends GlobesError {
    name = 'QueueFullError';
}
export class ConnectionError extends GlobesError {
    name = 'ConnectionError';
    constructor(message, { closeCode = null, ...more } = {}) {
        super(message, more);
        this.closeCode = closeCode;
    }
}

const CLASS_OF_CODE = {
    101: NotFoundError,
    201: NotFoundError,
    501: NotFoundError,
    104: UnauthorizedError,
    204: UnauthorizedError,
    304: UnauthorizedError,
    403: InvalidTokenError,
    103: InvalidContentError,
    105: InvalidContentError,
    203: InvalidContentError,
    303: InvalidContentError,
    102: DuplicateError,
    202: DuplicateError,
    503: RateLimitedError,
    505: UnavailableError,
};

/** The error that the server's `{ code, error, field }` stands for. */
function errorOf({ code, error, field = null }, more = {}) {
    const ErrorClass = more.status === 409 ? RewoundError : (CLASS_OF_CODE[code] ?? GlobesError);
    return new ErrorClass(field === null ? error : `${error} (${field})`, { code, field, ...more });
}

// --- limits ----------------------------------------------------------------------------------------------------------

export const DEFAULT_LIMITS = Object.freeze({
    queuedMessages: 500,
    unackedMessages: 32,
    messagesPerSecond: 15,
    messageBurst: 40,
    backoffBaseMs: 500,
    backoffMaxMs: 30_000,
    quickReconnectMs: 1_000,
    pauseMs: 5_000,
    openTimeoutMs: 10_000,
    ackTimeoutMs: 15_000,
    probeAfterMs: 30_000,
    probeTimeoutMs: 10_000,
    stableAfterMs: 5_000,
});

const REQUEST_TIMEOUT_MS = 20_000;
const MOST_CHARACTERS = 4096; // of a message; the server refuses longer ones
const MOST_NEWEST = 1000; // of ?last=
const MOST_OWN_IDS = 1000; // of messages that are known as one's own, beside those that wait
const MOST_REJOINS = 6; // for a name that was ours, until it counts as taken
const REJOIN_MS = 250; // before the first of these, then twice as long each time
const RETRY_MS = 500; // before a message that the store could not take is sent again, then twice as long each time
const MOST_RETRY_MS = 10_000;
const MOST_PROXY_WAIT_MS = 60_000; // after an answer that is not the server's own
const MOST_TIMER_MS = 2 ** 31 - 1; // what setTimeout takes
const RENEW_AT = [0.75, 0.85]; // of a token's life, at random between the two
const LATE_IN_LIFE = 0.5; // from here on, a reconnect renews the token first

const FOREIGN = 'Something other than Globes has answered';
const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_TOO_MANY_MESSAGES = 4009;
const CLOSE_REPLACED = 4502;
/** Faults of the client's own, which another try would only repeat; and the server's "do not come back". */
const isFinal = (code) => [1003, 1007, 1008, 1009, 1010].includes(code) || (code >= 4500 && code <= 4599);

const now = () => performance.now();

/** As `promise`, or a ConnectionError after `ms`. */
function within(promise, ms) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new ConnectionError('No answer in time')), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const between = (low, high) => low + Math.random() * (high - low);

/** 128 random bits. Not `randomUUID`, which browsers have on https only. */
function randomId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const isNameOrNone = (name) => typeof name === 'string' || (name ?? null) === null;
const noName = () => new InvalidContentError('A name is a text', { field: 'name' });

/** Undefined where it is no JSON. */
function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** Half of a surrogate pair is no text, and JSON that holds one is refused. */
const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, '\ufffd');

// --- rooms, tokens and history, over REST ----------------------------------------------------------------------------

/** The id or the title that `room` stands for. */
function refOf(room) {
    const ref = typeof room === 'object' ? room?.id : room;
    if (typeof ref === 'number' || typeof ref === 'string') return ref;
    throw new InvalidContentError('A room is given by its id, its title, or as an object with its id', { field: 'room' });
}

const roomPath = (room) => encodeURIComponent(refOf(room));
const tokenText = (token) => (token && typeof token === 'object' ? token.token : token || null);

/** What a JWT says of itself; not checked, that is the server's part. */
function readToken(text) {
    try {
        const base64 = text.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const { username, room_id: roomId, exp, iat = Date.now() / 1000 } = JSON.parse(new TextDecoder().decode(bytes));
        // Timers of a life that is no number would fire at once, again and again.
        if (!Number.isFinite(exp - iat)) throw new TypeError('A token says when it expires');
        const token = { token: text, name: username, roomId, expiresAt: new Date(exp * 1000) };
        return { token, issuedMs: iat * 1000, lifeMs: (exp - iat) * 1000 };
    } catch (cause) {
        throw new InvalidTokenError('This is no token', { field: 'token', cause });
    }
}

// What the server answers, by its shape. A proxy may answer in its place with any status and any body of its own.

const isRoom = (room) => Number.isSafeInteger(room?.id) && typeof room.visibility === 'string';
const isRoomList = (list) => Array.isArray(list) && list.every(isRoom);
const isDone = (answer) => answer?.status === true;
const isHistory = (page) => Number.isSafeInteger(page?.last_seq) && Array.isArray(page.events);
const isRefusal = (answer) => answer?.status === false && Number.isInteger(answer.error?.code);

function isTokenAnswer(answer) {
    if (!isDone(answer)) return false;
    if (answer.token === undefined) return true; // a public room needs none
    try {
        return readToken(answer.token) !== null;
    } catch {
        return false;
    }
}

/** The folder of a server that this module was loaded from; the page's own origin where it is part of something else. */
function ownServer() {
    const url = new URL(import.meta.url);
    const isServed = /^https?:$/.test(url.protocol) && url.pathname.endsWith('/globes.js');
    return isServed ? new URL('.', url) : globalThis.location?.origin;
}

/** Whatever requests and WebSockets both take; what does not would only fail later, where nobody looks. */
function checkedBase(baseUrl) {
    const refuse = (why, cause) => new InvalidContentError(`The base URL ${why}`, { field: 'baseUrl', cause });
    let url;
    try {
        url = new URL(baseUrl);
    } catch (cause) {
        throw refuse('is no URL', cause);
    }
    if (!/^https?:$/.test(url.protocol)) throw refuse('must begin with http:// or https://');
    // A lone ? or # is none to URL, but stands in its text.
    if (/[?#]/.test(url.href) || url.username || url.password) throw refuse('is without query, hash and credentials');
    return url.href.replace(/\/+$/, '');
}

/** One server: its rooms, tokens and history over REST, and connections to its rooms. */
export class Globes {
    #fetch;

    /**
     * @param {string | URL} [baseUrl] where the server is; default: where this module came from
     * @param {import('./globes.d.ts').GlobesOptions} [options]
     */
    constructor(baseUrl = ownServer(), { fetch = globalThis.fetch, WebSocket, storage = null } = {}) {
        this.baseUrl = checkedBase(baseUrl);
        this.#fetch = (...request) => fetch(...request);
        const WebSocketClass = WebSocket ?? globalThis.WebSocket;

        /** @type {import('./globes.d.ts').Globes['rooms']} */
        this.rooms = {
            list: ({ limit, after } = {}) => this.#request('GET', '', isRoomList, { query: { limit, after } }),
            listAll: () => this.#listAll(),
            get: async (room, { token } = {}) => this.#request('GET', `/${roomPath(room)}`, isRoom, { token }),
            create: (room) =>
                this.#request('POST', '', isRoom, { body: { ...room, visibility: room?.visibility ?? 'public' } }),
            update: async (room, changes, { token } = {}) =>
                this.#request('PUT', `/${roomPath(room)}`, isRoom, { body: changes, token }),
            remove: async (room, { token } = {}) => {
                await this.#request('DELETE', `/${roomPath(room)}`, isDone, { token });
            },
        };
        /** @type {import('./globes.d.ts').Globes['tokens']} */
        this.tokens = {
            read: (token) => readToken(tokenText(token)).token,
            request: async (room, { name, secret }) => {
                const path = `/${roomPath(room)}/token`;
                const answer = await this.#request('POST', path, isTokenAnswer, { body: { name, secret } });
                return answer.token ? readToken(answer.token).token : null;
            },
            renew: async (room, token) => {
                const path = `/${roomPath(room)}/token/renew`;
                const answer = await this.#request('GET', path, isTokenAnswer, { token });
                return answer.token ? readToken(answer.token).token : null;
            },
        };
        /** @type {import('./globes.d.ts').Globes['history']} */
        this.history = async (room, { before, after, at, limit, token } = {}) =>
            this.#request('GET', `/${roomPath(room)}/events`, isHistory, { query: { before, after, at, limit }, token });
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
            after = page.at(-1).id;
        }
    }

    /** `isAnswer`: whether a body is what the server answers where it did what was asked. */
    async #request(method, path, isAnswer, { query = {}, body, token } = {}) {
        const parameters = Object.entries(query).filter(([, value]) => value !== undefined);
        const search = parameters.length ? `?${new URLSearchParams(parameters)}` : '';
        const headers = { Accept: 'application/json' };
        if (tokenText(token)) headers.Authorization = `Bearer ${tokenText(token)}`;
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        let response;
        let answer;
        try {
            response = await this.#fetch(`${this.baseUrl}/chats${path}${search}`, {
                method,
                headers,
                body: body === undefined ? undefined : JSON.stringify(body),
                cache: 'no-store',
                credentials: 'omit',
                signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
            });
            answer = await response.text();
        } catch (cause) {
            throw new ConnectionError('The server cannot be reached', { cause });
        }
        return readAnswer(response, answer, isAnswer);
    }
}

function readAnswer(response, text, isAnswer) {
    const json = parsed(text);
    if (response.ok && isAnswer(json)) return json;
    const seconds = response.headers.get('Retry-After');
    const more = { status: response.status, retryAfterMs: /^\d{1,9}$/.test(seconds) ? seconds * 1000 : null };
    if (!response.ok && isRefusal(json)) throw errorOf(json.error, more);
    // A proxy may ask for hours, for reasons of its own.
    if (more.retryAfterMs > MOST_PROXY_WAIT_MS) more.retryAfterMs = MOST_PROXY_WAIT_MS;
    throw new UnavailableError(FOREIGN, more);
}

// --- what waits to be answered ---------------------------------------------------------------------------------------

/**
 * A token bucket as the server's flood limit is one, a little tighter. Learns where that is tighter still. It is told
 * the time.
 */
class Pacer {
    #intervalMs;
    #burst;
    #fullAt = 0;
    #slowedAt = -Infinity;

    constructor(perSecond, burst) {
        this.#intervalMs = perSecond > 0 ? 1000 / perSecond : 0;
        this.#burst = burst;
    }

    /** How long until one more frame may go out, in ms. */
    waitMs(time) {
        return Math.max(0, this.#fullAt - this.#intervalMs * (this.#burst - 1) - time);
    }

    take(time) {
        this.#fullAt = Math.max(this.#fullAt, time) + this.#intervalMs;
    }

    /**
     * What went out at `sentAt` was too much, and the server takes one more in `retryAfterMs`. Being refused again and
     * again would end the connection, so from now on there are no bursts, and longer intervals until they are long
     * enough.
     */
    slowDown(time, sentAt, retryAfterMs) {
        if (sentAt < this.#slowedAt) return; // it went out before we knew
        this.#slowedAt = time;
        this.#burst = 1;
        this.#intervalMs = Math.max(this.#intervalMs * 1.5, retryAfterMs);
        this.#fullAt = time + retryAfterMs;
    }
}

/**
 * Messages (`send`) and changes of name or colour (`join`) without an answer yet, in the order in which they were asked
 * for. Says which one goes out next; no I/O, and it is told the time.
 *
 * The server carries out what comes on one connection in order, so many may be on their way at once. Only a refusal for
 * a while (flood, store) lets those overtake that were sent right behind it: from then on they go one by one, until
 * nothing waits any more.
 */
class Outbox {
    #entries = new Map(); // by id, in order
    #window;
    #inFlight = 0;
    #oneByOne = false;
    #heldUntil = 0;

    constructor(window) {
        this.#window = window;
    }

    get size() {
        return this.#entries.size;
    }

    get(id) {
        return this.#entries.get(id);
    }

    /** `entry`: what is asked for; `acked` becomes its promise. */
    add(entry) {
        entry.isInFlight = false;
        entry.failures = 0;
        entry.acked = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
        entry.acked.catch(() => {}); // it need not be looked at
        this.#entries.set(entry.id, entry);
        return entry;
    }

    /**
     * What may go out at `time`, or null. While the name is refused (`isNameless`), nothing but a join may.
     * A join waits until everything before it was answered: the others were said under the name that it changes.
     */
    next(time, isNameless) {
        if (time < this.#heldUntil || this.#inFlight >= (this.#oneByOne ? 1 : this.#window)) return null;
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

    /** It was not carried out and goes out again, after `waitMs` at the earliest. */
    putBack(entry, time, waitMs = 0) {
        if (entry.isInFlight) this.#inFlight -= 1;
        entry.isInFlight = false;
        this.hold(time, waitMs);
    }

    hold(time, waitMs) {
        this.#oneByOne = true;
        this.#heldUntil = Math.max(this.#heldUntil, time + waitMs);
    }

    /** How long until `next` is worth another look, in ms. */
    heldMs(time) {
        return Math.max(0, this.#heldUntil - time);
    }

    /** It was answered. */
    remove(entry) {
        if (!this.#entries.delete(entry.id)) return;
        if (entry.isInFlight) this.#inFlight -= 1;
        if (this.#entries.size === 0) this.#oneByOne = false;
    }

    /** Nothing is on its way any more: the connection is gone. */
    disconnect() {
        for (const entry of this.#entries.values()) entry.isInFlight = false;
        this.#inFlight = 0;
        this.#heldUntil = 0;
    }

    /** Whether one of them has waited for its answer since before `time`. */
    hasWaitedSince(time) {
        for (const entry of this.#entries.values()) if (entry.isInFlight && entry.sentAt < time) return true;
        return false;
    }

    /** The change of name or colour that is first in line, where one is. */
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

// --- the token of a connection ---------------------------------------------------------------------------------------

/** Holds a token and renews it ahead of its expiry; tells of every new one, and of a refusal. */
class TokenKeeper {
    #renewed;
    #refused;
    #request;
    #timer = null;
    // How far into its life the token was when it came, and when that was by both clocks: a device that sleeps may stop
    // the one, and somebody may set the other.
    #ageMs = 0;
    #heldAt = 0;
    #heldOn = 0;
    #lifeMs = 0;
    #dueMs = Infinity; // at this age it is renewed
    #isEnded = false;
    token = null;

    /** `request(token)` asks the server for a new one; `renewed(token)` and `refused(error)` are told. */
    constructor(text, { renews, request, renewed, refused }) {
        this.#request = request;
        this.#renewed = renewed;
        this.#refused = refused;
        this.renews = renews;
        this.#hold(text);
    }

    get text() {
        return this.token?.token ?? null;
    }

    get isLateInLife() {
        return this.renews && this.#age > this.#lifeMs * LATE_IN_LIFE;
    }

    get #age() {
        return this.#ageMs + Math.max(now() - this.#heldAt, Date.now() - this.#heldOn);
    }

    /** Renews it where it is due by now: the timer of a device that slept fires late. */
    look() {
        if (this.#age >= this.#dueMs) this.#renewByItself();
    }

    /** Asks for a new token now; rejects as the request does. A room that became public needs none: then it is kept. */
    async renew() {
        const renewed = await this.#request(this.text);
        if (this.#isEnded || renewed === null) return;
        this.#hold(renewed.token);
        this.#renewed(this.token);
    }

    end() {
        this.#isEnded = true;
        clearTimeout(this.#timer);
    }

    #hold(text) {
        const { token, issuedMs, lifeMs } = readToken(text);
        // Our clock may be wrong: a token that comes from the server now is new, whatever our clock says.
        this.#ageMs = this.token === null ? Math.min(Math.max(Date.now() - issuedMs, 0), lifeMs) : 0;
        this.#heldAt = now();
        this.#heldOn = Date.now();
        this.#lifeMs = lifeMs;
        this.token = token;
        this.#renewIn(lifeMs * between(...RENEW_AT) - this.#ageMs);
    }

    #renewIn(ms) {
        clearTimeout(this.#timer);
        if (!this.renews || this.#isEnded) return;
        this.#dueMs = this.#age + ms;
        this.#timer = setTimeout(() => this.#renewByItself(), Math.min(Math.max(ms, 0), MOST_TIMER_MS));
    }

    async #renewByItself() {
        this.#dueMs = Infinity; // once at a time
        clearTimeout(this.#timer);
        try {
            await this.renew();
        } catch (error) {
            if (this.#isEnded) return;
            if (error instanceof InvalidTokenError || error instanceof NotFoundError) return this.#refused(error);
            // An outage: what is left of its life has room for some more tries.
            this.#renewIn(Math.max(this.#lifeMs * between(0.02, 0.05), error.retryAfterMs ?? 0));
        }
    }
}

// --- chat ------------------------------------------------------------------------------------------------------------

/**
 * One person in one room, for as long as it takes: through losses, restarts and new tokens, until `close()` or a
 * refusal. Tells everything by CustomEvents: state, welcome, event, users, gap, problem, token, closed
 * (`ConnectionEvents` in globes.d.ts).
 */
export class RoomConnection extends EventTarget {
    // What was asked for.
    #globes;
    #WebSocketClass;
    #storage;
    #room;
    #last;
    #limits;
    #renews;
    #newToken;
    #keeper = null;
    // What is shown to the caller.
    #state = 'connecting';
    #retryAt = null;
    #roomId = null;
    #name;
    #color;
    #users = [];
    #seq; // everything up to here was shown; null before the first welcome
    #at; // the time of that event, our proof of which history it is from; null where none was shown
    // The connection of now, and those given up on.
    #socket = null;
    #ghosts = new Set(); // closed only when their successor is welcomed: closing is leaving
    #session = null;
    #tries = 0; // since the last stable connection
    #unlocks = 0; // since the last welcome
    #attempt = 0; // what an earlier attempt learns late is of no interest
    #onlineSince = 0;
    #heardAt = 0;
    #probedAt = null;
    #isFirstOfReplay = false; // of the newest few: the first of them is wherever they begin
    #replayEnd = 0;
    // Name and messages.
    #outbox;
    #pacer;
    #ownIds = new Map(); // of what was sent here, with the name that it was said under
    #isKeepingOwn = false;
    #isJoined = false; // the name is ours, as far as we know
    #wasJoined = false; // and it has been ours for sure
    #joinId = null;
    #rejoins = 0;
    #timers = { retry: null, open: null, pump: null, rejoin: null, watch: null };

    /** @internal Made by `Globes.connect`. */
    constructor({ globes, WebSocketClass, storage, room, ...options }) {
        super();
        const { name, color, token, last = 50, after, at, renew = true, newToken, limits = {} } = options;
        for (const [key, value, most] of [
            ['last', last, MOST_NEWEST],
            ['after', after ?? 0, Number.MAX_SAFE_INTEGER],
        ])
            if (!Number.isSafeInteger(value) || value < 0 || value > most)
                throw new RangeError(`${key} must be a whole number from 0 to ${most}`);
        if (at && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(at)) throw new RangeError('at must be the time of an event');
        if (!isNameOrNone(name)) throw noName();
        const ref = refOf(room);
        this.#globes = globes;
        this.#WebSocketClass = WebSocketClass;
        this.#storage = storage;
        this.#room = room;
        this.#roomId = typeof room === 'object' || typeof room === 'number' ? ref : null;
        this.#last = last;
        this.#seq = after ?? null;
        this.#at = at ?? null;
        this.#limits = { ...DEFAULT_LIMITS, ...limits };
        this.#outbox = new Outbox(this.#limits.unackedMessages);
        this.#renews = renew;
        this.#newToken = newToken;
        this.#hold(tokenText(token));
        this.#name = typeof name === 'string' ? wellFormed(name) : null;
        this.#color = color ?? null;
        const { name: storedName, session: storedSession } = this.#stored();
        if (storedName === this.#name) this.#session = storedSession;
        for (const [id, owner] of this.#keptOwn()) if (owner === this.#name) this.#ownIds.set(id, owner);
        this.#listenToBrowser('addEventListener');
        queueMicrotask(() => this.#connect());
    }

    get state() {
        return this.#state;
    }
    get retryAt() {
        return this.#retryAt;
    }
    get roomId() {
        return this.#roomId;
    }
    get name() {
        return this.#name;
    }
    get color() {
        return this.#color;
    }
    get users() {
        return this.#users;
    }
    get seq() {
        return this.#seq ?? 0;
    }
    get at() {
        return this.#at;
    }
    get token() {
        return this.#keeper?.token ?? null;
    }
    get queued() {
        return this.#outbox.size;
    }

    /**
     * Says something now, or as soon as there is a connection; resent under its id until the server has answered.
     * @param {string} text 1 to 4096 characters
     * @param {{ id?: string }} [options] the same id is the same message
     * @returns {{ id: string, acked: Promise<import('./globes.d.ts').Acked> }}
     */
    send(text, { id = randomId() } = {}) {
        const waiting = this.#outbox.get(id);
        if (waiting) return { id, acked: waiting.acked };
        const refusal = this.#faultOf(text, id);
        if (refusal) {
            const acked = Promise.reject(refusal);
            acked.catch(() => {});
            return { id, acked };
        }
        const entry = this.#outbox.add({ kind: 'send', id, text: wellFormed(text), name: null });
        this.#rememberOwn(id, this.#name);
        this.#pump();
        return { id, acked: entry.acked };
    }

    /**
     * Takes another name or colour, behind what was said before.
     * @param {{ name?: string, color?: string }} [person]
     * @returns {Promise<void>} rejects where the server refuses; the old name stays then
     */
    async join(person) {
        const { name = this.#name, color = this.#color } = person ?? {};
        if (this.#state === 'closed') throw new ConnectionError('The connection is closed');
        if (!isNameOrNone(name)) throw noName();
        if (typeof name !== 'string') throw new UnauthorizedError('Join with a name');
        const entry = this.#outbox.add({ kind: 'join', id: randomId(), name: wellFormed(name), color, step: null });
        this.#pump();
        return entry.acked;
    }

    /**
     * Messages before or after a `seq`, by default the newest.
     * @param {{ before?: number, after?: number, at?: string, limit?: number }} [place]
     * @returns {Promise<{ events: import('./globes.d.ts').SeenEvent[], firstSeq: number, lastSeq: number }>}
     */
    async history(place = {}) {
        const page = await this.#globes.history(this.#target, { ...place, token: this.#keeper?.text });
        const events = page.events.map((event) => ({ ...event, isOwn: this.#isOwn(event) }));
        return { events, firstSeq: page.first_seq, lastSeq: page.last_seq };
    }

    /** Tries again now instead of at `retryAt`. */
    retry() {
        if (this.#state !== 'waiting' && this.#state !== 'offline') return;
        clearTimeout(this.#timers.retry);
        this.#connect();
    }

    /** Leaves the room. What waits is rejected. */
    close() {
        this.#end(null);
    }

    get #target() {
        return this.#roomId ?? this.#room;
    }

    #emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    #setState(state, { retryAt = null, error = null } = {}) {
        this.#state = state;
        this.#retryAt = retryAt;
        this.#emit('state', { state, retryAt, error });
    }

    #hold(text) {
        this.#keeper?.end();
        this.#keeper = null;
        if (!text) return;
        this.#keeper = new TokenKeeper(text, {
            renews: this.#renews,
            request: (old) => this.#globes.tokens.renew(this.#target, old),
            renewed: (token) => this.#emit('token', { token }),
            refused: (error) => this.#emit('problem', { error }),
        });
    }

    /** Why a message cannot even wait; null where it can. */
    #faultOf(text, id) {
        if (this.#state === 'closed') return new ConnectionError('The connection is closed');
        if (this.#name === null && this.#outbox.firstJoin === null)
            return new UnauthorizedError('Join with a name first');
        const isText = typeof text === 'string' && text !== '' && text.length <= 2 * MOST_CHARACTERS;
        if (!isText || [...text].length > MOST_CHARACTERS)
            return errorOf({ code: 303, error: `A message has 1 to ${MOST_CHARACTERS} characters`, field: 'msg' });
        if (typeof id !== 'string' || id === '' || id.length > 64 || id !== wellFormed(id))
            return errorOf({ code: 303, error: 'An id has 1 to 64 characters', field: 'id' });
        if (this.#outbox.size >= this.#limits.queuedMessages) return new QueueFullError('Too many messages wait');
        return null;
    }

    /** Said here, under that name. The name alone proves nothing, it may have been anybody's; nor does the id: all see it. */
    #isOwn({ id, name }) {
        return this.#ownIds.get(id) === name;
    }

    #rememberOwn(id, name) {
        if (this.#ownIds.get(id) === name) return;
        this.#ownIds.set(id, name);
        if (this.#ownIds.size > this.#mostOwn) this.#ownIds.delete(this.#ownIds.keys().next().value);
        this.#keepOwn();
    }

    get #mostOwn() {
        return MOST_OWN_IDS + this.#limits.queuedMessages;
    }

    // --- connecting and losing ---

    async #connect() {
        if (this.#state === 'closed') return;
        const attempt = ++this.#attempt;
        if (this.#state !== 'connecting') this.#setState('connecting');
        if (attempt !== this.#attempt) return; // a listener closed it
        if (this.#tries > 0 && this.#keeper?.isLateInLife) {
            const error = await within(this.#keeper.renew(), this.#limits.openTimeoutMs).then(
                () => null,
                (refusal) => refusal,
            );
            if (attempt !== this.#attempt) return;
            if (error) return this.#judge(error);
        }
        this.#open();
    }

    #open() {
        const query = new URLSearchParams(this.#seq === null ? { last: this.#last } : { after: this.#seq });
        if (this.#seq && this.#at) query.set('at', this.#at);
        if (this.#session) query.set('session', this.#session);
        const url = `${this.#globes.baseUrl.replace(/^http/, 'ws')}/chats/${roomPath(this.#target)}/ws?${query}`;
        const protocols = this.#keeper ? ['globes.v1', this.#keeper.text] : ['globes.v1'];
        let socket;
        try {
            socket = new this.#WebSocketClass(url, protocols);
        } catch (cause) {
            // Such as one without TLS from a page with it: another try would be refused too.
            return this.#end(new ConnectionError('No WebSocket may be opened to this server', { cause }));
        }
        this.#socket = socket;
        let wasOpen = false;
        socket.onopen = () => {
            wasOpen = true;
        };
        socket.onmessage = ({ data }) => this.#receive(data);
        socket.onerror = () => {}; // always followed by onclose, which says more
        socket.onclose = ({ code }) => {
            this.#detach(socket);
            if (wasOpen) return this.#lost(code);
            this.#outbox.disconnect();
            this.#askWhy();
        };
        this.#heardAt = now();
        this.#timers.open = setTimeout(() => this.#giveUp('No welcome in time'), this.#limits.openTimeoutMs);
    }

    /** Browsers do not say why an upgrade failed. Requests do: a refusal is final, an outage is waited for. */
    async #askWhy() {
        const { openTimeoutMs } = this.#limits;
        const attempt = this.#attempt;
        let error = null;
        try {
            if (this.#keeper) {
                await within(this.#keeper.renew(), openTimeoutMs);
            } else {
                const room = await within(this.#globes.rooms.get(this.#target), openTimeoutMs);
                if (room.visibility !== 'public')
                    error = errorOf({ code: 403, error: 'A token is needed', field: 'token' });
            }
        } catch (refusal) {
            error = refusal;
        }
        if (attempt === this.#attempt && this.#state !== 'closed') this.#judge(error);
    }

    #judge(error) {
        if (error instanceof InvalidTokenError && this.#newToken) return this.#unlock(error);
        if (error instanceof InvalidTokenError || error instanceof NotFoundError) return this.#end(error);
        this.#wait(error ?? new ConnectionError('The connection could not be opened'), error?.retryAfterMs ?? 0);
    }

    /** The token is not good any more: goes on with another one, or with none where the room has become public. */
    async #unlock(error) {
        const attempt = ++this.#attempt;
        this.#setState('locked', { error });
        if (attempt !== this.#attempt) return; // a listener closed it
        try {
            const token = await this.#newToken(error);
            if (attempt !== this.#attempt) return;
            this.#hold(tokenText(token));
        } catch (refusal) {
            if (attempt !== this.#attempt) return;
            if (refusal?.isTemporary) return this.#wait(refusal, refusal.retryAfterMs ?? 0);
            return this.#end(refusal instanceof GlobesError ? refusal : error);
        }
        if (this.#keeper) this.#emit('token', { token: this.token });
        if (attempt !== this.#attempt) return;
        if (this.#unlocks++ === 0) this.#connect();
        else this.#wait(error); // that one was not good either
    }

    #lost(code) {
        const error = new ConnectionError(`The connection was closed (${code})`, { closeCode: code });
        if (isFinal(code)) return this.#end(error);
        if (code === CLOSE_TOO_MANY_MESSAGES) return this.#wait(error, this.#limits.pauseMs);
        this.#wait(error, 0, code === CLOSE_GOING_AWAY);
    }

    /** The connection seems dead. It is left open until its successor takes over, so that nobody sees us leave. */
    #giveUp(why) {
        const socket = this.#socket;
        if (socket === null) return;
        const wasWelcomed = this.#state === 'online';
        this.#detach(socket);
        if (wasWelcomed) {
            this.#ghosts.add(socket);
            socket.onclose = () => this.#ghosts.delete(socket);
        } else {
            destroy(socket);
        }
        this.#wait(new ConnectionError(why));
    }

    #detach(socket) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        if (this.#socket === socket) this.#socket = null;
        for (const timer of ['open', 'pump', 'rejoin']) clearTimeout(this.#timers[timer]);
        clearInterval(this.#timers.watch);
    }

    /** Waits for the next try: exponential back-off with full jitter, on top of what the server asked for. */
    #wait(error, atLeastMs = 0, isQuick = false) {
        const { backoffBaseMs, backoffMaxMs, quickReconnectMs, stableAfterMs } = this.#limits;
        if (this.#state === 'online' && now() - this.#onlineSince >= stableAfterMs) this.#tries = 0;
        this.#attempt += 1;
        this.#outbox.disconnect();
        this.#isJoined = false;
        const backoffMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** this.#tries);
        const jitterMs = between(0, isQuick && this.#tries === 0 ? quickReconnectMs : backoffMs);
        const waitMs = Math.min(atLeastMs + jitterMs, MOST_TIMER_MS);
        this.#tries += 1;
        clearTimeout(this.#timers.retry);
        this.#timers.retry = setTimeout(() => this.#connect(), waitMs);
        const state = globalThis.navigator?.onLine === false ? 'offline' : 'waiting';
        this.#setState(state, { retryAt: new Date(Date.now() + waitMs), error });
    }

    #end(error) {
        if (this.#state === 'closed') return;
        this.#attempt += 1;
        const socket = this.#socket;
        if (socket) this.#detach(socket);
        clearTimeout(this.#timers.retry);
        this.#keeper?.end();
        this.#listenToBrowser('removeEventListener');
        if (error?.closeCode !== CLOSE_REPLACED) this.#forgetSession();
        socket?.close(CLOSE_NORMAL);
        for (const ghost of this.#ghosts) destroy(ghost);
        this.#ghosts.clear();
        this.#outbox.rejectAll(error ?? new ConnectionError('The connection was closed by its user'));
        this.#setState('closed', { error });
        this.#emit('closed', { error });
    }

    // --- signs of life ---

    /** Looks now and then whether the server still answers: a network that swallows everything closes no socket. */
    #watch() {
        const { ackTimeoutMs, probeAfterMs, probeTimeoutMs } = this.#limits;
        const everyMs = Math.min(2500, Math.min(ackTimeoutMs, probeAfterMs, probeTimeoutMs) / 4);
        clearInterval(this.#timers.watch);
        this.#timers.watch = setInterval(() => {
            const time = now();
            this.#keeper?.look();
            if (this.#outbox.hasWaitedSince(time - ackTimeoutMs)) return this.#giveUp('No answer to a message');
            if (this.#probedAt !== null && time - this.#probedAt > probeTimeoutMs)
                return this.#giveUp('No sign of life');
            if (this.#probedAt === null && time - this.#heardAt > probeAfterMs) this.#probe();
        }, everyMs);
    }

    /**
     * Pings are not for scripts in browsers. An event of no known kind is answered to its sender alone, by an error.
     */
    #probe() {
        if (this.#state !== 'online' || this.#probedAt !== null) return;
        this.#probedAt = now();
        this.#transmit({ event_type: 'ping', name: this.#name ?? 'nobody', id: `probe-${randomId()}` });
    }

    #onOffline = () => this.#giveUp('The browser went offline');
    #onOnline = () => {
        this.#keeper?.look();
        this.retry();
    };
    #onVisible = () => {
        if (globalThis.document.visibilityState !== 'visible') return;
        this.#onOnline();
        this.#probe();
    };

    #listenToBrowser(change) {
        globalThis[change]?.('offline', this.#onOffline);
        globalThis[change]?.('online', this.#onOnline);
        globalThis.document?.[change]('visibilitychange', this.#onVisible);
    }

    // --- sessions: who comes with an earlier one is the same person, and takes the name over at once ---

    get #storageKey() {
        return `globes:${this.#globes.baseUrl}:${typeof this.#room === 'object' ? this.#room.id : this.#room}`;
    }

    #stored() {
        try {
            return JSON.parse(this.#storage?.getItem(this.#storageKey) ?? '{}') ?? {};
        } catch {
            return {}; // no storage here, or something else lies in it: a new person, then
        }
    }

    /**
     * The first secret is the one that we come with for ever: whoever took our place came with it too, so that it is
     * also the one to take it back with. What a later welcome says is known to that connection alone.
     */
    #storeSession(session) {
        this.#session ??= session;
        try {
            this.#storage?.setItem(this.#storageKey, JSON.stringify({ name: this.#name, session: this.#session }));
        } catch {
            // Full or forbidden: a reload is a new person, then.
        }
    }

    /** Not part of the session: whoever leaves the room and comes back has said the same as before. */
    get #ownKey() {
        return `own-${this.#storageKey}`;
    }

    #keptOwn() {
        try {
            return new Map(JSON.parse(this.#storage?.getItem(this.#ownKey) ?? '[]'));
        } catch {
            return new Map();
        }
    }

    /** Once for all that is said in a row, beside what others of the same page have said in this room. */
    #keepOwn() {
        if (!this.#storage || this.#isKeepingOwn) return;
        this.#isKeepingOwn = true;
        queueMicrotask(() => {
            this.#isKeepingOwn = false;
            const all = [...new Map([...this.#keptOwn(), ...this.#ownIds])];
            try {
                this.#storage.setItem(this.#ownKey, JSON.stringify(all.slice(-this.#mostOwn)));
            } catch {
                // Full or forbidden: after a reload it was another one who said this.
            }
        });
    }

    /** Unless another one of us goes on with it. */
    #forgetSession() {
        if (this.#session === null || this.#stored().session !== this.#session) return;
        try {
            this.#storage.removeItem(this.#storageKey);
        } catch {
            // It will not be known any more anyway.
        }
    }

    // --- receiving ---

    #receive(data) {
        this.#heardAt = now();
        this.#probedAt = null;
        const event = parsed(data);
        const isWelcome = event?.event_type === 'welcome' && Number.isSafeInteger(event.seq) && Array.isArray(event.users);
        if (isWelcome) return this.#onWelcome(event);
        // The first frame of a server is its welcome, and every frame is an object.
        if (this.#state !== 'online' || !event?.event_type) return this.#giveUp(FOREIGN);
        if (event.event_type === 'ack') return this.#onAck(event);
        if (event.event_type === 'error') return this.#onError(event);
        // Also those of a later version take a number.
        if (Number.isSafeInteger(event.seq)) return this.#onNumbered(event);
        if (event.event_type === 'join' || event.event_type === 'leave') this.#onPresence(event);
    }

    #onWelcome({ room_id: roomId, seq, at = null, users, resumed, session }) {
        clearTimeout(this.#timers.open);
        for (const ghost of this.#ghosts) destroy(ghost);
        this.#ghosts.clear();
        this.#roomId = roomId;
        this.#onlineSince = now();
        this.#unlocks = 0;
        this.#pacer = new Pacer(this.#limits.messagesPerSecond, this.#limits.messageBurst);
        const gap = this.#place(seq, at, resumed);
        this.#users = users;
        this.#adoptName();
        this.#storeSession(session);
        this.#setState('online');
        this.#emit('welcome', { seq, users, resumed });
        if (gap) this.#emit('gap', gap);
        this.#emit('users', { users });
        if (this.#state !== 'online') return; // a listener closed it
        this.#watch();
        if (this.#name !== null) this.#sendJoin();
        this.#pump();
    }

    /** Where in the room's history we are now; the gap to where we were, where one is. */
    #place(newest, at, resumed) {
        const before = this.#seq;
        this.#replayEnd = newest;
        this.#isFirstOfReplay = before === null;
        if (before !== null && resumed) return null;
        this.#seq = before === null ? Math.max(0, newest - this.#last) : newest;
        this.#at = this.#seq === newest ? at : null;
        if (before === null) return null;
        // The newest number says nothing: another history may have grown beyond ours.
        return { from: 1, to: newest, reset: true, reason: 'not-resumed', before, now: newest };
    }

    /** Strictly in order, each once: what was shown is not shown again. */
    #onNumbered(event) {
        const { event_type: type, name, id, seq, time } = event;
        const isSend = type === 'send';
        const isOwn = isSend && this.#isOwn(event);
        if (isOwn) this.#settle(id, { seq, duplicate: false });
        if (seq <= this.#seq) return;
        const before = this.#seq;
        this.#seq = seq;
        this.#at = time;
        if (seq > before + 1 && !this.#isFirstOfReplay)
            this.#emit('gap', { from: before + 1, to: seq - 1, reset: false, reason: 'hole', before, now: seq });
        this.#isFirstOfReplay = false;
        if (isSend) this.#emit('event', { ...event, isOwn });
        // What is replayed may be by somebody who has left since.
        if (isSend && seq > this.#replayEnd) this.#present(name, event.color, time);
        if (before < this.#replayEnd && seq >= this.#replayEnd) this.#pump();
    }

    #onPresence(event) {
        const entry = this.#outbox.get(event.id);
        const joining = entry?.kind === 'join' && [this.#name, entry.name].includes(event.name) ? entry : null;
        // The name alone proves nothing: where it is refused to us, somebody else comes and goes under it.
        const isOwn = joining !== null || (event.id === this.#joinId && event.name === this.#name);
        if (event.event_type === 'leave') {
            this.#users = this.#users.filter(({ username }) => username !== event.name);
            this.#emit('users', { users: this.#users });
        } else {
            this.#present(event.name, event.color, event.time);
        }
        if (isOwn && event.event_type === 'join') {
            this.#wasJoined = true;
            this.#rejoins = 0;
        }
        if (joining) this.#stepJoin(joining, event.event_type);
        this.#emit('event', { ...event, isOwn });
    }

    /** Somebody is in the room, and gave a sign of themselves. */
    #present(name, color, time) {
        const known = this.#users.find(({ username }) => username === name);
        const user = { username: name, color: color ?? known?.color ?? '', last_activity: time };
        // A new array each time: what was handed out before stays as it was.
        this.#users = known ? this.#users.map((other) => (other === known ? user : other)) : [...this.#users, user];
        if (!known || known.color !== user.color) this.#emit('users', { users: this.#users });
    }

    #onAck({ id, seq, duplicate }) {
        this.#wasJoined = true;
        this.#rejoins = 0;
        this.#settle(id, { seq, duplicate });
    }

    #settle(id, answer) {
        const entry = this.#outbox.get(id);
        if (!entry) return;
        this.#outbox.remove(entry);
        entry.resolve(answer);
        this.#pump();
    }

    #onError({ id, msg, error: { code, error, field } = {}, retry_after_ms: retryAfterMs = null }) {
        const refusal = errorOf({ code, error, field }, { retryAfterMs, msg });
        const entry = this.#outbox.get(id);
        if (!entry && id !== this.#joinId) return this.#onOtherError(id, refusal);
        if (refusal.isTemporary) return this.#onRefusedForNow(entry, refusal);
        if (code === 202 || code === 204) return this.#onNameRefused(entry, refusal);
        if (entry?.kind === 'join' && code === 201) return this.#stepJoin(entry, 'leave');
        if (entry) {
            this.#outbox.remove(entry);
            entry.reject(refusal);
            return this.#pump();
        }
        this.#isJoined = false; // the name or the colour is none
        this.#emit('problem', { error: refusal });
    }

    #onOtherError(id, refusal) {
        const probed = id?.startsWith('probe-');
        const coloured = probed ? this.#outbox.get(id.slice('probe-'.length)) : null;
        if (coloured) return this.#stepJoin(coloured, 'join');
        if (!probed) this.#emit('problem', id === undefined ? { error: refusal } : { error: refusal, id });
    }

    /**
     * Flood, or a store that has a bad moment: the same again after a while. `entry` is none for the join on arrival.
     */
    #onRefusedForNow(entry, refusal) {
        if (!entry) {
            this.#isJoined = false;
            this.#rejoinIn(Math.max(refusal.retryAfterMs ?? 0, REJOIN_MS));
            return;
        }
        const time = now();
        if (refusal instanceof RateLimitedError)
            this.#pacer.slowDown(time, entry.sentAt, refusal.retryAfterMs ?? RETRY_MS);
        const backoffMs = Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** entry.failures) * between(0.5, 1);
        entry.failures += 1;
        this.#outbox.putBack(entry, time, refusal.retryAfterMs ?? backoffMs);
        this.#pump();
    }

    // --- name and colour ---

    #sendJoin() {
        this.#joinId = randomId();
        this.#isJoined = true; // messages follow at once; where the name is refused, so are they, and come back
        this.#transmit({ event_type: 'join', name: this.#name, color: this.#color ?? undefined, id: this.#joinId });
    }

    #rejoinIn(ms) {
        clearTimeout(this.#timers.rejoin);
        this.#timers.rejoin = setTimeout(() => {
            this.#sendJoin();
            this.#pump();
        }, ms);
    }

    /** A new name whose join went out on the lost connection: in the room under it means that it was carried out. */
    #adoptName() {
        const joining = this.#outbox.firstJoin;
        if (!joining || joining.step !== 'join' || joining.name === this.#name) return;
        if (this.#users.some(({ username }) => username === joining.name)) this.#completeJoin(joining);
    }

    /** Sends what a change of name or colour needs next. `done`: what was carried out of it, 'leave' or 'join'. */
    #stepJoin(entry, done = null) {
        if (done === 'join') return this.#completeJoin(entry);
        if (done === 'leave') this.#isJoined = false;
        const renames = this.#isJoined && entry.name !== this.#name;
        entry.step = renames ? 'leave' : 'join';
        const name = renames ? this.#name : entry.name;
        this.#transmit({ event_type: entry.step, name, color: entry.color ?? undefined, id: entry.id });
        // Only a new name is announced; that a colour was taken shows in that the next event is answered.
        if (this.#isJoined && !renames) this.#transmit({ event_type: 'ping', name, id: `probe-${entry.id}` });
    }

    #completeJoin(entry) {
        this.#name = entry.name;
        this.#color = entry.color;
        this.#isJoined = true;
        this.#rejoins = 0;
        clearTimeout(this.#timers.rejoin);
        this.#outbox.remove(entry);
        entry.resolve();
        if (this.#state === 'online') {
            this.#storeSession(this.#session);
            this.#pump();
        }
    }

    /** `entry`: whose answer this is; none for the join on arrival. */
    #onNameRefused(entry, refusal) {
        if (entry?.kind === 'join') {
            this.#outbox.remove(entry);
            entry.reject(refusal);
            if (!this.#isJoined && this.#name !== null && this.#wasJoined) this.#sendJoin(); // back to the old one
            return this.#pump();
        }
        if (entry) this.#outbox.putBack(entry, now());
        if (!this.#isJoined) return; // what was sent behind the join is refused for the same reason
        this.#isJoined = false;
        // A name that was ours a moment ago is free as soon as the server has noticed, and announced, our leaving.
        if (this.#wasJoined && refusal.code === 202 && this.#rejoins < MOST_REJOINS) {
            this.#outbox.hold(now(), 0);
            this.#rejoinIn(REJOIN_MS * 2 ** this.#rejoins++);
            return;
        }
        this.#emit('problem', { error: refusal });
        this.#pump();
    }

    // --- sending ---

    #transmit(event) {
        this.#pacer.take(now());
        this.#socket.send(JSON.stringify(event));
    }

    /** Sends whatever may go out now, and comes back when more may. */
    #pump() {
        clearTimeout(this.#timers.pump);
        while (this.#state === 'online' && this.#socket) {
            const time = now();
            const entry = this.#outbox.next(time, !this.#isJoined);
            const waitMs = entry ? this.#pacer.waitMs(time) : this.#outbox.heldMs(time);
            if (waitMs > 0) this.#timers.pump = setTimeout(() => this.#pump(), Math.ceil(waitMs));
            if (!entry || waitMs > 0) return;
            if (entry.kind === 'join') {
                this.#outbox.sent(entry, time);
                this.#stepJoin(entry);
                continue;
            }
            // It went out under another name, and may have been stored: the replay tells. Ids count for one name only.
            if (entry.name !== null && entry.name !== this.#name && this.#seq < this.#replayEnd) return;
            entry.name = this.#name;
            this.#outbox.sent(entry, time);
            const { id, name, text } = entry;
            this.#rememberOwn(id, name);
            this.#transmit({ event_type: 'send', name, color: this.#color ?? undefined, msg: text, id });
        }
    }
}

/** Ends a socket that nobody waits for; browsers can only ask it to close. */
function destroy(socket) {
    if (socket.terminate) socket.terminate();
    else socket.close();
}
