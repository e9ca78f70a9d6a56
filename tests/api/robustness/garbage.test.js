// Seeded random input at every layer, while a canary room works without any fault and nothing remains.
// With GLOBES_ASAN_BINARY: 50,000 inputs against that server. Without: fewer, against the release, whose memory is
// checked too (sanitizers keep freed memory).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom, get, usersOf } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { connect } from '../harness/connection.js';
import { closePayload, encodeFrame, Opcode } from '../harness/frames.js';
import { Random } from '../harness/random.js';
import { handshake } from '../harness/raw_socket.js';
import { isSanitized, releaseBinary, startServer } from '../harness/server.js';
import { eventually } from '../harness/wait.js';

const sanitized = process.env.GLOBES_ASAN_BINARY;
const INPUTS = sanitized || process.env.GLOBES_LONG === '1' ? 50_000 : 9_000;
const SEED = 0x610be5;
const AT_ONCE = 40;
const EVENTS_PER_CONNECTION = 20;
const MEMORY_SLACK = 32 * 2 ** 20;

const REQUESTS = [
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /chats?limit=10&after=3 HTTP/1.1\r\nHost: localhost\r\nAccept: text/html;q=0.5, application/json\r\n\r\n',
    'HEAD /chats/Public%20Chat HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /chats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 45\r\n\r\n{"title":"some title","visibility":"secret"}\r\n',
    'POST /chats HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n{"tit\r\n4\r\nle":\r\n0\r\nX: y\r\n\r\n',
    'PUT /chats/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"title":"other"}',
    'DELETE /chats/1 HTTP/1.0\r\nAuthorization: Bearer a.b.c\r\n\r\n',
    'OPTIONS /chats/1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://x\r\nAccess-Control-Request-Method: PUT\r\n\r\n',
    'GET /chats/2/token/renew HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer eyJhbGciOiJub25lIn0.eyJyb29tX2lkIjoyfQ.\r\n\r\n',
    'POST /chats HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n{}\n',
    'GET /chats/1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: globes.v1, a.b.c\r\nOrigin: http://x\r\n\r\n',
];

const EVENTS = [
    '{"event_type":"join","name":"mallory","color":"red"}',
    '{"event_type":"send","name":"mallory","color":"#abc","msg":"hi","id":"x"}',
    '{"event_type":"leave","name":"mallory"}',
    '{"event_type":"send","name":"\\u00fc\\ud83c\\udf88","msg":"\\"quoted\\" \\\\ \\n","secret":"x","more":[1,2.5e3,null,{"a":true}]}',
];

/** Writes, ends its side, and waits until the server has ended the connection; if it does not, drops the connection. */
async function throwAt(server, bytes) {
    const socket = await connect(server);
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.end(bytes);
    const patience = setTimeout(() => socket.resetAndDestroy(), 3000);
    await closed;
    clearTimeout(patience);
}

function garbageRequest(random) {
    if (random.chance(15)) return random.bytes(random.between(1, 600));
    const count = random.between(1, 3);
    return random.mutate(Buffer.concat(Array.from({ length: count }, () => Buffer.from(random.pick(REQUESTS)))));
}

function someFrame(random) {
    const payload = random.chance(50) ? random.pick(EVENTS) : random.bytes(random.below(200));
    const odd = random.chance(30);
    return encodeFrame(
        random.pick([
            Opcode.CONTINUATION,
            Opcode.TEXT,
            Opcode.TEXT,
            Opcode.BINARY,
            Opcode.CLOSE,
            Opcode.PING,
            Opcode.PONG,
        ]),
        payload,
        {
            fin: !random.chance(30),
            rsv: odd && random.chance(30) ? random.below(8) : 0,
            mask: !(odd && random.chance(30)),
            lengthBytes: odd && random.chance(30) ? random.pick([2, 8]) : undefined,
        },
    );
}

function garbageFrames(random, opening) {
    const frames = Array.from({ length: random.between(1, 8) }, () => someFrame(random));
    const bytes = random.chance(30) ? random.bytes(random.between(1, 400)) : Buffer.concat(frames);
    return Buffer.concat([opening, random.chance(50) ? random.mutate(bytes) : bytes]);
}

/** Valid frames with invalid events. */
function garbageEvents(random, opening, count) {
    const frames = Array.from({ length: count }, () => {
        const text = random.mutate(random.pick(EVENTS)).toString('utf8');
        return encodeFrame(Opcode.TEXT, text);
    });
    return Buffer.concat([opening, ...frames, encodeFrame(Opcode.CLOSE, closePayload(1000))]);
}

test(`${INPUTS} random inputs change nothing for a canary room`, { timeout: 900_000 }, async (t) => {
    const binary = sanitized ?? releaseBinary;
    const server = await startServer(t, { binary, config: { MessagesPerSecond: 0, ReadTimeout: 2 } });
    const pit = await createRoom(server, { title: 'Pit' });
    const canary = await createPrivateRoom(server, { title: 'Canary', owner: true });
    const token = canary.owner_token;
    const bird = await ChatClient.join(server, canary, 'owner', { token });
    const opening = Buffer.from(handshake(server, `/chats/${pit.id}/ws`));

    let songs = 0;
    const sing = async () => {
        const event = await bird.expectSilence('owner');
        songs += 1;
        assert.equal(event.seq, songs);
    };

    /** As many inputs as `count`, of all kinds, `AT_ONCE` connections at a time. */
    async function shower(random, count) {
        let left = count;
        const worker = async () => {
            while (left > 0) {
                // A third of all inputs of each kind; many events share a connection.
                const kind = random.below(2 * EVENTS_PER_CONNECTION + 1);
                if (kind < EVENTS_PER_CONNECTION) {
                    left -= 1;
                    await throwAt(server, garbageRequest(random));
                } else if (kind < 2 * EVENTS_PER_CONNECTION) {
                    left -= 1;
                    await throwAt(server, garbageFrames(random, opening));
                } else {
                    const count = Math.min(left, EVENTS_PER_CONNECTION);
                    left -= count;
                    await throwAt(server, garbageEvents(random, opening, count));
                }
            }
        };
        let raining = true;
        const rain = Promise.all(Array.from({ length: AT_ONCE }, worker)).finally(() => (raining = false));
        while (raining) {
            await sing();
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await rain;
    }

    const settled = async () => {
        await eventually(async () => (await usersOf(server, pit)).length === 0, 'the pit is empty');
    };

    // Everything that is allocated only once is allocated by then.
    await shower(new Random(SEED ^ 1), Math.floor(INPUTS / 5));
    await settled();
    const descriptors = await server.fileDescriptors();
    const memory = await server.residentBytes();

    await shower(new Random(SEED), INPUTS);
    await settled();
    await eventually(async () => (await server.fileDescriptors()) <= descriptors, 'the descriptors are closed');
    if (!isSanitized(binary)) {
        const grown = (await server.residentBytes()) - memory;
        assert.ok(grown < MEMORY_SLACK, `${grown} bytes more than before`);
    }
    await sing();
    assert.deepEqual(await usersOf(server, canary, token), ['owner']);
    assert.equal((await get(server, '/chats/1')).json.title, 'Public Chat');
    assert.ok(!server.log.includes(PASSWORD));
    await bird.leave();
});
