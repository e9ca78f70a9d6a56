// Answers that the attacker does not read, but for a byte now and then.
import { Opcode, encodeFrame } from '../../api/harness/frames.js';
import { requestOf } from '../connections.js';

const CONNECTIONS = 100;
const PONG = encodeFrame(Opcode.PONG);
const RESUMING = { 'Sec-WebSocket-Protocol': 'globes.v1' };

/** More than the kernel holds for a connection. */
const AT_ONCE = 8;

const unread = (path) => (attacker, scene) => {
    const requests = requestOf(scene, typeof path === 'function' ? path(scene.rooms) : path).repeat(AT_ONCE);
    attacker.keep(CONNECTIONS, async (line) => {
        line.trickle('G');
        await line.write(requests, AT_ONCE);
    });
};

export const attacks = [
    {
        name: 'unread-history',
        what: 'asks for the longest page of history',
        refused: { limit: ['unread_bytes', 'history'] },
        run: unread(({ long }) => `/chats/${long}/events?limit=1000`),
    },
    {
        name: 'unread-files',
        what: 'asks for a large file',
        refused: { closed: true },
        config: { Static: true },
        run: unread('/large.bin'),
    },
    {
        name: 'unread-lists',
        what: 'asks for the list of 1,000 rooms',
        refused: { limit: ['unread_bytes', 'requests'] },
        run: unread('/chats?limit=1000'),
    },
    {
        name: 'unread-replays',
        what: 'resumes from the first of 1,500 long messages',
        refused: { metric: 'globes_slow_readers_closed_total' },
        run(attacker, { rooms }) {
            attacker.keep(CONNECTIONS, async (line) => {
                if (await line.upgrade(rooms.long, { query: '?after=0', headers: RESUMING })) line.trickle(PONG);
            });
        },
    },
    {
        name: 'unread-welcomes',
        what: 'enters a room of 200 members, whose list the welcome contains',
        refused: { limit: 'open_connections' },
        run(attacker, { rooms }) {
            attacker.keep(2 * CONNECTIONS, async (line) => {
                if (await line.upgrade(rooms.crowd, { headers: RESUMING })) line.trickle();
            });
        },
    },
    {
        name: 'unread-pipeline',
        what: 'sends requests without end and reads no answer',
        refused: { closed: true },
        run(attacker, scene) {
            const requests = requestOf(scene, '/chats/2').repeat(100);
            attacker.keep(CONNECTIONS, async (line) => {
                line.trickle();
                await line.flood(requests, 100);
            });
        },
    },
];
