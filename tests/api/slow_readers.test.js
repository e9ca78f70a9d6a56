// Clients that read slowly, or not at all (docs/protocol.md#limits).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertStatus, createRoom, remove, usersOf } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Opcode, parseFrame } from './harness/frames.js';
import { readProc } from './harness/proc.js';
import { RawSocket } from './harness/raw_socket.js';
import { isSanitized, startServer } from './harness/server.js';
import { eventually, within } from './harness/wait.js';

// Whatever the size of a chunk: at most a record with TLS, often more without.
const SLOW_BYTES_PER_SECOND = 320 * 1024;

/** A client that stops reading; counts the events that it reads later, up to the close code. */
class StalledReader {
    constructor(socket) {
        this.socket = socket;
        socket.socket.pause();
    }

    static async open(on, room) {
        const socket = await RawSocket.open(on, room);
        socket.sendEvent({ event_type: 'join', name: 'stalled' });
        await socket.nextEvent();
        return new StalledReader(socket);
    }

    /** Reads the rest: the number of events, and the close code or undefined. */
    async readOn() {
        const { socket } = this.socket;
        const chunks = [];
        const ended = new Promise((resolve) => socket.once('close', resolve));
        socket.removeAllListeners('data');
        socket.on('data', (chunk) => chunks.push(chunk));
        socket.on('end', () => socket.end());
        socket.resume();
        await within(ended, () => 'the stalled connection ends');
        const events = [];
        for (let bytes = Buffer.concat(chunks); ;) {
            const found = parseFrame(bytes);
            if (!found) return { events };
            if (found.value.opcode === Opcode.CLOSE) return { events, code: found.value.payload.readUInt16BE() };
            if (found.value.opcode === Opcode.TEXT) events.push(JSON.parse(found.value.payload.toString()));
            bytes = bytes.subarray(found.length);
        }
    }
}

test('a reader with a backlog beyond the limit is closed, and other readers miss nothing', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(own);
    const stalled = await StalledReader.open(own, room);
    const reader = await ChatClient.open(own, room);
    const sender = await ChatClient.join(own, room, 'sender');
    const memory = await own.residentBytes();

    const msg = '🎈'.repeat(4000);
    let said = 0;
    let gone = false;
    const limit = 6000; // 96 MB: far more than any kernel holds for one connection
    while (!gone && said < limit) {
        for (let batch = 0; batch < 20; batch += 1) sender.say('sender', msg);
        said += 20;
        await sender.find((event) => event.seq === said);
        gone = sender.frames.all.slice(-60).some((text) => text.includes('"stalled has left the room."'));
    }
    assert.ok(gone, `the stalled reader was still there after ${said} messages`);
    const grown = (await own.residentBytes()) - memory;
    assert.ok(isSanitized() || grown < 64 * 2 ** 20, `memory stays bounded: ${grown} bytes more`);
    assert.deepEqual(await usersOf(own, room), ['sender']);

    await reader.find((event) => event.seq === said);
    const sequence = reader.received('send').map(({ seq }) => seq);
    assert.deepEqual(
        sequence,
        Array.from({ length: said }, (_, index) => index + 1),
        'the other readers miss nothing',
    );

    const { events, code } = await stalled.readOn();
    assert.ok(code === 4008 || code === undefined, `closed with ${code}`);
    const seen = events.filter(({ event_type }) => event_type === 'send').map(({ seq }) => seq);
    assert.deepEqual(
        seen,
        Array.from({ length: seen.length }, (_, index) => index + 1),
        'no gap before the end',
    );
    await sender.leave();
    await reader.leave();
});

test('a slow client that reads on receives the close frame behind megabytes of a replay', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(own);
    const sender = await ChatClient.join(own, room, 'sender');
    const [messages, atOnce] = [640, 20]; // 10 MB: more than the kernel holds for one connection
    for (let said = atOnce; said <= messages; said += atOnce) {
        for (let batch = 0; batch < atOnce; batch += 1) sender.say('sender', '🎈'.repeat(4000));
        await sender.find((event) => event.seq === said);
    }

    const headers = { 'Sec-WebSocket-Protocol': 'globes.v1' };
    const slow = await RawSocket.open(own, room, { query: '?after=0', headers });
    slow.socket.pause();
    await eventually(() => unsentBytes(own, { socket: slow }) > 2 ** 21, 'the buffer of the kernel is full');
    assertStatus(await remove(own, `/chats/${room.id}`), 200);
    slow.socket.on('data', (chunk) => {
        slow.socket.pause();
        slow.sendFrame(Opcode.PONG, ''); // what a client sends to a closed socket resets the connection
        setTimeout(() => slow.socket.resume(), (1000 * chunk.length) / SLOW_BYTES_PER_SECOND);
    });
    slow.socket.resume();
    assert.equal(await slow.closeCode(60_000), 4504);
    slow.close();
});

/**
 * Bytes that the kernel holds for a client because it does not read (the server's side of its connection). Undefined if
 * the kernel's list does not show the connection: it is closed, or the list changed while it was read.
 */
function unsentBytes(on, client) {
    const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
    const [local, remote] = [`:${hex(on.port)}`, `:${hex(client.socket.socket.localPort)}`];
    const lines = readProc('net/tcp').split('\n').map((line) => line.trim().split(/\s+/));
    const line = lines.find(([, here, there]) => here?.endsWith(local) && there?.endsWith(remote));
    return line && parseInt(line[4].split(':')[0], 16);
}

test('a reader that takes no bytes for WriteTimeout is closed', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0, WriteTimeout: 2 } });
    const room = await createRoom(own);
    const stalled = await StalledReader.open(own, room);
    const sender = await ChatClient.join(own, room, 'sender');
    // Until the kernel accepts no more: the rest, half of the limit in bytes, waits in the server.
    const msg = '🎈'.repeat(4000);
    let held = -1;
    // On a busy machine the 2 s may pass while the kernel's buffers still fill.
    let hasLeft = false;
    const sees = (event) => (hasLeft ||= event.msg === 'stalled has left the room.');
    for (let full = 0, seq = 1; full < 30; seq += 1) {
        sender.say('sender', msg);
        await sender.find((event) => sees(event) || event.seq === seq);
        if (hasLeft) break;
        const now = unsentBytes(own, stalled);
        if (now === undefined) continue;
        full = now > 0 && now === held ? full + 1 : 0;
        held = now;
    }
    // The kernel may still accept a little more; then the 2 s start again.
    if (!hasLeft) await sender.find(sees, 60_000);
    await stalled.readOn();
    await sender.leave();
});
