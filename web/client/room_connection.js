// One participant in one room: joins the parts of a connection together, and shows the room to the caller, each message
// once and in order. Contract: globes.d.ts.
import { REPLACED } from './close_codes.js';
import { ConnectionError, QueueFullError, UnauthorizedError } from './errors.js';
import { DEFAULT_LIMITS } from './limits.js';
import { OwnMessages } from './own_messages.js';
import { refOf } from './rest.js';
import { Sender } from './sender.js';
import { SessionStore } from './session_store.js';
import { checkName, messageProblem, randomId, wellFormed } from './text.js';
import { Transport } from './transport.js';

const MAX_LAST = 1000; // of ?last=
const EVENT_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Whether this may be a session secret; anything else could not be offered as a subprotocol. */
const isSecret = (value) => typeof value === 'string' && /^[\w.-]+$/.test(value);

/** The time of an event as the server writes it; null for anything else, which the server would refuse as `at`. */
const timeOf = (text) => (EVENT_TIME.test(text) ? text : null);

function checkRange(key, value, max) {
    if (!Number.isSafeInteger(value) || value < 0 || value > max)
        throw new RangeError(`${key} must be a whole number from 0 to ${max}`);
}

/** The gap of messages after `before`, up to `to`, that were not delivered. */
const hole = (before, to, now) => ({ from: before + 1, to, reset: false, reason: 'hole', before, now });

/**
 * Stays in the room through losses, restarts and new tokens, until `close()` or a refusal. It reports its state and
 * events as CustomEvents: state, welcome, event, users, gap, problem, token, closed (`ConnectionEvents` in globes.d.ts).
 */
export class RoomConnection extends EventTarget {
    #globes;
    #last;
    #transport;
    #sender;
    #store;
    #own;
    #session = null;
    /** The users that are listed: in a large room, not all. */
    #users = [];
    /** The number of all users; never below that of the listed ones. */
    #online = 0;
    /** The number of the newest message that was shown; null before the first welcome. */
    #seq;
    /** The time of that message, which proves which history it is from; null if none was shown. */
    #at;
    /** The newest message at the welcome: messages up to it are replayed, those above it are live. */
    #replayEnd = 0;
    /** The time of that message; null if it is unknown. */
    #replayEndAt = null;
    /** Whether the next message is the first of the newest few, which start at any number. */
    #isFirstOfReplay = false;
    /** The gap that a welcome has shown, until listeners are told. */
    #pendingGap = null;

