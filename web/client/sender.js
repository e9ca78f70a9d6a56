// Sends messages and changes of name or color in order, as fast as the server accepts them, and again after a loss,
// until each has its answer. It also keeps the name: joins on arrival, and joins again after a name was refused for a
// while.
import { DuplicateError, RateLimitedError, errorOf } from './errors.js';
import { Outbox } from './outbox.js';
import { Pacer } from './pacer.js';
import { randomId } from './text.js';
import { MAX_TIMER_MS, between, now, waitOf } from './time.js';

const DUPLICATE_NAME = 202;
const NAME_UNAUTHORIZED = 204;
const USER_NOT_FOUND = 201;

const MAX_REJOINS = 6; // for a name that this connection had, before it counts as taken
const REJOIN_MS = 250; // before the first of these; each further one waits twice as long
const RETRY_MS = 500; // before a message that the store refused is sent again; each further retry waits twice as long
const MAX_RETRY_MS = 10_000;
const PROBE_PREFIX = 'probe-'; // of the ids of events that are sent for their answer alone

/**
 * @typedef {object} Handlers
 * @property {() => boolean} isReplaying whether messages from before the welcome are still to come
 * @property {(event: object) => void} transmit
 * @property {() => void} nameChanged called while events may be sent
 * @property {(detail: { error: Error, id?: string }) => void} problem
 */

export class Sender {
    #limits;
    #own;
    #on;
    #outbox;
    #pacer;
    #name;
    #color;
    #isStarted = false; // the connection is online, and its listeners know; before that nothing is sent
    #isJoined = false; // the name belongs to this connection, as far as is known
    #isConfirmed = false; // the server has confirmed that since the name was requested
    #wasJoined = false; // it has, now or on an earlier connection
    #joinId = null; // of the join on arrival; null if none was sent on this connection
    #rejoins = 0;
    #timers = { pump: undefined, rejoin: undefined };

    /**
     * @param {object} options
     * @param {import('../globes.d.ts').Limits} options.limits
     * @param {string | null} options.name
     * @param {string | null} options.color
     * @param {import('./own_messages.js').OwnMessages} options.own
     * @param {Handlers} on
     */
    constructor({ limits, name, color, own }, on) {
        this.#limits = limits;
        this.#name = name;
        this.#color = color;
        this.#own = own;
        this.#on = on;
        this.#outbox = new Outbox(limits.unackedMessages);
        this.#pacer = this.#newPacer();
    }

    get name() {
        return this.#name;
    }
    get color() {
        return this.#color;
    }
    get queued() {
        return this.#outbox.size;
    }
    get isFull() {
        return this.#outbox.size >= this.#limits.queuedMessages;
    }
    /** Whether messages have a name: a present one, or one that a waiting join asks for. */
    get hasName() {
        return this.#name !== null || this.#outbox.firstJoin !== null;
    }

    /** The promise of the answer to a message that waits already; undefined if none has this id. */
    waiting(id) {
        return this.#outbox.get(id)?.acked;
    }

    send(id, text) {
        const entry = this.#outbox.add({ kind: 'send', id, text, name: null });
        this.#own.add(id, this.#name);
        this.#pump();
        return entry.acked;
    }

    /** Changes the name or the color; what is undefined stays as the changes before this one leave it. */
    join(name, color) {
        const entry = this.#outbox.add({ kind: 'join', id: randomId(), name, color, step: null });
        this.#pump();
        return entry.acked;
    }

    /** Sends an event that the server answers to its sender alone. */
    probe(id) {
        this.#transmit({ event_type: 'ping', name: this.#name ?? 'nobody', id: `${PROBE_PREFIX}${id}` });
    }

    // --- the connection comes and goes ---

    /** A connection was welcomed. */
    welcomed() {
        this.#pacer = this.#newPacer();
    }

