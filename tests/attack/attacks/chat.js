// Frames and events, in the room of the users.
import { Opcode, encodeFrame } from '../../api/harness/frames.js';

const CONNECTIONS = 100;
const AT_ONCE = 1000;

/** Opens WebSockets in the room of the users and hands them to `live`. */
const inRoom = (live, count = CONNECTIONS) => (attacker, scene) =>
    attacker.keep(count, async (line, index) => {
        if (await line.upgrade(scene.rooms.users)) await live(line, index, scene);
    });

/** The same frames again and again on every WebSocket. */
const frames = (opcode, payload, { fin = true, count = AT_ONCE } = {}) => {
    const many = Buffer.concat(Array.from({ length: count }, () => encodeFrame(opcode, payload, { fin })));
    return inRoom((line) => line.flood(many, count));
};

const text = (event) => encodeFrame(Opcode.TEXT, JSON.stringify(event));

/** Events that `next(name)` makes, in batches of ten. */
const events = (next) =>
    inRoom((line, index) => {
        const name = `mallory ${process.pid} ${index}`;
        const many = Buffer.concat(Array.from({ length: 10 }, (_, count) => text(next(name, count))));
        return line.flood(many, 10);
    });

const LONG = '\u20AC'.repeat(4096);

export const attacks = [
    {
        name: 'events',
        what: 'sends messages of 12 KB without end',
        refused: { closed: true },
        run: events((name) => ({ event_type: 'send', name, msg: LONG })),
    },
    {
        name: 'allowed-events',
        what: 'sends messages of 1 KB on 100 connections, as fast as the limits of connections allow',
        refused: { limit: 'events' },
        run: inRoom(async (line, index) => {
            const event = text({ event_type: 'send', name: `mallory ${process.pid} ${index}`, msg: 'x'.repeat(1000) });
            while (await line.write(event)) await new Promise((resolve) => setTimeout(resolve, 50));
        }),
    },
    {
        name: 'joins',
        what: 'joins and leaves without end',
        refused: { limit: 'joins' },
        run: inRoom(async (line, index) => {
            const name = `mallory ${process.pid} ${index}`;
            const both = Buffer.concat([text({ event_type: 'join', name }), text({ event_type: 'leave', name })]);
            while (await line.write(both, 2)) await new Promise((resolve) => setTimeout(resolve, 100));
        }),
    },
    {
        name: 'invalid-events',
        what: 'sends frames that are not events, without end',
        refused: { closed: true },
        run: frames(Opcode.TEXT, 'nonsense'),
    },
    {
        name: 'deep-events',
        what: 'sends events of 32,000 nested arrays without end',
        refused: { closed: true },
        run: frames(Opcode.TEXT, `{"name":${'['.repeat(32_000)}${']'.repeat(32_000)}}`, { count: 4 }),
    },
    {
        name: 'long-events',
        what: 'sends events of 64 KiB without end',
        refused: { closed: true },
        run: frames(Opcode.TEXT, `{"event_type":"send","name":"mallory","msg":"${'x'.repeat(65_000)}"}`, { count: 4 }),
    },
    { name: 'fragments', what: 'sends empty fragments without end', refused: { closed: true }, run: fragments() },
    { name: 'pongs', what: 'sends pongs without end', refused: { closed: true }, run: frames(Opcode.PONG, '') },
    { name: 'pings', what: 'sends pings without end', refused: { closed: true }, run: frames(Opcode.PING, 'x'.repeat(125)) },
    {
        name: 'half-messages',
        what: 'sends a byte of a message now and then',
        refused: { closed: true },
        run: inRoom(async (line) => {
            const frame = encodeFrame(Opcode.TEXT, 'x'.repeat(60_000));
            for (let sent = 0; line.isOpen; sent += 1) {
                await line.write(frame.subarray(sent, sent + 1), 0);
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
        }),
    },
    {
        name: 'slow-readers',
        what: 'fills the room with ten connections and reads nothing on 90',
        refused: { limit: 'stored_bytes' },
        run: inRoom(async (line, index) => {
            if (index >= 10) return line.trickle();
            const event = text({ event_type: 'send', name: `mallory ${process.pid} ${index}`, msg: LONG });
            while (await line.write(event)) await new Promise((resolve) => setTimeout(resolve, 60));
        }),
    },
    {
        name: 'silent-readers',
        what: 'reads nothing on 100 connections, and sends pings that need answers',
        refused: null,
        run: inRoom(async (line) => {
            line.trickle();
            const ping = encodeFrame(Opcode.PING, 'x'.repeat(125));
            while (await line.write(ping)) await new Promise((resolve) => setTimeout(resolve, 10));
        }),
    },
];

function fragments() {
    const start = encodeFrame(Opcode.TEXT, '', { fin: false });
    const many = Buffer.concat(Array.from({ length: AT_ONCE }, () => encodeFrame(Opcode.CONTINUATION, '', { fin: false })));
    return inRoom(async (line) => {
        await line.write(start);
        await line.flood(many, AT_ONCE);
    });
}
