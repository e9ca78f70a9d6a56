// The types of globes.js, and with them its contract: what every call promises, in which units, and how it fails. Times
// of events are the server's own texts (RFC 3339, UTC, six digits of fraction); a `seq` numbers the messages of a room.

// --- what the server speaks of ---------------------------------------------------------------------------------------

export type Visibility = 'public' | 'private' | 'hidden';

export interface RoomUser {
    username: string;
    color: string;
    last_activity: string;
}

export interface Room {
    id: number;
    title: string;
    description: string;
    visibility: Visibility;
    createdAt: string;
    updatedAt: string;
    /** Who is in the room; not in lists. Empty for a private or hidden room that was asked for without its token. */
    users?: RoomUser[];
    /** How many are in the room; in lists only. */
    online?: number;
    /** Seconds for which messages are kept; absent: the server's default. */
    retention?: number;
    /** How many messages are kept; absent: the server's default. */
    max_events?: number;
    /** Only in the answer to `rooms.create`, where the room got an owner: keep it, nothing else proves ownership. */
    owner_token?: string;
}

export interface NewRoom {
    title: string;
    description?: string;
    /** Default: public. */
    visibility?: Visibility;
    /** Needed for private and hidden rooms, refused for public ones. */
    password?: string;
    /** True: only who has the `owner_token` of the answer may change or delete the room. */
    owner?: boolean;
    /** The owner's name in their token; "owner" where it is left out. */
    name?: string;
    retention?: number;
    max_events?: number;
}

/** A room's id, its title, or the room itself. Digits only are an id. Anything else is an InvalidContentError. */
export type RoomRef = number | string | Pick<Room, 'id'>;

export interface Token {
    /** The JWT. It opens one room for one name. */
    token: string;
    name: string;
    roomId: number;
    /** By the server's clock. */
    expiresAt: Date;
}

/** A message (`send`, with `seq`), or somebody coming or going (`join` and `leave`, without). */
export interface RoomEvent {
    event_type: 'send' | 'join' | 'leave';
    name: string;
    room_id: number;
    color?: string;
    msg: string;
    time: string;
    seq?: number;
    id?: string;
}

/**
 * `isOwn`: caused by this connection; of messages also: sent by an earlier one of the same name and `storage`. It goes by
 * the ids of the newest 1000 messages and those that wait, never by the name alone, which anybody may have had before.
 */
export type SeenEvent = RoomEvent & { isOwn: boolean };

export interface HistoryPage {
    room_id: number;
    /** The oldest that is still kept. */
    first_seq: number;
    /** The newest ever given; 0 in a room where nobody said anything. */
    last_seq: number;
    /** In ascending order of `seq`. */
    events: RoomEvent[];
}

// --- errors ----------------------------------------------------------------------------------------------------------

/** Base of everything that this module rejects with; and throws, unless RangeError or TypeError are named. */
export class GlobesError extends Error {
    /** Of the server's error table, such as 202; null where the server said nothing. */
    code: number | null;
    /** The HTTP status; null for errors in chat. */
    status: number | null;
    /** The field that is to blame; null where none is. */
    field: string | null;
    /** How long to wait before another try makes sense; null where unknown. */
    retryAfterMs: number | null;
    /** Of an error in chat: the server's sentence for the person, in English. Null for all others. */
    msg: string | null;
    /** Another try may succeed: the server can't be reached, or can't do it now. Nothing was refused. */
    readonly isTemporary: boolean;
}
/** 101, 201, 501: no such room, member or path. */
export class NotFoundError extends GlobesError {}
/** 104, 204, 304: wrong password (field `secret`), not the owner, not the name of this connection. */
export class UnauthorizedError extends GlobesError {}
/** 403: the token is missing, expired, or its room has a new password. */
export class InvalidTokenError extends GlobesError {}
/** 103, 105, 203, 303, or without a code from this module itself: a value that its field does not take. */
export class InvalidContentError extends GlobesError {}
/** 102, 202: the title, or the name in the room, is taken. */
export class DuplicateError extends GlobesError {}
/** 503: too many requests, wrong passwords or messages. */
export class RateLimitedError extends GlobesError {}
/** 505: the server cannot do it now. Without a code: something other than the server has answered, such as a proxy. */
export class UnavailableError extends GlobesError {}
/** 409, of `history`: the event that `after` and `at` name is not in the room's history (any more). */
export class RewoundError extends GlobesError {}
/** More messages wait to be sent than `limits.queuedMessages`. */
export class QueueFullError extends GlobesError {}
/** The server cannot be reached, no WebSocket may be opened to it from here, or a connection has ended for good. */
export class ConnectionError extends GlobesError {
    /** How the WebSocket was closed, such as 4504; null where it was not that. */
    closeCode: number | null;
}