    /** The connection is online, and its listeners know. */
    start() {
        // A new name that the lost connection has asked for comes first, because it may be the one of this connection.
        const joining = this.#outbox.firstJoin;
        const isRename = joining !== null && joining.isUnsure && joining.name !== this.#name;
        this.#isStarted = true;
        if (this.#name !== null && !isRename) this.#sendJoin();
        this.#pump();
    }

    /** The socket is not in use any more. */
    stop() {
        this.#isStarted = false;
        clearTimeout(this.#timers.pump);
        clearTimeout(this.#timers.rejoin);
    }

    /** Nothing is in flight any more. */
    disconnected() {
        this.#outbox.disconnect();
        this.#isJoined = false;
        this.#joinId = null;
    }

    rejectAll(error) {
        this.#outbox.rejectAll(error);
    }

    hasWaitedSince(time) {
        return this.#outbox.hasWaitedSince(time);
    }

    // --- answers ---

    onAck({ id, seq, duplicate }) {
        this.#confirmName();
        this.settle(id, { seq, duplicate });
    }

    /** A message has its number: its ack has come, or its event. `isLive`: not from the replay. */
    settle(id, answer, isLive = false) {
        const entry = this.#outbox.get(id);
        if (!entry) return;
        if (isLive && entry.isInFlight) this.#confirmName();
        this.#outbox.remove(entry);
        entry.resolve(answer);
        this.#pump();
    }

    /** Somebody came or went. @returns {boolean} whether that was this connection */
    onPresence({ event_type: type, id, name }) {
        const entry = this.#outbox.get(id);
        const joining = entry?.kind === 'join' && [this.#name, entry.name].includes(name) ? entry : null;
        // The name alone proves nothing: while it is refused here, somebody else comes and goes under it.
        const isOwn = joining !== null || (id === this.#joinId && name === this.#name);
        if (joining && joining.step === type) this.#stepJoin(joining, type);
        else if (isOwn && type === 'join') this.#confirmName();
        return isOwn;
    }

    onError(event) {
        const id = typeof event.id === 'string' ? event.id : undefined;
        const msg = typeof event.msg === 'string' ? event.msg : null;
        const refusal = errorOf(event.error, { retryAfterMs: waitOf(event.retry_after_ms), msg });
        const { code } = refusal;
        const entry = this.#outbox.get(id);
        if (!entry && id !== this.#joinId) return this.#onOtherError(id, refusal);
        if (refusal.isTemporary) return this.#onTemporaryRefusal(entry, refusal);
        if (entry?.kind === 'join') return this.#onJoinRefused(entry, refusal);
        if (code === DUPLICATE_NAME || code === NAME_UNAUTHORIZED) return this.#onNameRefused(entry, refusal);
        if (entry) {
            this.#outbox.remove(entry);
            entry.reject(refusal);
            return this.#pump();
        }
        this.#isJoined = false; // the name or the color is invalid
        this.#on.problem({ error: refusal });
    }

    #onOtherError(id, refusal) {
        const isProbe = id?.startsWith(PROBE_PREFIX);
        const joining = isProbe ? this.#outbox.get(id.slice(PROBE_PREFIX.length)) : undefined;
        if (joining?.isInFlight && refusal.code === NAME_UNAUTHORIZED) return this.#completeJoin(joining);
        if (joining?.isInFlight && refusal.isTemporary) return this.#onTemporaryRefusal(joining, refusal);
        if (!isProbe) this.#on.problem(id === undefined ? { error: refusal } : { error: refusal, id });
    }

    /** The flood limit, or a store that cannot store now: tries again later. Without `entry`: the join on arrival. */
    #onTemporaryRefusal(entry, refusal) {
        if (!entry) {
            this.#isJoined = false;
            this.#rejoinIn(Math.max(refusal.retryAfterMs ?? 0, REJOIN_MS));
            return;
        }
        const time = now();
        // A wait of 0 would repeat the event as fast as the network carries it.
        const askedMs = refusal.retryAfterMs >= 1 ? refusal.retryAfterMs : null;
        if (refusal instanceof RateLimitedError) this.#pacer.slowDown(time, entry.sentAt, askedMs ?? RETRY_MS);
        const backoffMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** entry.failures) * between(0.5, 1);
        entry.failures += 1;
        if (entry.kind === 'send' && refusal.reason !== null) this.#on.problem({ error: refusal, id: entry.id });
        this.#outbox.putBack(entry, time, askedMs ?? backoffMs);
        this.#pump();
    }

    // --- name and color ---

    /** The server has accepted an event under the name, if only a message behind a refused join: the name became free. */
    #confirmName() {
        if (this.#isJoined && this.#isConfirmed) return;
        this.#isJoined = this.#isConfirmed = this.#wasJoined = true;
        this.#rejoins = 0;
        clearTimeout(this.#timers.rejoin);
        this.#pump();
    }

    #sendJoin() {
        this.#joinId = randomId();
        this.#isJoined = true; // a message follows at once; if the name is refused, so is the message, and it is queued again
        this.#isConfirmed = false;
        this.#transmit({ event_type: 'join', name: this.#name, color: this.#color ?? undefined, id: this.#joinId });
    }

    #rejoinIn(ms) {
        clearTimeout(this.#timers.rejoin);
        this.#timers.rejoin = setTimeout(() => {
            // A change of name that is not answered yet decides first. If the server carries it out, a join under the old
            // name behind it is refused, and the refusal would look like one of the new name.
            if (this.#outbox.firstJoin?.isInFlight) return this.#rejoinIn(REJOIN_MS);
            this.#sendJoin();
            this.#pump();
        }, ms);
    }

    /** Sends the next event of a change of name or color. `done`: the event that was carried out, 'leave' or 'join'. */
    #stepJoin(entry, done = null) {
        if (done === 'join') return this.#completeJoin(entry);
        if (done === 'leave') this.#isJoined = entry.isUnsure = false;
        // Only the server knows which name this connection has taken over from the lost one: a leave under the old name
        // is carried out, or its refusal tells.
        const renames = (this.#isJoined || entry.isUnsure) && entry.name !== this.#name;
        if (!renames) return this.#transmitJoin(entry, this.#isJoined);
        entry.step = 'leave';
        this.#transmit({ event_type: 'leave', name: this.#name ?? entry.id, color: entry.color ?? undefined, id: entry.id });
    }

    /** `isSilent`: this connection may have the name, and the server announces new names only. */
    #transmitJoin(entry, isSilent) {
        const { id, name, color } = entry;
        entry.step = 'join';
        this.#transmit({ event_type: 'join', name, color: color ?? undefined, id });
        // Leaving under a name that nobody has is always refused, behind a refusal of the join: the server decides both in
        // their order. The refusal tells whether this connection has a name.
        if (isSilent) this.#transmit({ event_type: 'leave', name: id, id: `${PROBE_PREFIX}${id}` });
    }

    #completeJoin(entry) {
        this.#name = entry.name;
        this.#color = entry.color;
        this.#confirmName();
        this.#outbox.remove(entry);
        entry.resolve();
        if (this.#isStarted) {
            this.#on.nameChanged();
            this.#pump();
        }
    }

