// A program that uses every export of the client library, as TypeScript sees it. It is compiled and never run
// (scripts/check-types); tests/client/exports.test.js checks that no export is missing here.
import {
    ConnectionError,
    DEFAULT_LIMITS,
    DuplicateError,
    Globes,
    GlobesError,
    InvalidContentError,
    InvalidTokenError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    RewoundError,
    RoomConnection,
    UnauthorizedError,
    UnavailableError,
} from '../../../web/globes.js';
import type {
    Acked,
    ConnectOptions,
    ConnectionEvents,
    ConnectionState,
    GlobesOptions,
    HistoryPage,
    Limits,
    NewRoom,
    Room,
    RoomEvent,
    RoomRef,
    RoomUser,
    SeenEvent,
    Token,
    Visibility,
} from '../../../web/globes.js';

/** Fails to compile unless the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(isSame: Same<A, B>): void {
    void isSame;
}

const options: GlobesOptions = { fetch, WebSocket, storage: sessionStorage };
const globes = new Globes(new URL('https://example.org/chat'), options);
new Globes();
const baseUrl: string = globes.baseUrl;
// @ts-expect-error
globes.baseUrl = 'https://elsewhere.example';

async function rooms(): Promise<Room> {
    const visibility: Visibility = 'private';
    const wish: NewRoom = { title: 'Gardeners', visibility, password: 'tulips and roses', owner: true, retention: 3600 };
    const room = await globes.rooms.create(wish);
    const refs: RoomRef[] = [room, room.id, room.title, { id: 2 }];
    for (const ref of refs) await globes.rooms.get(ref, { token: room.owner_token ?? null });
    for await (const { id, title, online } of globes.rooms.listAll()) console.log(id, title, online ?? 0);
    const page: Room[] = await globes.rooms.list({ limit: 10, after: 0 });
    await globes.rooms.update(page[0]!, { description: '' }, { token: null });
    const removed: void = await globes.rooms.remove(room, { token: null });
    void removed;
    // @ts-expect-error
    await globes.rooms.create({ description: 'without a title' });
    // @ts-expect-error
    await globes.rooms.create({ title: 'Gardeners', visibility: 'secret' });
    return room;
}

async function tokens(room: Room): Promise<Token | null> {
    const token = await globes.tokens.request(room, { name: 'ada', secret: 'tulips and roses' });
    if (token === null) return null;
    const { name, roomId, expiresAt }: Token = globes.tokens.read(token.token);
    console.log(name.length, roomId + 1, expiresAt.getTime());
    same<Awaited<ReturnType<Globes['tokens']['endOwnerTokens']>>, Token>(true);
    return globes.tokens.renew(room, token);
}

async function history(room: Room): Promise<RoomEvent[]> {
    const page: HistoryPage = await globes.history(room, { before: 10, limit: 20 });
    same<HistoryPage['last_seq'], number>(true);
    return page.events;
}

function chat(room: Room, token: Token | null): RoomConnection {
    const limits: Partial<Limits> = { queuedMessages: 2 * DEFAULT_LIMITS.queuedMessages };
    const more: ConnectOptions = { name: 'ada', color: 'teal', token, last: 20, limits, newToken: async () => null };
    const connection = globes.connect(room, more);
    connection.addEventListener('state', ({ detail: { state, retryAt, error } }) => {
        same<typeof state, ConnectionState>(true);
        console.log(state, retryAt?.getTime(), error?.message);
    });
    connection.addEventListener('welcome', ({ detail }) => console.log(detail.seq, detail.users, detail.online, detail.resumed));
    connection.addEventListener('event', ({ detail }) => {
        same<typeof detail, SeenEvent>(true);
        console.log(detail.isOwn, detail.msg.trim());
    });
    connection.addEventListener('users', ({ detail }) => {
        same<typeof detail, { users: RoomUser[]; online: number }>(true);
    });
    connection.addEventListener('gap', ({ detail }) => console.log(detail.from, detail.to, detail.reset, detail.reason));
    connection.addEventListener('problem', ({ detail }) => console.log(detail.error.code, detail.id));
    connection.addEventListener('token', ({ detail }) => same<typeof detail.token, Token>(true));
    const closed = ({ detail }: CustomEvent<ConnectionEvents['closed']>) => explain(detail.error);
    connection.addEventListener('closed', closed);
    connection.removeEventListener('closed', closed);
    // @ts-expect-error
    new RoomConnection();
    return connection;
}

async function talk(connection: RoomConnection): Promise<Acked> {
    const { id, acked } = connection.send('hello');
    connection.send('hello', { id });
    await connection.join({ name: 'ada 2', color: '#2f84c6' });
    const { events, firstSeq, lastSeq } = await connection.history({ before: connection.seq });
    console.log(events.map(({ isOwn }) => isOwn), firstSeq, lastSeq, connection.at, connection.name, connection.color);
    console.log(connection.state, connection.retryAt, connection.roomId, connection.token?.name, connection.queued);
    same<RoomConnection['retryAt'], Date | null>(true);
    same<Acked, { seq: number; duplicate: boolean }>(true);
    const users: readonly RoomUser[] = connection.users;
    same<RoomConnection['online'], number>(true);
    console.log(users.length, connection.online);
    // @ts-expect-error
    connection.online = 0;
    connection.retry();
    connection.close();
    // @ts-expect-error
    connection.send(5);
    return acked;
}

function explain(error: GlobesError | null): string {
    const classes = [
        NotFoundError,
        UnauthorizedError,
        InvalidTokenError,
        InvalidContentError,
        DuplicateError,
        RateLimitedError,
        UnavailableError,
        RewoundError,
        QueueFullError,
    ];
    if (error === null) return 'closed here';
    if (error instanceof ConnectionError) return `closed with ${error.closeCode ?? 'no code'}`;
    const known = classes.some((ErrorClass) => error instanceof ErrorClass);
    same<GlobesError['code'], number | null>(true);
    return `${known} ${error.code} ${error.status} ${error.field} ${error.retryAfterMs} ${error.msg} ${error.isTemporary}`;
}

export async function main(): Promise<void> {
    const room = await rooms();
    const connection = chat(room, await tokens(room));
    const { seq, duplicate } = await talk(connection);
    console.log(baseUrl, seq, duplicate, await history(room));
}
