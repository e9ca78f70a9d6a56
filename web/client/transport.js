// Keeps one WebSocket open to a room: connects, notices when a connection is dead, finds out why one was refused, waits
// and tries again, with a token that is renewed, until it is closed for good. It knows events only as JSON objects.
//
// The state decides what happens next:
//   connecting  an attempt is under way: a token is renewed, or a socket waits for its welcome
//   online      the server has sent its welcome
//   waiting     the connection is lost, and the timer of the next attempt runs
//   offline     as waiting, and the browser reports that there is no network
//   locked      the token is not valid any more, and `newToken` was asked for another one
//   closed      the end
import { Backoff } from './backoff.js';
import { GOING_AWAY, NORMAL, TOO_MANY_MESSAGES, isFinal } from './close_codes.js';
import { ConnectionError, FOREIGN, GlobesError, InvalidTokenError, NotFoundError, errorOf } from './errors.js';
import { roomPath } from './rest.js';
import { parseJson, randomId } from './text.js';
import { MAX_TIMER_MS, now, within } from './time.js';
import { tokenText } from './token.js';
import { TokenRenewer } from './token_renewer.js';

const MAX_WATCH_INTERVAL_MS = 2500;

/**
 * What a transport calls, all from tasks of its own.
 * @typedef {object} Handlers
 * @property {() => URLSearchParams} query where in the room's history the next connection starts
 * @property {() => string | null} session the secret of an earlier connection, whose name the next one takes over
 * @property {(welcome: any) => void} welcomed before the state becomes `online`
 * @property {(welcome: any) => void} online once it has; may close the transport
 * @property {() => void} ready after `online`: events may be sent now
 * @property {(event: any) => void} received every event but the welcome
 * @property {(time: number) => boolean} hasWaitedSince whether an event that was sent before `time` has no answer
 * @property {(id: string) => void} probe send an event that the server answers
 * @property {() => void} detached the socket is not in use any more
 * @property {() => void} disconnected nothing is in flight any more
 * @property {(error: GlobesError | null) => void} ended before the state becomes `closed`
 * @property {(type: string, detail: object) => void} emit an event for the caller of the library
 */

export class Transport {
    #globes;
    #WebSocketClass;
    #room;
    #limits;
    #isRenewing;
    #newToken;
    #on;
    #backoff;
    /** @type {TokenRenewer | null} */
    #renewer = null;
    /** @type {import('../globes.d.ts').ConnectionState} */
    #state = 'connecting';
    #retryAt = null;
    #roomId = null;
    #socket = null;
    /** Sockets that were given up. They are closed once their successor is welcomed, because closing one is leaving. */
    #abandoned = new Set();
    /** Requests for another token since the last welcome. */
    #tokenRequests = 0;
    /** The number of the current attempt; the results of earlier ones are ignored. */
    #attempt = 0;
    #onlineSince = 0;
    #lastReceivedAt = 0;
    #probedAt = null;
    #timers = { retry: undefined, open: undefined, watch: undefined };

