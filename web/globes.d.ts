// The types of globes.js, and with them its contract: what every call promises, in which units, and how it fails. Times
// of events are the server's own texts (RFC 3339, UTC, six digits of fraction); a `seq` numbers the messages of a room.

// --- the server's objects --------------------------------------------------------------------------------------------

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
    /**
     * The members of the room, in order of arrival, at most the first 200; not in lists. Empty for a private or hidden room that
     * was requested without its token.
     */
    users?: RoomUser[];
    /** The number of all members. Older servers, which list all members, send it in lists only. */
    online?: number;
    /** Seconds for which messages are kept; absent: the server's default. */
    retention?: number;
    /** The most messages that are kept; absent: the server's default. */
    max_events?: number;
    /** Only in the answer to `rooms.create`, if the room has an owner. Keep it: nothing else proves ownership. */
    owner_token?: string;
}

export interface NewRoom {
    title: string;
    description?: string;
    /** Default: public. */
    visibility?: Visibility;
    /** Needed for private and hidden rooms, refused for public ones. */
    password?: string;
    /** True: only the holder of the `owner_token` in the answer may change or delete the room. */
    owner?: boolean;
    /** The owner's name in their token; default: "owner". */
    name?: string;
    retention?: number;
    max_events?: number;
}

/** A room's id, its title, or the room itself. A string of digits is an id. Anything else causes an InvalidContentError. */
export type RoomRef = number | string | Pick<Room, 'id'>;

export interface Token {
    /** The JWT. It opens one room for one name. */
    token: string;
    name: string;
    roomId: number;
    /** By the server's clock. */
    expiresAt: Date;
}

/** A message (`send`, with `seq`), or a `join` or `leave` of a user (without `seq`). */
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
 * `isOwn`: this connection has caused it, or, for messages, an earlier one with the same name and `storage`. It is decided
 * by the ids of the newest 1000 messages and those that wait, never by the name alone, which others may have had before.
 */
export type SeenEvent = RoomEvent & { isOwn: boolean };

export interface HistoryPage {
    room_id: number;
    /** The oldest message that is still kept. */
    first_seq: number;
    /** The newest number ever used; 0 in a room without messages. */
    last_seq: number;
    /** In ascending order of `seq`. */
    events: RoomEvent[];
}

// --- errors ----------------------------------------------------------------------------------------------------------

/** The base of all errors of this module, except where a RangeError or a TypeError is named. */
export class GlobesError extends Error {
    /** The server's error code, such as 202; null if the server sent none. */
    code: number | null;
    /** The HTTP status; null for errors in chat. */
    status: number | null;
    /** The field that caused it; null if no field did. */
    field: string | null;
    /**
     * The server's sentence for the user, in English, where the code alone does not say enough: of a 505 whose cause lasts,
     * such as a nearly full disk. Null for all others.
     */
    reason: string | null;
    /** How long to wait before another attempt is useful; null if unknown. */
    retryAfterMs: number | null;
    /** For an error in chat: the server's sentence for the user, in English. Null for all others. */
    msg: string | null;
    /** Another attempt may succeed: the server cannot be reached, or cannot do it now. Nothing was refused. */
    readonly isTemporary: boolean;
}
/** 101, 201, 501: no such room, member or path. */
export class NotFoundError extends GlobesError {}
/** 104, 204, 304: wrong password (field `secret`), not the owner, not the name of this connection. */
export class UnauthorizedError extends GlobesError {}
/** 403: the token is missing or has expired, or its room has a new password. */
export class InvalidTokenError extends GlobesError {}
/** 103, 105, 203, 303, or without a code from this module itself: an invalid value of a field. */
export class InvalidContentError extends GlobesError {}
/** 102, 202: the title, or the name in the room, is taken. */
export class DuplicateError extends GlobesError {}
/** 503: too many requests, wrong passwords or messages. */
export class RateLimitedError extends GlobesError {}
/** 505: the server cannot do it now. Without a code: something other than the server has answered, such as a proxy. */
export class UnavailableError extends GlobesError {}
/** 409, of `history`: the event that `after` and `at` identify is not, or no longer, in the room's history. */
export class RewoundError extends GlobesError {}
/** More messages wait to be sent than `limits.queuedMessages`. */
export class QueueFullError extends GlobesError {}
/** The server cannot be reached, no WebSocket may be opened to it from here, or a connection has ended for good. */
export class ConnectionError extends GlobesError {
    /** The close code of the WebSocket, such as 4504; null if there is none. */
    closeCode: number | null;
}

// --- entry -----------------------------------------------------------------------------------------------------------

