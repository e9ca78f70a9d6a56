// The rules of RFC 6455 on an open connection.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom, usersOf } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Opcode, closePayload, encodeFrame } from './harness/frames.js';
import { RawSocket } from './harness/raw_socket.js';
import { sharedServer } from './harness/server.js';
import { eventually, within } from './harness/wait.js';

const server = sharedServer();
const MESSAGE_LIMIT = 64 * 1024;

/** A client that has joined a new room; `echo` checks that the connection still works. */
async function joined() {
    const room = await createRoom(server);
    const socket = await RawSocket.open(server, room);
    socket.sendEvent({ event_type: 'join', name: 'ada' });
    await socket.nextEvent();
    const echo = async () => {
        socket.sendEvent({ event_type: 'send', name: 'ada', msg: 'still here' });
        assert.equal((await socket.nextEvent()).msg, 'still here');
    };
    return { room, socket, echo };
}

/** The frames must end the connection with one of these codes, and free the name. */
async function assertClosedBy(bytes, ...codes) {
    const { room, socket } = await joined();
    socket.write(bytes);
    const code = await socket.closeCode();
    assert.ok(codes.includes(code), `closed with ${code} instead of ${codes}`);
    socket.socket.end();
    await socket.ended();
    await eventually(async () => (await usersOf(server, room)).length === 0, 'the room is empty');
}

const event = (msg) => JSON.stringify({ event_type: 'send', name: 'ada', msg });
const text = (payload, options) => encodeFrame(Opcode.TEXT, payload, options);
const more = (payload, options) => encodeFrame(Opcode.CONTINUATION, payload, options);

test('may be fragmented, with control frames in between', async () => {
    const { socket, echo } = await joined();
    const bytes = Buffer.from(event('Grüße 🎈 in pieces'));
    socket.write(text(bytes.subarray(0, 1), { fin: false }));
    for (let at = 1; at < bytes.length; at += 1) {
        socket.write(more(bytes.subarray(at, at + 1), { fin: false }));
        if (at % 10 === 0) socket.sendFrame(Opcode.PING, `ping ${at}`);
        if (at % 15 === 0) socket.sendFrame(Opcode.PONG, 'unasked');
    }
    socket.write(more('', { fin: true }));
    const pongs = [];
    for (;;) {
        const frame = await socket.nextFrame();
        if (frame.opcode === Opcode.TEXT) {
            assert.equal(JSON.parse(frame.payload.toString()).msg, 'Grüße 🎈 in pieces');
            break;
        }
        assert.equal(frame.opcode, Opcode.PONG);
        pongs.push(frame.payload.toString());
    }
    const pinged = Array.from(
        { length: Math.floor((bytes.length - 1) / 10) },
        (_, index) => `ping ${(index + 1) * 10}`,
    );
    assert.deepEqual(pongs, pinged);
    await echo();
    await socket.leave();
});

test('may come byte by byte', async () => {
    const { socket } = await joined();
    await socket.writeByteByByte(text(event('slow')));
    assert.equal((await socket.nextEvent()).msg, 'slow');
    await socket.leave();
});

test('may come many in one segment', async () => {
    const { socket } = await joined();
    socket.write(Buffer.concat(Array.from({ length: 20 }, (_, index) => text(event(`no. ${index}`)))));
    for (let index = 0; index < 20; index += 1) assert.equal((await socket.nextEvent()).msg, `no. ${index}`);
    await socket.leave();
});

test('a ping is answered with its payload, up to 125 bytes', async () => {
    const { socket } = await joined();
    for (const payload of ['', 'x', 'p'.repeat(125), Buffer.of(0, 255, 128)]) {
        socket.sendFrame(Opcode.PING, payload);
        const pong = await socket.nextFrame();
        assert.deepEqual([pong.opcode, pong.payload], [Opcode.PONG, Buffer.from(payload)]);
    }
    await socket.leave();
});

test('an unsolicited pong is ignored', async () => {
    const { socket, echo } = await joined();
    socket.sendFrame(Opcode.PONG, 'p'.repeat(125));
    await echo();
    await socket.leave();
});

test('a message may have 64 KiB, in one frame or many', async () => {
    const { socket, echo } = await joined();
    const large = Buffer.from(event('large').padEnd(MESSAGE_LIMIT, ' '));
    socket.write(text(large));
    assert.equal((await socket.nextEvent()).msg, 'large');
    socket.write(text(large.subarray(0, 1000), { fin: false }));
    socket.write(more(large.subarray(1000, 40_000), { fin: false }));
    socket.write(more(large.subarray(40_000)));
    assert.equal((await socket.nextEvent()).msg, 'large');
    await echo();
    await socket.leave();
});

test('a frame of each length form is read', async () => {
    const { socket } = await joined();
    for (const length of [125, 126, 127, 65_535, 65_536]) {
        socket.write(text(event(`${length}`).padEnd(length, ' ')));
        assert.equal((await socket.nextEvent()).msg, `${length}`);
    }
    await socket.leave();
});

const tooLarge = Buffer.from(event('x').padEnd(MESSAGE_LIMIT + 1, ' '));
const broken = Buffer.from(event('xx').replace('xx', '\xc3\x28'), 'latin1');
const cut = Buffer.from(event('ü'));
const cutAt = cut.indexOf(0xc3) + 1;