    /** @internal Made by `Globes.connect`. */
    constructor({ globes, WebSocketClass, storage, room, ...options }) {
        super();
        const { name, color, token, last = 50, after, at, renew = true, newToken, limits = {} } = options;
        checkRange('last', last, MAX_LAST);
        checkRange('after', after ?? 0, Number.MAX_SAFE_INTEGER);
        if (at && !EVENT_TIME.test(at)) throw new RangeError('at must be the time of an event');
        checkName(name);
        refOf(room);
        const allLimits = { ...DEFAULT_LIMITS, ...limits };
        const firstName = typeof name === 'string' ? wellFormed(name) : null;
        this.#globes = globes;
        this.#last = last;
        this.#seq = after ?? null;
        this.#at = at ?? null;
        this.#store = new SessionStore(storage, globes.baseUrl, room);
        this.#transport = new Transport({ globes, WebSocketClass, room, limits: allLimits, token, renew, newToken }, {
            query: () => this.#query(),
            session: () => this.#session,
            welcomed: (welcome) => this.#onWelcome(welcome),
            online: (welcome) => this.#onOnline(welcome),
            ready: () => this.#sender.start(),
            received: (event) => this.#onEvent(event),
            hasWaitedSince: (time) => this.#sender.hasWaitedSince(time),
            probe: (id) => this.#sender.probe(id),
            detached: () => this.#sender.stop(),
            disconnected: () => this.#sender.disconnected(),
            ended: (error) => this.#onEnd(error),
            emit: (type, detail) => this.#emit(type, detail),
        });
        this.#own = new OwnMessages(this.#store, firstName, allLimits.queuedMessages);
        this.#sender = new Sender({ limits: allLimits, name: firstName, color: color ?? null, own: this.#own }, {
            isReplaying: () => this.#seq < this.#replayEnd,
            transmit: (event) => this.#transport.send(event),
            nameChanged: () => this.#storeSession(this.#session),
            problem: (detail) => this.#emit('problem', detail),
        });
        const stored = this.#store.readSession();
        if (stored.name === firstName && isSecret(stored.session)) this.#session = stored.session;
    }

    get state() {
        return this.#transport.state;
    }
    get retryAt() {
        return this.#transport.retryAt;
    }
    get roomId() {
        return this.#transport.roomId;
    }
    get name() {
        return this.#sender.name;
    }
    get color() {
        return this.#sender.color;
    }
    get users() {
        return this.#users;
    }
    get online() {
        return this.#online;
    }
    get seq() {
        return this.#seq ?? 0;
    }
    get at() {
        return this.#at;
    }
    get token() {
        return this.#transport.token;
    }
    get queued() {
        return this.#sender.queued;
    }

    /**
     * Sends a message now, or as soon as there is a connection; again under the same id until the server has answered.
     * @param {string} text 1 to 4096 characters
     * @param {{ id?: string }} [options] the same id is the same message
     * @returns {{ id: string, acked: Promise<import('../globes.d.ts').Acked> }}
     */
    send(text, { id = randomId() } = {}) {
        const waiting = this.#sender.waiting(id);
        if (waiting) return { id, acked: waiting };
        const problem = this.#sendProblem(text, id);
        if (problem === null) return { id, acked: this.#sender.send(id, wellFormed(text)) };
        const acked = Promise.reject(problem);
        acked.catch(() => {});
        return { id, acked };
    }

    /**
     * Takes another name or color, after the messages that were sent before.
     * @param {{ name?: string, color?: string }} [person]
     * @returns {Promise<void>} rejects if the server refuses; then the old name is requested again
     */
    async join(person) {
        const { name, color } = person ?? {};
        if (this.state === 'closed') throw new ConnectionError('The connection is closed');
        checkName(name);
        if (name === null || (name === undefined && !this.#sender.hasName)) throw new UnauthorizedError('Join with a name');
        return this.#sender.join(name && wellFormed(name), color);
    }

    /**
     * Messages before or after a `seq`, by default the newest.
     * @param {{ before?: number, after?: number, at?: string, limit?: number }} [place]
     * @returns {Promise<{ events: import('../globes.d.ts').SeenEvent[], firstSeq: number, lastSeq: number }>}
     */
    async history(place = {}) {
        const page = await this.#globes.history(this.#transport.target, { ...place, token: this.token });
        const events = page.events.map((event) => ({ ...event, isOwn: this.#own.has(event) }));
        return { events, firstSeq: page.first_seq, lastSeq: page.last_seq };
    }

    /** Tries again now instead of at `retryAt`. */
    retry() {
        this.#transport.retry();
    }

    /** Leaves the room. Messages that wait are rejected. */
    close() {
        this.#transport.close();
    }

    #emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    /** Why a message cannot even wait; null if it can. */
    #sendProblem(text, id) {
        if (this.state === 'closed') return new ConnectionError('The connection is closed');
        if (!this.#sender.hasName) return new UnauthorizedError('Join with a name first');
        const problem = messageProblem(text, id);
        if (problem) return problem;
        return this.#sender.isFull ? new QueueFullError('Too many messages wait') : null;
    }

    // --- the connection ---

    #query() {
        const query = new URLSearchParams(this.#seq === null ? { last: String(this.#last) } : { after: String(this.#seq) });
        if (this.#seq && this.#at) query.set('at', this.#at);
        return query;
    }

    #onWelcome({ seq, at, users: listed, online, resumed, session }) {
        const users = listed.filter((user) => typeof user?.username === 'string');
        this.#pendingGap = this.#resumeAt(seq, timeOf(at), resumed === true);
        this.#users = users;
        // Servers before `online` list all users.
        this.#online = Number.isSafeInteger(online) ? Math.max(online, users.length) : users.length;
        this.#sender.welcomed();
        this.#storeSession(session);
    }

    #onOnline({ seq, resumed }) {
        const gap = this.#pendingGap;
        this.#pendingGap = null;
        this.#emit('welcome', { seq, users: this.#users, online: this.#online, resumed: resumed === true });
        if (gap) this.#emit('gap', gap);
        this.#emitUsers();
    }

    #onEnd(error) {
        if (error?.closeCode !== REPLACED) this.#store.removeSession(this.#session);
        this.#sender.rejectAll(error ?? new ConnectionError('The connection was closed by its user'));
    }

    /**
     * Keeps the secret of the first connection forever: a connection that replaced this one came with the same secret,
     * so it is also the one to take the name back with. Later welcomes name secrets that only one connection knows.
     */
    #storeSession(session) {
        this.#session ??= isSecret(session) ? session : null;
        this.#store.writeSession(this.name, this.#session);
    }

    /** Sets the position in the room's history, and returns the gap to the old position, or null. */
    #resumeAt(newest, at, resumed) {
        const before = this.#seq;
        // The newest messages at the last welcome have not come, and no event from behind them: none may have been shown.
        const isUnbegun = this.#isFirstOfReplay && before < this.#replayEnd;
        const isOtherEvent = newest === this.#replayEnd && at && this.#replayEndAt && at !== this.#replayEndAt;
        const isContradicted = newest < this.#replayEnd || isOtherEvent;
        this.#replayEnd = newest;
        this.#replayEndAt = at;
        this.#isFirstOfReplay = before === null || (isUnbegun && resumed);
        if (before !== null && resumed) return null;
        this.#seq = before === null ? Math.max(0, newest - this.#last) : newest;
        this.#at = this.#seq === newest ? at : null;
        if (before === null) return null;
        if (isUnbegun && !isContradicted) return hole(before, newest, newest);
        // The newest number alone proves nothing: another history may have grown beyond this one.
        return { from: 1, to: newest, reset: true, reason: 'not-resumed', before, now: newest };
    }

    // --- events ---

    #onEvent(event) {
        if (event.event_type === 'ack') return this.#sender.onAck(event);
        if (event.event_type === 'error') return this.#sender.onError(event);
        // Events of types that later versions add have a number too.
        if (Number.isSafeInteger(event.seq)) return this.#onNumbered(event);
        const isPresence = event.event_type === 'join' || event.event_type === 'leave';
        if (isPresence && typeof event.name === 'string') this.#onPresence(event);
    }

    /** Shows events strictly in order, each once. */
    #onNumbered(event) {
        const { event_type: type, name, id, seq, time } = event;
        const isSend = type === 'send' && typeof name === 'string';
        const isOwn = isSend && this.#own.has(event);
        if (isOwn) this.#sender.settle(id, { seq, duplicate: false }, seq > this.#replayEnd);
        if (seq <= this.#seq) return;
        if (this.#isFirstOfReplay && seq > this.#replayEnd) this.#endReplay();
        const before = this.#seq;
        this.#seq = seq;
        this.#at = timeOf(time);
        if (seq > before + 1 && !this.#isFirstOfReplay) this.#emit('gap', hole(before, seq - 1, seq));
        this.#isFirstOfReplay = false;
        if (isSend) this.#emit('event', { ...event, isOwn });
        // The author of a replayed message may have left since.
        if (isSend && seq > this.#replayEnd) this.#updateUser(name, event.color, time);
        if (before < this.#replayEnd && seq >= this.#replayEnd) this.#sender.pump();
    }

    /** An event from behind the replay has come: messages of the replay that have not come are not kept any more. */
    #endReplay() {
        const before = this.#seq;
        const end = this.#replayEnd;
        const isBegun = !this.#isFirstOfReplay;
        this.#isFirstOfReplay = false;
        if (before >= end) return;
        this.#seq = end;
        this.#at = this.#replayEndAt;
        if (isBegun) this.#emit('gap', hole(before, end, end));
        this.#sender.pump();
    }

    #onPresence(event) {
        this.#endReplay(); // a replay has no joins and leaves, and those that follow it come later
        if (event.event_type === 'leave') {
            this.#users = this.#users.filter(({ username }) => username !== event.name);
            this.#online = Math.max(this.#online - 1, this.#users.length);
            this.#emitUsers();
        } else {
            this.#updateUser(event.name, event.color, event.time, { isNew: true });
        }
        const isOwn = this.#sender.onPresence(event);
        this.#emit('event', { ...event, isOwn });
    }

    /** A user is in the room, and was active at `time`. `isNew`: the user has joined. */
    #updateUser(name, color, time, { isNew = false } = {}) {
        const known = this.#users.find(({ username }) => username === name);
        const user = { username: name, color: color ?? known?.color ?? '', last_activity: time };
        // A new array each time: the caller may keep the old one.
        this.#users = known ? this.#users.map((other) => (other === known ? user : other)) : [...this.#users, user];
        // The author of a message may have come without a join, or have been here without being listed. Only if all were
        // listed is the author certainly new.
        if (!known) this.#online = isNew ? this.#online + 1 : Math.max(this.#online, this.#users.length);
        if (!known || known.color !== user.color) this.#emitUsers();
    }

    #emitUsers() {
        this.#emit('users', { users: this.#users, online: this.#online });
    }
}