export interface GlobesOptions {
    /** Default: the global one. */
    fetch?: typeof fetch;
    /** A WebSocket constructor, such as that of the package `ws`. Default: the global one. */
    WebSocket?: new (url: string, protocols?: string[]) => any;
    /**
     * Keeps the session of each room: a reloaded page is the same user and takes its name over at once, and a page that
     * another window has replaced (4502) can take it back. Also keeps the ids of sent messages, so that they are still
     * own ones. Meant for `sessionStorage`; default: none, a new page is a new user.
     */
    storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export interface Limits {
    /** The most messages that wait for their ack, sent or not. Default 500. */
    queuedMessages: number;
    /**
     * The most messages in flight at the same time. Default 32. They keep their order unless the server refuses one
     * temporarily; if its flood limit is lower than the two numbers below, lower these, or set this one to 1.
     */
    unackedMessages: number;
    /**
     * The rate of sent frames, which stays below the server's flood limit (20 a second, bursts of 60). Default 15; 0: no
     * limit.
     */
    messagesPerSecond: number;
    /** Default 40. */
    messageBurst: number;
    /** Delays before a reconnect are random below base · 2^n, and at most the maximum. Default 500. */
    backoffBaseMs: number;
    /** Default 30000. */
    backoffMaxMs: number;
    /** The longest delay of the first attempt after the server went away (1001). Default 1000. */
    quickReconnectMs: number;
    /** The shortest delay after the server closed with "too many messages" (4009). Default 5000. */
    pauseMs: number;
    /** The time limit for the welcome, and for each request that a reconnect needs. Default 10000. */
    openTimeoutMs: number;
    /** A connection is dead if a message has no ack after this time. Default 15000. */
    ackTimeoutMs: number;
    /** The connection is probed after this time without a frame. Default 30000. */
    probeAfterMs: number;
    /** The time limit for the answer to a probe. Default 10000. */
    probeTimeoutMs: number;
    /** The back-off starts again after a connection was online for this time. Default 5000. */
    stableAfterMs: number;
}

export const DEFAULT_LIMITS: Readonly<Limits>;

export interface ConnectOptions {
    /** The name to join with. Without a name the connection only listens and `send` rejects, even if the token has one. */
    name?: string | null;
    /** A CSS color word, `#rgb` or `#rrggbb`. */
    color?: string;
    /** Needed for private and hidden rooms. */
    token?: Token | string | null;
    /** The number of newest messages that come first, 0 to 1000. Default 50. */
    last?: number;
    /** Continue after this `seq` instead; 0: from the beginning. */
    after?: number;
    /**
     * The `time` of the event `after`; keep both (`seq` and `at` of a connection). It proves that the history is still the
     * one that `after` is from: otherwise, after the restore of a backup, `after` may be the number of another message.
     */
    at?: string | null;
    /** Renew the token before it expires, and late in its lifetime before a reconnect. Default true. */
    renew?: boolean;
    /**
     * Called if the connection is lost and its token is not valid any more (`error`): it expired while the device slept, or
     * the room has another password. The connection is `locked` meanwhile and keeps the messages that wait. Resolves with
     * another token, or with null if the room is public. If it rejects because the server cannot be reached, it is called
     * again; any other rejection ends the connection. Default: `error` ends it.
     */
    newToken?: (error: InvalidTokenError) => Promise<Token | string | null>;
    limits?: Partial<Limits>;
}

export class Globes {
    /**
     * `baseUrl`: the server's address, such as `https://chat.example.org`, also below a path: `https://example.org/chat`.
     * Default: the folder that this module was loaded from, as `globes.js`; the page's origin if it is part of another
     * script. Throws an InvalidContentError (field `baseUrl`) unless it is an http or https URL without a query, a hash
     * and credentials.
     */
    constructor(baseUrl?: string | URL, options?: GlobesOptions);

    readonly baseUrl: string;

    readonly rooms: {
        /** One page of the rooms that are not hidden, in ascending order of id. `limit` 1..1000, by default 100. */
        list(options?: { limit?: number; after?: number }): Promise<Room[]>;
        /** All of them, requested page by page. */
        listAll(): AsyncIterable<Room>;
        get(room: RoomRef, options?: { token?: Token | string | null }): Promise<Room>;
        create(room: NewRoom): Promise<Room>;
        /** Fields that `changes` does not have keep their values. */
        update(room: RoomRef, changes: Partial<NewRoom>, options?: { token?: Token | string | null }): Promise<Room>;
        /** Deletes the room with all its messages, and closes its connections. */
        remove(room: RoomRef, options?: { token?: Token | string | null }): Promise<void>;
    };

    readonly tokens: {
        /** The claims of a token, unchecked. Throws an InvalidTokenError if it is not a token. */
        read(token: Token | string): Token;
        /** Null for a public room, which needs no token. A wrong password is an UnauthorizedError with field `secret`. */
        request(room: RoomRef, credentials: { name: string; secret: string }): Promise<Token | null>;
        /** Null for a public room, unless `token` is an owner token. */
        renew(room: RoomRef, token: Token | string): Promise<Token | null>;
        /**
         * Ends all owner tokens of the room, for the holder of one of them, and resolves with a new one. In a private or hidden
         * room, it ends the connections that used one (4501), also the caller's own.
         */
        endOwnerTokens(room: RoomRef, token: Token | string): Promise<Token>;
    };

    /** The newest messages, or those next to `before` or `after`. `limit` 1..1000, by default 50. */
    history(
        room: RoomRef,
        options?: {
            before?: number;
            after?: number;
            /** The `time` of the event `after`: a RewoundError if it is not in the history any more. */
            at?: string;
            limit?: number;
            token?: Token | string | null;
        },
    ): Promise<HistoryPage>;