const FATAL = {
    'an unmasked frame': [text('{}', { mask: false }), 1002],
    'an unmasked ping': [encodeFrame(Opcode.PING, '', { mask: false }), 1002],
    'reserved bit 1': [text('{}', { rsv: 4 }), 1002],
    'reserved bit 2': [text('{}', { rsv: 2 }), 1002],
    'reserved bit 3': [text('{}', { rsv: 1 }), 1002],
    'reserved opcode 3': [encodeFrame(3, 'x'), 1002],
    'reserved opcode 7': [encodeFrame(7), 1002],
    'reserved opcode 11': [encodeFrame(11), 1002],
    'reserved opcode 15': [encodeFrame(15, 'x'), 1002],
    'a ping of 126 bytes': [encodeFrame(Opcode.PING, 'p'.repeat(126)), 1002],
    'a pong of 126 bytes': [encodeFrame(Opcode.PONG, 'p'.repeat(126)), 1002],
    'a close frame of 126 bytes': [encodeFrame(Opcode.CLOSE, closePayload(1000, 'p'.repeat(124))), 1002],
    'a fragmented ping': [encodeFrame(Opcode.PING, 'x', { fin: false }), 1002],
    'a fragmented close frame': [encodeFrame(Opcode.CLOSE, closePayload(1000), { fin: false }), 1002],
    'a continuation of nothing': [more('x'), 1002],
    'a continuation after the end': [Buffer.concat([text('{', { fin: false }), more('}'), more('x')]), 1002],
    'a text within a fragmented text': [Buffer.concat([text('{', { fin: false }), text('}')]), 1002],
    'a binary within a fragmented text': [
        Buffer.concat([text('{', { fin: false }), encodeFrame(Opcode.BINARY, '}')]),
        1002,
    ],
    'a length of two bytes for 2': [text('{}', { lengthBytes: 2 }), 1002],
    'a length of eight bytes for 2': [text('{}', { lengthBytes: 8 }), 1002],
    'a length of eight bytes for 300': [text(' '.repeat(300), { lengthBytes: 8 }), 1002],
    'a length of two bytes in a ping': [encodeFrame(Opcode.PING, 'x', { lengthBytes: 2 }), 1002],
    'a length beyond 63 bits': [text('', { lengthBytes: 8, declaredLength: 2n ** 63n }), 1002],
    'a length of a gigabyte': [text('', { declaredLength: 2n ** 30n }), 1009],
    'a message of 64 KiB and a byte': [text(tooLarge), 1009],
    'fragments of 64 KiB and a byte': [
        Buffer.concat([text(tooLarge.subarray(0, 40_000), { fin: false }), more(tooLarge.subarray(40_000))]),
        1009,
    ],
    'a binary message': [encodeFrame(Opcode.BINARY, '{}'), 1003],
    'an empty binary message': [encodeFrame(Opcode.BINARY), 1003],
    'the first fragment of a binary message': [encodeFrame(Opcode.BINARY, 'x', { fin: false }), 1003],
    'broken UTF-8': [text(broken), 1007],
    'broken UTF-8 in an early fragment': [text(broken, { fin: false }), 1007],
    'UTF-8 that ends too soon': [text(cut.subarray(0, cutAt)), 1007],
    'UTF-8 broken between fragments': [Buffer.concat([text(cut.subarray(0, cutAt), { fin: false }), more('x')]), 1007],
    'an encoded surrogate': [text(Buffer.of(0xed, 0xa0, 0x80)), 1007],
    'an overlong encoding': [text(Buffer.of(0xc0, 0xaf)), 1007],
    'a code point beyond Unicode': [text(Buffer.of(0xf4, 0x90, 0x80, 0x80)), 1007],
};

for (const [what, [bytes, code]] of Object.entries(FATAL)) {
    test(`${what} closes with ${code}`, () => assertClosedBy(bytes, code));
}

test('nothing after a fatal frame is carried out', async () => {
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const socket = await RawSocket.open(server, room);
    socket.write(Buffer.concat([text('{}', { rsv: 4 }), text(event('too late'))]));
    assert.equal(await socket.closeCode(), 1002);
    await witness.expectSilence('witness');
    socket.close();
    await witness.leave();
});

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]) {
    test(`close code ${code} is answered with the same code`, async () => {
        const { socket } = await joined();
        socket.sendFrame(Opcode.CLOSE, closePayload(code, 'and a reason: ü'));
        const frame = await socket.nextFrame();
        assert.deepEqual([frame.opcode, frame.payload.readUInt16BE()], [Opcode.CLOSE, code]);
        assert.equal((await socket.ended()).length, 0);
    });
}

for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]) {
    test(`close code ${code} may not be sent`, () =>
        assertClosedBy(encodeFrame(Opcode.CLOSE, closePayload(code)), 1002));
}

test('a close frame may be empty', async () => {
    const { socket } = await joined();
    socket.sendFrame(Opcode.CLOSE);
    const frame = await socket.nextFrame();
    assert.equal(frame.opcode, Opcode.CLOSE);
    assert.ok(frame.payload.length === 0 || frame.payload.readUInt16BE() === 1000);
    assert.equal((await socket.ended()).length, 0);
});

test('a close frame of one byte or with broken UTF-8 is a fault', async () => {
    await assertClosedBy(encodeFrame(Opcode.CLOSE, 'x'), 1002);
    const reason = Buffer.concat([closePayload(1000), Buffer.of(0xc3, 0x28)]);
    await assertClosedBy(encodeFrame(Opcode.CLOSE, reason), 1002, 1007);
});

test('nothing after a close frame is carried out', async () => {
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const socket = await RawSocket.open(server, room);
    socket.write(
        Buffer.concat([
            encodeFrame(Opcode.CLOSE, closePayload(1000)),
            text(event('too late')),
            encodeFrame(Opcode.PING, 'x'),
        ]),
    );
    assert.equal(await socket.closeCode(), 1000);
    assert.equal((await socket.ended()).length, 0);
    await witness.expectSilence('witness');
    await witness.leave();
});