    /**
     * @param {object} options
     * @param {import('../globes.js').Globes} options.globes
     * @param {any} options.WebSocketClass
     * @param {import('../globes.d.ts').RoomRef} options.room
     * @param {import('../globes.d.ts').Limits} options.limits
     * @param {import('../globes.d.ts').ConnectOptions['token']} [options.token]
     * @param {boolean} options.renew
     * @param {import('../globes.d.ts').ConnectOptions['newToken']} [options.newToken]
     * @param {Handlers} on
     */
    constructor({ globes, WebSocketClass, room, limits, token, renew, newToken }, on) {
        this.#globes = globes;
        this.#WebSocketClass = WebSocketClass;
        this.#room = room;
        this.#roomId = typeof room === 'object' ? room.id : typeof room === 'number' ? room : null;
        this.#limits = limits;
        this.#isRenewing = renew;
        this.#newToken = newToken;
        this.#on = on;
        this.#backoff = new Backoff(limits);
        this.#setToken(tokenText(token));
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
    /** The room by its id, or as the caller named it until the id is known. */
    get target() {
        return this.#roomId ?? this.#room;
    }
    get token() {
        return this.#renewer?.token ?? null;
    }

    send(event) {
        this.#socket.send(JSON.stringify(event));
    }

    /** Tries again now instead of at `retryAt`. */
    retry() {
        if (this.#state !== 'waiting' && this.#state !== 'offline') return;
        clearTimeout(this.#timers.retry);
        this.#connect();
    }

    close() {
        this.#end(null);
    }

    #setState(state, { retryAt = null, error = null } = {}) {
        this.#state = state;
        this.#retryAt = retryAt;
        this.#on.emit('state', { state, retryAt, error });
    }

    #setToken(text) {
        this.#renewer?.end();
        this.#renewer = null;
        if (!text) return;
        this.#renewer = new TokenRenewer(text, {
            isAutomatic: this.#isRenewing,
            request: (old) => this.#globes.tokens.renew(this.target, old),
            renewed: (token) => this.#on.emit('token', { token }),
            refused: (error) => this.#on.emit('problem', { error }),
        });
    }

    // --- opening a connection ---

    async #connect() {
        if (this.#state === 'closed') return;
        const attempt = ++this.#attempt;
        if (this.#state !== 'connecting') this.#setState('connecting');
        if (attempt !== this.#attempt) return; // a listener closed the connection
        if (this.#backoff.attempts > 0 && this.#renewer?.isLateInLife) {
            const error = await within(this.#renewer.renew(), this.#limits.openTimeoutMs).then(
                () => null,
                (refusal) => refusal,
            );
            if (attempt !== this.#attempt) return;
            if (error) return this.#handleRefusal(error);
        }
        this.#open();
    }

    #open() {
        const url = `${this.#globes.baseUrl.replace(/^http/, 'ws')}/chats/${roomPath(this.target)}/ws?${this.#on.query()}`;
        const protocols = this.#protocols();
        let socket;
        try {
            socket = new this.#WebSocketClass(url, protocols);
        } catch (cause) {
            // For example an address without TLS on a page with TLS: the browser would refuse another attempt too.
            return this.#end(new ConnectionError('No WebSocket may be opened to this server', { cause }));
        }
        this.#socket = socket;
        let wasOpen = false;
        socket.onopen = () => {
            wasOpen = true;
        };
        socket.onmessage = ({ data }) => this.#receive(data);
        socket.onerror = () => {}; // onclose always follows, with more details
        socket.onclose = ({ code }) => {
            this.#detach(socket);
            if (wasOpen) return this.#onLost(code);
            this.#on.disconnected();
            this.#findRefusal();
        };
        this.#lastReceivedAt = now();
        this.#timers.open = setTimeout(() => this.#abandon('No welcome in time'), this.#limits.openTimeoutMs);
    }

    /** What the socket offers. Secrets are offered too, because proxies and servers write URLs into their logs. */
    #protocols() {
        const session = this.#on.session();
        return ['globes.v1', ...(this.#renewer ? [this.#renewer.text] : []), ...(session ? [`globes.session.${session}`] : [])];
    }

    /** Browsers do not tell why an upgrade failed, but a request does: a refusal is final, an outage is not. */
    async #findRefusal() {
        const { openTimeoutMs } = this.#limits;
        const attempt = this.#attempt;
        let error = null;
        try {
            if (this.#renewer) {
                await within(this.#renewer.renew(), openTimeoutMs);
            } else {
                const room = await within(this.#globes.rooms.get(this.target), openTimeoutMs);
                if (room.visibility !== 'public')
                    error = errorOf({ code: 403, error: 'A token is needed', field: 'token' });
            }
        } catch (refusal) {
            error = refusal;
        }
        if (attempt === this.#attempt && this.#state !== 'closed') this.#handleRefusal(error);
    }

    #handleRefusal(error) {
        if (error instanceof InvalidTokenError && this.#newToken) return this.#requestToken(error);
        if (error instanceof InvalidTokenError || error instanceof NotFoundError) return this.#end(error);
        this.#wait(error ?? new ConnectionError('The connection could not be opened'), error?.retryAfterMs ?? 0);
    }

    /** The token is not valid any more: continues with another one, or without one if the room has become public. */
    async #requestToken(error) {
        const attempt = ++this.#attempt;
        this.#setState('locked', { error });
        if (attempt !== this.#attempt) return; // a listener closed the connection
        try {
            const token = await this.#newToken(error);
            if (attempt !== this.#attempt) return;
            this.#setToken(tokenText(token));
        } catch (refusal) {
            if (attempt !== this.#attempt) return;
            if (refusal?.isTemporary) return this.#wait(refusal, refusal.retryAfterMs ?? 0);
            return this.#end(refusal instanceof GlobesError ? refusal : error);
        }
        if (this.#renewer) this.#on.emit('token', { token: this.token });
        if (attempt !== this.#attempt) return;
        if (this.#tokenRequests++ === 0) this.#connect();
        else this.#wait(error); // the server refused that token as well
    }

    // --- receiving ---

    #receive(data) {
        this.#lastReceivedAt = now();
        this.#probedAt = null;
        const event = parseJson(data);
        const isWelcome = event?.event_type === 'welcome' && isNumber(event.seq) && Array.isArray(event.users);
        if (isWelcome) return this.#onWelcome(event);
        // The first frame of a server is its welcome, and every frame is an object.
        if (this.#state !== 'online' || !event?.event_type) return this.#abandon(FOREIGN);
        this.#on.received(event);
    }

    #onWelcome(welcome) {
        clearTimeout(this.#timers.open);
        this.#destroyAbandoned();
        if (isNumber(welcome.room_id)) this.#roomId = welcome.room_id;
        this.#onlineSince = now();
        this.#tokenRequests = 0;
        this.#on.welcomed(welcome);
        this.#setState('online');
        this.#on.online(welcome);
        if (this.#state !== 'online') return; // a listener closed the connection
        this.#watch();
        this.#on.ready();
    }

    // --- losing a connection ---

    #onLost(code) {
        const error = new ConnectionError(`The connection was closed (${code})`, { closeCode: code });
        if (isFinal(code)) return this.#end(error);
        if (code === TOO_MANY_MESSAGES) return this.#wait(error, this.#limits.pauseMs);
        this.#wait(error, 0, code === GOING_AWAY);
    }

    /** The connection seems dead. It stays open until its successor takes over, so that nobody sees the user leave. */
    #abandon(why) {
        const socket = this.#socket;
        if (socket === null) return;
        const wasWelcomed = this.#state === 'online';
        this.#detach(socket);
        if (wasWelcomed) {
            this.#abandoned.add(socket);
            socket.onclose = () => this.#abandoned.delete(socket);
        } else {
            destroy(socket);
        }
        this.#wait(new ConnectionError(why));
    }

    #detach(socket) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        if (this.#socket === socket) this.#socket = null;
        clearTimeout(this.#timers.open);
        clearInterval(this.#timers.watch);
        this.#on.detached();
    }

    #destroyAbandoned() {
        for (const socket of this.#abandoned) destroy(socket);
        this.#abandoned.clear();
    }

    /** Waits for the next attempt; the back-off comes on top of the delay that the server asked for. */
    #wait(error, atLeastMs = 0, isQuick = false) {
        if (this.#state === 'online') this.#backoff.endedAfter(now() - this.#onlineSince);
        this.#attempt += 1;
        this.#on.disconnected();
        const waitMs = Math.min(atLeastMs + this.#backoff.nextDelayMs(isQuick), MAX_TIMER_MS);
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
        this.#renewer?.end();
        this.#listenToBrowser('removeEventListener');
        socket?.close(NORMAL);
        this.#destroyAbandoned();
        this.#on.ended(error);
        this.#setState('closed', { error });
        this.#on.emit('closed', { error });
    }

    // --- signs of life ---

    /** Checks regularly whether the server still answers: no socket closes when a network drops every packet. */
    #watch() {
        const { ackTimeoutMs, probeAfterMs, probeTimeoutMs } = this.#limits;
        const everyMs = Math.min(MAX_WATCH_INTERVAL_MS, Math.min(ackTimeoutMs, probeAfterMs, probeTimeoutMs) / 4);
        clearInterval(this.#timers.watch);
        this.#timers.watch = setInterval(() => {
            const time = now();
            this.#renewer?.check();
            if (this.#on.hasWaitedSince(time - ackTimeoutMs)) return this.#abandon('No answer to a message');
            if (this.#probedAt !== null && time - this.#probedAt > probeTimeoutMs)
                return this.#abandon('No sign of life');
            if (this.#probedAt === null && time - this.#lastReceivedAt > probeAfterMs) this.#probe();
        }, everyMs);
    }

    /** Scripts in browsers cannot send pings. The server answers an event of an unknown type to its sender alone. */
    #probe() {
        if (this.#state !== 'online' || this.#probedAt !== null) return;
        this.#probedAt = now();
        this.#on.probe(randomId());
    }

    #onOffline = () => this.#abandon('The browser went offline');
    #onOnline = () => {
        this.#renewer?.check();
        this.retry();
    };
    #onVisible = () => {
        if (globalThis.document.visibilityState !== 'visible') return;
        this.#onOnline();
        this.#probe();
    };

    // The browser may keep a page that the user has left, with its sockets open, and answers pings for it: the user would
    // stay a member for many minutes. So the page leaves the room, and joins again if the user comes back.
    #onHide = ({ persisted }) => {
        if (!persisted) return;
        const socket = this.#socket;
        if (socket) {
            this.#detach(socket);
            socket.close(NORMAL);
        }
        this.#destroyAbandoned();
        if (this.#state === 'connecting' || this.#state === 'online') this.#wait(new ConnectionError('The page is hidden'));
        clearTimeout(this.#timers.retry);
    };
    #onShow = ({ persisted }) => {
        if (persisted) this.#onOnline();
    };

    #listenToBrowser(change) {
        globalThis[change]?.('pagehide', this.#onHide);
        globalThis[change]?.('pageshow', this.#onShow);
        globalThis[change]?.('offline', this.#onOffline);
        globalThis[change]?.('online', this.#onOnline);
        globalThis.document?.[change]('visibilitychange', this.#onVisible);
    }
}

/** Whether a value from the server may be a number of an event or a room. */
const isNumber = (value) => Number.isSafeInteger(value) && value >= 0;

/** Ends a socket without waiting for its peer, if the platform can do that; browsers can only ask the peer to close. */
function destroy(socket) {
    if (socket.terminate) socket.terminate();
    else socket.close();
}
