// Many clients at once: all connect at the same moment, or disconnect at the same moment.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { createRoom, onlineIn, usersOf } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { connect } from '../harness/connection.js';
import { Opcode, encodeFrame } from '../harness/frames.js';
import { handshake } from '../harness/raw_socket.js';
import { startServer } from '../harness/server.js';
import { eventually, within, withResolvers } from '../harness/wait.js';

const config = { MessagesPerSecond: 0 };

const joinFrame = (name) => encodeFrame(Opcode.TEXT, JSON.stringify({ event_type: 'join', name, color: 'red' }));

/**
 * One of thousands of clients: keeps no frames, only a digest and the number of bytes after the handshake. All clients
 * get the same bytes, so their digests must be equal.
 */
class Onlooker {
    #digest = createHash('sha1');
    #head = '';
    #open = withResolvers();
    #enough = withResolvers();
    bytes = 0;
    wanted = Infinity;
    lost = null;

    constructor(socket, request) {
        this.socket = socket;
        socket.setNoDelay(true);
        socket.on('data', (bytes) => this.#take(bytes));
        socket.on('error', (error) => (this.lost = error.code));
        socket.on('close', () => {
            this.lost ??= 'closed';
            this.#open.reject(new Error(`lost before the handshake: ${this.lost}`));
            this.#enough.reject(new Error(`lost after ${this.bytes} of ${this.wanted} bytes: ${this.lost}`));
        });
        this.#open.promise.catch(() => {});
        this.#enough.promise.catch(() => {});
        socket.write(request);
    }

    static async open(server, room) {
        const onlooker = new Onlooker(await connect(server), handshake(server, `/chats/${room.id}/ws`));
        await within(onlooker.#open.promise, () => 'the handshake');
        return onlooker;
    }

    /** The digest of everything received, once that is `wanted` bytes. */
    async digestOf(wanted) {
        this.wanted = wanted;
        this.#check();
        await within(this.#enough.promise, () => `${this.bytes} of ${wanted} bytes`, 60_000);
        assert.equal(this.bytes, wanted, 'nothing beyond');
        return this.#digest.copy().digest('hex');
    }

    #take(bytes) {
        let rest = bytes;
        if (this.#head !== null) {
            this.#head += bytes.toString('latin1');
            const end = this.#head.indexOf('\r\n\r\n');
            if (end < 0) return;
            rest = bytes.subarray(bytes.length - (this.#head.length - end - 4));
            const isOpen = this.#head.startsWith('HTTP/1.1 101 ');
            if (isOpen) this.#open.resolve();
            else this.#open.reject(new Error(this.#head));
            this.#head = null;
        }
        this.bytes += rest.length;
        this.#digest.update(rest);
        this.#check();
    }

    #check() {
        if (this.bytes >= this.wanted) this.#enough.resolve();
    }
}

test('2,000 clients join one room within a second, and all receive all joins', async (t) => {
    const crowd = 2000;
    const server = await startServer(t, { config });
    const room = await createRoom(server);
    const witness = await ChatClient.open(server, room);
    const onlookers = [];
    while (onlookers.length < crowd) {
        onlookers.push(...(await Promise.all(Array.from({ length: 100 }, () => Onlooker.open(server, room)))));
    }

    const frames = onlookers.map((_, index) => joinFrame(`member ${index}`));
    const begin = performance.now();
    onlookers.forEach(({ socket }, index) => socket.write(frames[index]));
    assert.ok(performance.now() - begin < 1000, 'all joins are sent within a second');

    const names = new Set();
    while (names.size < crowd) {
        const event = await witness.next(60_000);
        assert.equal(event.event_type, 'join');
        assert.ok(!names.has(event.name), `${event.name} joined twice`);
        names.add(event.name);
    }
    witness.say('witness', 'welcome, all of you');
    await witness.find((event) => event.seq === 1, 60_000);

    // A frame of fewer than 126 bytes has 2 bytes before its text, one of fewer than 65,536 has 4.
    const wire = createHash('sha1');
    let bytes = 0;
    for (const text of witness.frames.all) {
        const frame = encodeFrame(Opcode.TEXT, text, { mask: false });
        wire.update(frame);
        bytes += frame.length;
    }
    const digest = wire.digest('hex');
    for (const onlooker of onlookers) assert.equal(await onlooker.digestOf(bytes), digest);
    assert.equal(onlookers.filter(({ lost }) => lost !== null).length, 0, 'no connection was dropped');
    assert.equal(await onlineIn(server, room), crowd + 1);

    for (const { socket } of onlookers) socket.resetAndDestroy();
    await eventually(async () => (await usersOf(server, room)).length === 1, 'everyone has left', 60_000);
});

test('500 clients connect, join and disconnect at once: 500 leaves, each once, and nothing remains', async (t) => {
    const crowd = 500;
    const rounds = 10;
    // After these, the allocator and the room's replay cache have grown to their usual size.
    const firstRounds = 4;
    const mostGrowth = (rounds - firstRounds) * crowd * 256;
    let memory = 0;
    const server = await startServer(t, { config });
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const baseline = await server.fileDescriptors();

    for (let round = 0; round < rounds; round += 1) {
        if (round === firstRounds) memory = await server.residentBytes();
        const joined = new Set();
        const left = new Set();
        const opened = Promise.all(
            Array.from({ length: crowd }, async (_, index) => {
                const socket = await connect(server);
                socket.on('error', () => {});
                socket.write(
                    Buffer.concat([
                        Buffer.from(handshake(server, `/chats/${room.id}/ws`)),
                        joinFrame(`ghost ${index}`),
                    ]),
                );
                return socket;
            }),
        );
        while (joined.size < crowd) {
            const { event_type, name } = await witness.next();
            assert.equal(event_type, 'join');
            joined.add(name);
        }
        for (const socket of await opened) socket.resetAndDestroy();
        while (left.size < crowd) {
            const { event_type, name } = await witness.next();
            assert.equal(event_type, 'leave');
            assert.ok(joined.has(name) && !left.has(name), `${name} leaves once`);
            left.add(name);
        }
        assert.deepEqual(await usersOf(server, room), ['witness'], 'the names are free');
        await eventually(async () => (await server.fileDescriptors()) <= baseline, 'the descriptors are closed');
    }
    const growth = (await server.residentBytes()) - memory;
    t.diagnostic(`the server's memory grew by ${growth} bytes`);
    assert.ok(growth < mostGrowth, `memory grew by ${growth} bytes`);
    await witness.expectSilence('witness');
    await witness.leave();
});

test('clients that disconnect before the handshake is answered leave nothing behind', async (t) => {
    const server = await startServer(t, { config });
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const baseline = await server.fileDescriptors();
    const request = Buffer.from(handshake(server, `/chats/${room.id}/ws`));
    for (let round = 0; round < 20; round += 1) {
        await Promise.all(
            Array.from({ length: 50 }, async (_, index) => {
                const socket = await connect(server);
                socket.on('error', () => {});
                const bytes = Buffer.concat([request, joinFrame(`hasty ${index}`)]);
                // Cut at different points: within the request, after it, within the first frame, after all of it.
                await new Promise((resolve) =>
                    socket.write(bytes.subarray(0, 1 + ((index * 37) % bytes.length)), resolve),
                );
                socket.resetAndDestroy();
            }),
        );
    }
    await eventually(async () => (await server.fileDescriptors()) <= baseline, 'the descriptors are closed');
    await eventually(async () => (await usersOf(server, room)).length === 1, 'only the witness is there');
    const balance = new Map();
    witness.say('witness', 'the end');
    for (;;) {
        const { event_type, name, msg } = await witness.next();
        if (msg === 'the end') break;
        const change = event_type === 'join' ? 1 : -1;
        balance.set(name, (balance.get(name) ?? 0) + change);
        assert.ok([0, 1].includes(balance.get(name)), `${name}: a leave for each join`);
    }
    assert.ok(
        [...balance.values()].every((count) => count === 0),
        'every join had its leave',
    );
    await witness.leave();
});
