// More requests, or more expensive ones, than anybody needs.
import { postOf, requestOf } from '../connections.js';

const CONNECTIONS = 100;

/** Requests of one kind on all connections. `next(scene, count)` makes one. */
const flood = (next, window) => (attacker, scene) => {
    let count = 0;
    attacker.keep(CONNECTIONS, (line) => line.pipeline(() => next(scene, (count += 1)), window));
};

const CROSS_SITE = 'Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nContent-Type: text/plain\r\n';

/** Header lines that fill the limit. */
const MANY_HEADERS = Array.from({ length: 700 }, (_, index) => `X-${index}: ${'x'.repeat(12)}\r\n`).join('');
// As long as the server verifies one, and with a signature as long as a real one.
const FORGED_SIGNATURE = 'abc'.padEnd(43, 'd');
const LONG_TOKEN = `Authorization: Bearer ${'eyJh'.repeat(900)}.${'eyJh'.repeat(100)}.${FORGED_SIGNATURE}\r\n`;
const SHORT_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.e30.a';
const UPGRADE =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const MANY_TOKENS = `${UPGRADE}Sec-WebSocket-Protocol: ${Array(550).fill(SHORT_TOKEN).join(',')}\r\n`;

export const attacks = [
    {
        name: 'requests',
        what: 'asks for a room without end',
        refused: { limit: 'requests' },
        run: flood((scene) => requestOf(scene, `/chats/${scene.rooms.users}`)),
    },
    {
        name: 'lists',
        what: 'asks for the list of 1,000 rooms without end',
        refused: { limit: 'requests' },
        run: flood((scene) => requestOf(scene, '/chats?limit=1000'), 2),
    },
    {
        name: 'history',
        what: 'reads the longest page of history without end',
        refused: { limit: 'history' },
        run: flood((scene) => requestOf(scene, `/chats/${scene.rooms.long}/events?limit=1000`), 2),
    },
    {
        name: 'history-here',
        what: 'reads the history of the room of the users without end',
        refused: { limit: 'history' },
        run: flood((scene) => requestOf(scene, `/chats/${scene.rooms.users}/events?limit=1000`), 2),
    },
    {
        name: 'pages',
        what: 'loads the page without end',
        refused: { limit: 'requests' },
        run: flood((scene) => requestOf(scene, '/', { headers: 'Accept: text/html\r\n' })),
    },
    {
        name: 'files',
        what: 'asks for a large file, and reads it',
        refused: null,
        config: { Static: true },
        run: flood((scene) => requestOf(scene, '/large.bin'), 1),
    },
    {
        name: 'probes',
        what: 'asks for `/health` and `/ready` without end',
        refused: { limit: 'probes' },
        run: flood((scene, count) => requestOf(scene, count % 2 ? '/health' : '/ready')),
    },
    {
        name: 'metrics',
        what: 'asks for `/metrics` without end',
        refused: { limit: 'requests' },
        run: flood((scene) => requestOf(scene, '/metrics')),
    },
    {
        name: 'rooms',
        what: 'creates rooms without end',
        refused: { limit: 'rooms' },
        run: flood((scene, count) =>
            postOf(scene, '/chats', { title: `Flood ${process.pid} ${count}`, visibility: 'public' }),
        ),
    },
    {
        name: 'changes',
        what: 'changes a public room without an owner without end',
        refused: { limit: 'requests' },
        run: flood(({ rooms, ...scene }, count) =>
            postOf(scene, `/chats/${rooms.firstListed}`, { description: `Changed ${count}` }, { method: 'PUT' }),
        ),
    },
    {
        name: 'titles',
        what: 'asks for rooms by their long, nearly equal titles',
        refused: { limit: 'requests' },
        run: flood((scene, count) => {
            const title = `${count % scene.rooms.listed}`.padStart(70, '\u20AC');
            return requestOf(scene, `/chats/${encodeURIComponent(title)}`);
        }),
    },
    {
        name: 'guesses',
        what: 'guesses titles of hidden rooms',
        refused: { limit: 'guesses' },
        run: flood((scene, count) => requestOf(scene, `/chats/nobody%20${count}`)),
    },
    {
        name: 'cross-site',
        what: 'creates rooms as a page of another site',
        refused: { status: 403 },
        run: flood((scene) => postOf(scene, '/chats', { title: 'Foreign' }, { headers: CROSS_SITE })),
    },
    {
        name: 'hosts',
        what: 'asks under names of other hosts, each of which the log would name',
        refused: { status: 421 },
        run: flood((scene, count) => requestOf(scene, '/chats/2', { host: `${count}.evil.example` })),
    },
    {
        name: 'deep-json',
        what: 'creates rooms with a body of 32,000 nested arrays',
        refused: { limit: 'requests' },
        run: flood((scene) => postOf(scene, '/chats', `{"title":${'['.repeat(32_000)}${']'.repeat(32_000)}}`), 1),
    },
    {
        name: 'headers',
        what: 'sends 14 KiB of headers with each request',
        refused: { limit: 'requests' },
        run: flood((scene) => requestOf(scene, '/chats/2', { headers: MANY_HEADERS }), 2),
    },
    {
        name: 'tokens',
        what: 'sends a forged token of 4 KiB with each request for a private room',
        refused: { limit: 'requests' },
        run: flood(
            (scene) => requestOf(scene, `/chats/${scene.rooms.privateRooms[0]}/events`, { headers: LONG_TOKEN }),
            2,
        ),
    },
    {
        name: 'offered-tokens',
        what: 'offers 550 forged tokens with each upgrade to a WebSocket of a private room',
        refused: { status: 400 },
        run: flood((scene) => requestOf(scene, `/chats/${scene.rooms.privateRooms[0]}/ws`, { headers: MANY_TOKENS }), 2),
    },
    {
        name: 'chunks',
        what: 'sends bodies in chunks of one byte',
        refused: { limit: 'requests' },
        run: flood(
            (scene) =>
                requestOf(scene, '/chats', { method: 'POST', headers: 'Transfer-Encoding: chunked\r\n' }) +
                `${'1\r\nx\r\n'.repeat(3000)}0\r\n\r\n`,
            1,
        ),
    },
];