// --- entry -----------------------------------------------------------------------------------------------------------

export interface GlobesOptions {
    /** Default: the global one. */
    fetch?: typeof fetch;
    /** A WebSocket constructor, such as that of the package `ws`. Default: the global one. */
    WebSocket?: new (url: string, protocols?: string[]) => any;
    /**
     * Keeps the session of each room, so that a reloaded page is the same person and takes its name over at once, and one
     * that another window has replaced (4502) takes it back; and the ids of what was said, so that it is still one's own.
     * Meant for `sessionStorage`; default: none, a new page is a new person.
     */
    storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export interface Limits {
    /** Messages that may wait for their ack, sent or not. Default 500. */
    queuedMessages: number;
    /**
     * Messages on their way to the server at the same time. Default 32. They keep their order as long as the server
     * refuses none for a while; where its flood limit is tighter than the two numbers below, lower these, or set this
     * one to 1.
     */
    unackedMessages: number;
    /**
     * Own frames are spaced to stay below the server's flood limit (20 a second, bursts of 60). Default 15; 0: not at
     * all.
     */
    messagesPerSecond: number;
    /** Default 40. */
    messageBurst: number;
    /** Waits before reconnecting are random below base · 2^n, and at most the maximum. Default 500. */
    backoffBaseMs: number;
    /** Default 30000. */
    backoffMaxMs: number;
    /** What a server that goes away (1001) is given before the first try, at most. Default 1000. */
    quickReconnectMs: number;
    /** What we stay away for, at least, when the server said "too many messages" (4009). Default 5000. */
    pauseMs: number;
    /** For the welcome, and for each request that a reconnect needs. Default 10000. */
    openTimeoutMs: number;
    /** A message without an ack for so long means that the connection is dead. Default 15000. */
    ackTimeoutMs: number;
    /** After so much silence the connection is asked for a sign of life. Default 30000. */
    probeAfterMs: number;
    /** How long that may take. Default 10000. */
    probeTimeoutMs: number;
    /** After so long online, the back-off begins anew. Default 5000. */
    stableAfterMs: number;
}

export const DEFAULT_LIMITS: Readonly<Limits>;

export interface ConnectOptions {
    /** Who joins; without a name, also where a token has one, the connection only listens, and `send` rejects. */
    name?: string | null;
    /** A CSS colour word, `#rgb` or `#rrggbb`. */
    color?: string;
    /** Needed for private and hidden rooms. */
    token?: Token | string | null;
    /** How many of the newest messages come first, 0 to 1000. Default 50. */
    last?: number;
    /** Go on behind this `seq` instead; 0: from the beginning. */
    after?: number;
    /**
     * The `time` of the event `after`; keep both (`seq` and `at` of a connection). It proves that the history is still the
     * one that `after` is from: without it, a server that went back to a backup may go on where another message stood.
     */
    at?: string | null;
    /** Renew the token ahead of expiry, and late in its life before a reconnect. Default true. */
    renew?: boolean;
    /**
     * Asked for another token where the connection is lost and its own one is not good any more (`error`): it expired while
     * the device slept, or the room has another password. The connection waits, `locked`, with all that is to be sent.
     * Resolves with a token, or with null where the room is public and needs none. Where it rejects because the server
     * can't be reached, it is asked again; any other rejection ends the connection. Default: `error` ends it.
     */
    newToken?: (error: InvalidTokenError) => Promise<Token | string | null>;
    limits?: Partial<Limits>;
}

export class Globes {
    /**
     * `baseUrl`: where the server is, such as `https://chat.example.org`, also below a path: `https://example.org/chat`.
     * Default: the folder that this module was loaded from, as `globes.js`; where it is part of another script, the page's
     * own origin. Throws an InvalidContentError (field `baseUrl`) where it is none of http or https, or has a query, a hash
     * or credentials.
     */
    constructor(baseUrl?: string | URL, options?: GlobesOptions);

