// Connections: many, short, or half used.
import { requestOf } from '../connections.js';

const CONNECTIONS = 100;
const MANY = 400;

/** Sends `start` and then a byte of `rest` each 100 ms. */
const drip = (start, rest) => async (line) => {
    await line.write(start);
    for (let sent = 0; line.isOpen && sent < rest.length; sent += 1) {
        await line.write(rest.slice(sent, sent + 1), 0);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
};

export const attacks = [
    {
        name: 'connections',
        what: 'opens connections and closes them, without end',
        refused: { limit: 'connections' },
        run(attacker) {
            attacker.keep(CONNECTIONS, (line) => line.end(), { pause_ms: 0 });
        },
    },
    {
        name: 'open-connections',
        what: 'has 400 connections open, and opens refused ones again',
        refused: { limit: 'open_connections' },
        run: (attacker) => attacker.keep(MANY, () => {}),
    },
    {
        name: 'upgrades',
        what: 'opens WebSockets and closes them, without end',
        refused: { limit: 'upgrades' },
        run(attacker, { rooms }) {
            attacker.keep(
                CONNECTIONS,
                async (line) => {
                    await line.upgrade(rooms.users);
                    line.end();
                },
                { pause_ms: 10 },
            );
        },
    },
    {
        name: 'sessions',
        what: 'opens WebSockets with one session secret that the server never gave',
        refused: { limit: 'open_connections' },
        run(attacker, { rooms }) {
            const options = { query: '?session=AAAAAAAAAAAAAAAAAAAAAA', headers: { 'Sec-WebSocket-Protocol': 'globes.v1' } };
            attacker.keep(MANY, (line) => line.upgrade(rooms.users, options));
        },
    },
    {
        name: 'resumes',
        what: 'resumes from the first of 1,500 long messages, and reads them, without end',
        refused: { limit: 'upgrades' },
        run(attacker, { rooms }) {
            const options = { query: '?after=0', headers: { 'Sec-WebSocket-Protocol': 'globes.v1' } };
            const bytes = 1 << 20;
            attacker.keep(
                CONNECTIONS,
                async (line) => {
                    if (!(await line.upgrade(rooms.long, options))) return;
                    line.socket.on('data', () => line.socket.bytesRead > bytes && line.end());
                },
                { pause_ms: 10 },
            );
        },
    },
    {
        name: 'slow-heads',
        what: 'sends a byte of its headers now and then',
        refused: { closed: true },
        run: (attacker, scene) => attacker.keep(CONNECTIONS, drip(requestOf(scene, '/chats').slice(0, -2), 'X-A: b\r\n'.repeat(1000))),
    },
    {
        name: 'slow-bodies',
        what: 'sends a byte of a body now and then',
        refused: { closed: true },
        run(attacker, scene) {
            const start = requestOf(scene, '/chats', { method: 'POST', headers: 'Content-Length: 60000\r\n' });
            attacker.keep(CONNECTIONS, drip(start, ' '.repeat(60_000)));
        },
    },
];