    /** One of the events of a change of name or color was refused. */
    #onJoinRefused(entry, refusal) {
        if (entry.step === 'leave') {
            // The old name is not in the room any more.
            if (refusal.code === USER_NOT_FOUND) return this.#stepJoin(entry, 'leave');
            // This connection has another name than the old one: the new one, if the server confirms it.
            if (refusal.code === NAME_UNAUTHORIZED && entry.isUnsure) return this.#transmitJoin(entry, true);
        }
        this.#outbox.remove(entry);
        entry.reject(refusal);
        // Back to the old name.
        if (!this.#isJoined && this.#name !== null && (this.#wasJoined || this.#joinId === null)) this.#sendJoin();
        this.#pump();
    }

    /** `entry`: the message that was refused; undefined for the join on arrival. */
    #onNameRefused(entry, refusal) {
        if (entry) this.#outbox.putBack(entry, now());
        // Otherwise a message behind the join was refused for the same reason.
        if (this.#isJoined) this.#onNameLost(refusal);
        this.#pump(); // a change of name may have waited for this answer
    }

    #onNameLost(refusal) {
        this.#isJoined = false;
        // A name that this connection had is free again once the server has noticed, and announced, that it left.
        if (this.#wasJoined && refusal instanceof DuplicateError && this.#rejoins < MAX_REJOINS) {
            this.#outbox.hold(now(), 0);
            return this.#rejoinIn(REJOIN_MS * 2 ** this.#rejoins++);
        }
        this.#on.problem({ error: refusal });
    }

    // --- sending ---

    /** Sends again, for example because the replay has ended. */
    pump() {
        this.#pump();
    }

    #newPacer() {
        return new Pacer(this.#limits.messagesPerSecond, this.#limits.messageBurst);
    }

    #transmit(event) {
        this.#pacer.take(now());
        this.#on.transmit(event);
    }

    /** Sends what may be sent now, and sets a timer for the rest. */
    #pump() {
        clearTimeout(this.#timers.pump);
        while (this.#isStarted) {
            const time = now();
            const entry = this.#outbox.next(time, !this.#isJoined, !this.#isConfirmed);
            const waitMs = entry ? this.#pacer.waitMs(time) : this.#outbox.heldMs(time);
            if (waitMs > 0) this.#timers.pump = setTimeout(() => this.#pump(), Math.min(Math.ceil(waitMs), MAX_TIMER_MS));
            if (!entry || waitMs > 0) return;
            if (entry.kind === 'join') {
                if (entry.name === undefined) entry.name = this.#name;
                if (entry.color === undefined) entry.color = this.#color;
                this.#outbox.sent(entry, time);
                this.#stepJoin(entry);
                continue;
            }
            // It was sent under another name before the loss, and may be stored under it. Ids count for one name only,
            // so it must not be sent again before the replay has shown whether it is stored.
            if (entry.name !== null && entry.name !== this.#name && this.#on.isReplaying()) return;
            entry.name = this.#name;
            this.#outbox.sent(entry, time);
            const { id, name, text } = entry;
            this.#own.add(id, name);
            this.#transmit({ event_type: 'send', name, color: this.#color ?? undefined, msg: text, id });
        }
    }
}