    readonly baseUrl: string;

    readonly rooms: {
        /** One page of the rooms that are not hidden, in ascending order of id. `limit` 1..1000, by default 100. */
        list(options?: { limit?: number; after?: number }): Promise<Room[]>;
        /** All of them, read page by page. */
        listAll(): AsyncIterable<Room>;
        get(room: RoomRef, options?: { token?: Token | string | null }): Promise<Room>;
        create(room: NewRoom): Promise<Room>;
        /** What `changes` leaves out keeps its value. */
        update(room: RoomRef, changes: Partial<NewRoom>, options?: { token?: Token | string | null }): Promise<Room>;
        /** The room, all that was said in it, and its connections are gone. */
        remove(room: RoomRef, options?: { token?: Token | string | null }): Promise<void>;
    };

    readonly tokens: {
        /** What a token says of itself, unchecked. Throws an InvalidTokenError where it is none. */
        read(token: Token | string): Token;
        /** Null for a public room, which needs none. A wrong password is an UnauthorizedError with field `secret`. */
        request(room: RoomRef, credentials: { name: string; secret: string }): Promise<Token | null>;
        /** Null for a public room. */
        renew(room: RoomRef, token: Token | string): Promise<Token | null>;
    };

    /** The newest messages, or those next to `before` or `after`. `limit` 1..1000, by default 50. */
    history(
        room: RoomRef,
        options?: {
            before?: number;
            after?: number;
            /** The `time` of the event `after`: a RewoundError says that it is not in the history any more. */
            at?: string;
            limit?: number;
            token?: Token | string | null;
        },
    ): Promise<HistoryPage>;

    /**
     * Begins to connect and answers at once; everything else is told by the connection's events. Throws where `token`
     * is no token (InvalidTokenError), `room` is no room or `name` no text (InvalidContentError), a number is out of
     * range (RangeError), or there is no WebSocket (TypeError).
     */
    connect(room: RoomRef, options?: ConnectOptions): RoomConnection;
}

// --- chat ------------------------------------------------------------------------------------------------------------

/**
 * `connecting`: a try is under way. `online`: welcomed. `waiting`: lost, the next try is at `retryAt`.
 * `offline`: as waiting, and the browser says that there is no network. `locked`: `newToken` was asked and has not answered
 * yet. `closed`: for good.
 */
export type ConnectionState = 'connecting' | 'online' | 'waiting' | 'offline' | 'locked' | 'closed';

export interface ConnectionEvents {
    /** `error`: why it is not online; null where it is, or was never tried. */
    state: { state: ConnectionState; retryAt: Date | null; error: GlobesError | null };
    /**
     * A connection was made, also after every loss. `seq` is the newest message of the room: those up to it come
     * first (where asked for), what is above is live. `resumed`: nothing was missed since the last one that was shown.
     */
    welcome: { seq: number; users: RoomUser[]; resumed: boolean };
    /**
     * Messages strictly in order of `seq`, each once, own ones included.
     */
    event: SeenEvent;
    /** Who is in the room now; the same as `users` of the connection. */
    users: { users: RoomUser[] };
    /**
     * Messages `from`..`to` will not come as events: read them by `history`, as far as they are kept. `before` is the last
     * `seq` before the gap, `now` the one that the connection goes on from.
     * `reason`: `hole`, they were not delivered; `not-resumed`, the room's history does not go on from what was shown: that
     * is not kept any more, or was replaced, as when a backup is restored. Then `reset` is true: drop what was shown, it is
     * not in the room any more, and read all of `history` that you need.
     */
    gap: { from: number; to: number; reset: boolean; reason: 'hole' | 'not-resumed'; before: number; now: number };
    /**
     * Something that did not end the connection. A DuplicateError (202) or UnauthorizedError (204) without `id`: the
     * name was refused, and messages wait until `join` brings another one.
     */
    problem: { error: GlobesError; id?: string };
    /** The token was renewed, or `newToken` brought another one. */
    token: { token: Token };
    /** The last event. `error` is null after `close()`; else its class, `code` and `closeCode` say what happened. */
    closed: { error: GlobesError | null };
}

export interface Acked {
    seq: number;
    /** It was there already, from an earlier try. */
    duplicate: boolean;
}

export class RoomConnection extends EventTarget {
    private constructor();