    /**
     * Starts to connect and returns at once; the connection's events tell everything else. Throws if `token` is not a
     * token (InvalidTokenError), `room` is not a RoomRef or `name` not a string (InvalidContentError), a number is out of
     * range (RangeError), or there is no WebSocket (TypeError).
     */
    connect(room: RoomRef, options?: ConnectOptions): RoomConnection;
}

// --- chat ------------------------------------------------------------------------------------------------------------

/**
 * `connecting`: an attempt is under way. `online`: the server has sent its welcome. `waiting`: lost, the next attempt is
 * at `retryAt`. `offline`: as waiting, and the browser reports that there is no network. `locked`: `newToken` was called
 * and has not resolved yet. `closed`: the end.
 */
export type ConnectionState = 'connecting' | 'online' | 'waiting' | 'offline' | 'locked' | 'closed';

export interface ConnectionEvents {
    /** `error`: why it is not online; null if it is, or before the first attempt has ended. */
    state: { state: ConnectionState; retryAt: Date | null; error: GlobesError | null };
    /**
     * A connection was made, also after every loss. `seq` is the newest message of the room: messages up to it come first
     * (if requested), those above it are live. `resumed`: no message is missing since the last one that was shown.
     */
    welcome: { seq: number; users: RoomUser[]; online: number; resumed: boolean };
    /**
     * Messages strictly in order of `seq`, each once, own ones included.
     */
    event: SeenEvent;
    /** The members of the room now, and their number; the same as `users` and `online` of the connection. */
    users: { users: RoomUser[]; online: number };
    /**
     * Messages `from`..`to` will not come as events: read them with `history`, if they are kept. `before` is the last `seq`
     * before the gap, `now` the one from which the connection continues.
     * `reason`: `hole`, they were not delivered, for example because they expired before that; `not-resumed`, the room's
     * history does not continue from the messages that were shown: they are not kept any more, or a backup was restored.
     * Then `reset` is true: remove the shown messages, which are not in the room any more, and read the messages that you
     * need with `history`.
     */
    gap: { from: number; to: number; reset: boolean; reason: 'hole' | 'not-resumed'; before: number; now: number };
    /**
     * An error that did not end the connection. A DuplicateError (202) or UnauthorizedError (204) without `id`: the name
     * was refused, and messages wait for a `join` with another one. An UnavailableError with `reason` and the `id` of a
     * message: the message waits, and is sent again and again, until the server can store it.
     */
    problem: { error: GlobesError; id?: string };
    /** The token was renewed, or `newToken` resolved with another one. */
    token: { token: Token };
    /** The last event. `error` is null after `close()`; otherwise its class, `code` and `closeCode` tell the reason. */
    closed: { error: GlobesError | null };
}

export interface Acked {
    seq: number;
    /** It was stored already, by an earlier attempt. */
    duplicate: boolean;
}

export class RoomConnection extends EventTarget {
    private constructor();

    readonly state: ConnectionState;
    /** The time of the next attempt, in states `waiting` and `offline`; otherwise null. */
    readonly retryAt: Date | null;
    /** Null before the first welcome if the room was given by its title. */
    readonly roomId: number | null;
    readonly name: string | null;
    readonly color: string | null;
    /** The number of the newest event that has come; after a restart of the program, continue `after` it. */
    readonly seq: number;
    /** The time of that event, for the option `at`; null if `seq` is 0 or that event itself has not come. */
    readonly at: string | null;
    /** The members of the room. In a room of more than 200 the server lists only the first ones, and those who join later. */
    readonly users: readonly RoomUser[];
    /** The number of all members, which is larger than that of `users` if not all are listed. */
    readonly online: number;
    readonly token: Token | null;
    /** The number of messages that wait for their ack. */
    readonly queued: number;

    /**
     * Sends a message, now or as soon as there is a connection, after earlier messages. It is sent again under its `id`
     * until the server has answered, so it appears once. `text` has 1 to 4096 characters. `acked` rejects if the server
     * refuses the message for good, the queue is full (QueueFullError), or the connection closes for good; it may be
     * ignored. `id`: 1 to 64 characters, by default random; the same id is the same message, also after a reload.
     */
    send(text: string, options?: { id?: string }): { id: string; acked: Promise<Acked> };

    /**
     * Takes another name or color, after earlier messages; without `name` or `color`, that one stays as earlier calls
     * leave it. Resolves once that is done, and is requested again after a loss. Rejects if the server refuses. After a
     * refused name (DuplicateError) the connection takes the old one again; somebody else may have taken it meanwhile,
     * which is a `problem` if it stays taken. Without an old name, messages continue to wait.
     */
    join(person?: { name?: string; color?: string }): Promise<void>;

    /** Messages before `before`, by default the newest; `isOwn` as in events. */
    history(options?: {
        before?: number;
        after?: number;
        at?: string;
        limit?: number;
    }): Promise<{ events: SeenEvent[]; firstSeq: number; lastSeq: number }>;

    /** Connects now instead of at `retryAt`. */
    retry(): void;

    /** Leaves the room and rejects the messages that wait. */
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
