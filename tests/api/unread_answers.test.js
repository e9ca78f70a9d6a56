// Clients that do not read what they have asked for: what it costs the server, and whether others notice.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertStatus, createRoom, get } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { connect } from './harness/connection.js';
import { memoryGroup } from './harness/memory_group.js';
import { readProc } from './harness/proc.js';
import { Server, isSanitized, releaseBinary, startServer } from './harness/server.js';

const ATTACKER = '127.0.0.2';
const CONNECTIONS = 100;
const MIB = 1 << 20;
/** Of a server under attack. */
const MOST_MIB = 256;

/** The most memory that the process has had at once, in MiB. */
const peakMemory = (server) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${server.pid}/status`))[1]) / 1024;

/** Sends `request` on a connection of the attacker, and reads nothing but a byte now and then. */
async function trickle(server, request) {
    const socket = await connect(server, { from: ATTACKER });
    socket.on('error', () => {});
    socket.pause();
    socket.write(request);
    const timer = setInterval(() => socket.read(1), 100);
    return () => {
        clearInterval(timer);
        socket.destroy();
    };
}

const requestFor = (server, path, headers = '') => `GET ${path} HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\n${headers}\r\n`;

test('a page of history is bounded by bytes, and paging goes on without gap or repeat', async (t) => {
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(server);
    const ann = await ChatClient.open(server, room);
    for (let count = 1; count <= 200; count += 1) ann.say('ann', '\u0001'.repeat(4096), { id: `${count}` });
    await ann.find(({ id }) => id === '200');
    const seqs = [];
    for (;;) {
        const { text, json } = await get(server, `/chats/${room.id}/events?limit=1000&after=${seqs.at(-1) ?? 0}`);
        assert.ok(Buffer.byteLength(text) < 1.1 * MIB);
        if (json.events.length === 0) break;
        seqs.push(...json.events.map(({ seq }) => seq));
    }
    assert.deepEqual(seqs, Array.from({ length: 200 }, (_, index) => index + 1));
    const newest = await get(server, `/chats/${room.id}/events?limit=1000`);
    assert.equal(newest.json.events.at(-1).seq, 200);
    assert.ok(Buffer.byteLength(newest.text) < 1.1 * MIB);
    // A replay has more than one part.
    const late = await ChatClient.resume(server, room, '?after=0');
    for (let seq = 1; seq <= 200; seq += 1) assert.equal((await late.next()).seq, seq);
    await late.leave();
    await ann.leave();
});

const OPTIONS = {
    config: { ExemptAddresses: ['127.0.0.1'], MessagesPerSecond: 0, Static: 'site' },
    files: { 'site/index.html': 'page' },
};

/** One address asks for large answers, files and replays, and does not read them. Fails if others notice. */
async function attackWithUnreadAnswers(t, server) {
    await mkdir(join(server.folder, 'site'), { recursive: true });
    await writeFile(join(server.folder, 'site/large.bin'), Buffer.alloc(64 * MIB, 'x'));
    const room = await createRoom(server);
    const ann = await ChatClient.open(server, room);
    for (let count = 1; count <= 1500; count += 1) {
        ann.say('ann', `${count} `.padEnd(4096, '\u20AC'), { id: `${count}` });
        if (count % 50 === 0) await ann.find(({ id }) => id === `${count}`);
    }
    const upgrade =
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: globes.v1\r\n';
    const attacks = [
        requestFor(server, `/chats/${room.id}/events?limit=1000`),
        requestFor(server, '/large.bin'),
        requestFor(server, `/chats/${room.id}/ws?after=0`, upgrade),
        requestFor(server, '/chats?limit=1000'),
    ];
    for (let count = 0; count < CONNECTIONS; count += 1) t.after(await trickle(server, attacks[count % attacks.length]));
    // What others ask for is answered meanwhile, large answers too.
    for (let round = 0; round < 20; round += 1) {
        const page = await get(server, `/chats/${room.id}/events?limit=1000`);
        assertStatus(page, 200);
        assert.ok(Buffer.byteLength(page.text) > MIB / 2);
        assertStatus(await get(server, '/large.bin'), 200);
        ann.say('ann', `while round ${round}`);
        await ann.find(({ msg }) => msg === `while round ${round}`);
    }
    await ann.leave();
}

test('answers, files and replays that an address does not read cost little, and others are served', async (t) => {
    const server = await startServer(t, OPTIONS);
    await attackWithUnreadAnswers(t, server);
    const peak = peakMemory(server);
    t.diagnostic(`the server had ${peak.toFixed()} MiB at most`);
    if (!isSanitized()) assert.ok(peak <= MOST_MIB, `${peak} MiB`);
});

test('in a memory group of 256 MiB, the server survives the same, and others are served', async (t) => {
    if (isSanitized()) return t.skip('a sanitizer needs more memory');
    const server = new Server(OPTIONS);
    t.after(() => server.finish());
    const group = memoryGroup(releaseBinary, MOST_MIB);
    if (!group) return t.skip('no memory group can be created here');
    await server.start({ binary: group.program });
    await attackWithUnreadAnswers(t, server);
    server.assertAlive();
    const peak = group.peak() / MIB;
    t.diagnostic(`the group had ${peak.toFixed()} MiB at most, with cached files`);
    assert.ok(peak <= MOST_MIB, `${peak} MiB`);
});