    readonly state: ConnectionState;
    /** When the next try is made, in states `waiting` and `offline`; else null. */
    readonly retryAt: Date | null;
    /** Null until it is known: before the first welcome, where the room was given by its title. */
    readonly roomId: number | null;
    readonly name: string | null;
    readonly color: string | null;
    /** Of the newest event that came; where to go on after a restart of the program, as `after`. */
    readonly seq: number;
    /** The time of that event, for the option `at`; null where `seq` is 0 or that event has not come itself. */
    readonly at: string | null;
    readonly users: readonly RoomUser[];
    readonly token: Token | null;
    /** How many messages wait for their ack. */
    readonly queued: number;

    /**
     * Says something: now, or as soon as there is a connection, behind what was said before. It is resent under its
     * `id` until the server has answered, so it appears once. `text` has 1 to 4096 characters. `acked` rejects when the
     * server refuses it for good, when the queue is full (QueueFullError) and when the connection closes for good; it
     * need not be looked at. `id`: 1 to 64 characters, random; the same one again is the same message, also after a
     * reload.
     */
    send(text: string, options?: { id?: string }): { id: string; acked: Promise<Acked> };

    /**
     * Takes another name or colour, behind what was said before. Resolves when it was carried out; rejects when the
     * server refuses (DuplicateError: the old name stays, or, where there was none, messages go on waiting).
     */
    join(person?: { name?: string; color?: string }): Promise<void>;

    /** Messages before `before`, by default the newest; `isOwn` is what it was when they came as events. */
    history(options?: {
        before?: number;
        after?: number;
        at?: string;
        limit?: number;
    }): Promise<{ events: SeenEvent[]; firstSeq: number; lastSeq: number }>;

    /** Tries again now instead of at `retryAt`. */
    retry(): void;

    /** Leaves the room. What waits is rejected. */
    close(): void;

    addEventListener<K extends keyof ConnectionEvents>(
        type: K,
        listener: (event: CustomEvent<ConnectionEvents[K]>) => void,
        options?: boolean | AddEventListenerOptions,
    ): void;
    addEventListener(
        type: string,
        listener: EventListenerOrEventListenerObject | null,
        options?: boolean | AddEventListenerOptions,
    ): void;
    removeEventListener<K extends keyof ConnectionEvents>(
        type: K,
        listener: (event: CustomEvent<ConnectionEvents[K]>) => void,
        options?: boolean | EventListenerOptions,
    ): void;
    removeEventListener(
        type: string,
        listener: EventListenerOrEventListenerObject | null,
        options?: boolean | EventListenerOptions,
    ): void;
}
