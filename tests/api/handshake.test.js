// The opening handshake: RFC 6455, tokens, subprotocols (docs/protocol.md#opening-the-socket).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, createPrivateRoom, createRoom, request, takeToken } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection, exchange } from './harness/connection.js';
import { Opcode, encodeFrame } from './harness/frames.js';
import { RawSocket, handshake } from './harness/raw_socket.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer();
const LOBBY = { id: 1 };

const shake = (headers, path = '/chats/1/ws', requestLine) =>
    exchange(server, handshake(server, path, headers, requestLine));

test('a handshake is answered as RFC 6455 requires', async () => {
    const answer = await shake({});
    assert.equal(answer.status, 101);
    assert.equal(answer.headers.upgrade.toLowerCase(), 'websocket');
    assert.equal(answer.headers.connection.toLowerCase(), 'upgrade');
    assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    assert.equal(answer.headers['sec-websocket-protocol'], undefined);
    assert.equal(answer.headers['sec-websocket-extensions'], undefined);
});

test('header names and tokens of a handshake may be in any case and in lists', async () => {
    const headers = { Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' };
    assert.equal((await shake(headers)).status, 101);
    assert.equal((await shake({ Upgrade: 'h2c, websocket' })).status, 101);
});

test('a handshake may arrive byte by byte, followed at once by the first frame', async () => {
    const { id } = await createRoom(server);
    const connection = await Connection.open(server);
    const event = encodeFrame(Opcode.TEXT, JSON.stringify({ event_type: 'join', name: 'hasty' }));
    const bytes = Buffer.concat([Buffer.from(handshake(server, `/chats/${id}/ws`)), event]);
    await connection.writeByteByByte(bytes);
    assert.equal((await connection.response()).status, 101);
    connection.close();
    const together = await Connection.open(server);
    together.write(bytes);
    assert.equal((await together.response()).status, 101);
    const raw = await together.take(
        (unread) => (unread.includes('hasty entered the room.') ? { value: true, length: unread.length } : null),
        'the join',
    );
    assert.ok(raw);
    together.close();
});

test('a handshake without Upgrade is 426', async () => {
    const answer = await request(server, 'GET', '/chats/1/ws');
    assertError(answer, 426, 301);
    assert.equal(answer.headers['sec-websocket-version'], '13');
    assertError(await shake({ Upgrade: null }), 426, 301);
    assertError(await shake({ Upgrade: 'h2c' }), 426, 301);
    const head = await request(server, 'HEAD', '/chats/1/ws');
    assert.equal(head.status, 426);
    assert.equal(head.headers['sec-websocket-version'], '13');
});

test('Upgrade is ignored in HTTP/1.0', async () => {
    // RFC 9110, 7.8.
    assertError(await shake({}, '', 'GET /chats/1/ws HTTP/1.0'), 426, 301);
});

test('a handshake of another version is 426 with the supported version', async () => {
    for (const version of ['8', '12', '14', '130', 'x', '']) {
        const answer = await shake({ 'Sec-WebSocket-Version': version });
        assertError(answer, 426, 301);
        assert.equal(answer.headers['sec-websocket-version'], '13');
    }
});

test('a handshake with any other fault is 400', async () => {
    const faults = [
        { 'Sec-WebSocket-Key': null },
        { 'Sec-WebSocket-Key': '' },
        { 'Sec-WebSocket-Key': 'nonsense' },
        { 'Sec-WebSocket-Key': 'c2hvcnQ=' },
        { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' },
        { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] },
    ];
    for (const headers of faults) {
        const answer = await shake(headers);
        assert.equal(answer.status, 400, JSON.stringify(headers));
        assertError(answer, 400, 301);
    }
});

test('a handshake whose Connection does not contain Upgrade is refused', async () => {
    for (const connection of ['keep-alive', null]) {
        const answer = await shake({ Connection: connection });
        assertError(answer, answer.status === 426 ? 426 : 400, 301);
    }
});

test('a handshake with a method other than GET is 405', async () => {
    assertError(await shake({ 'Content-Length': '0' }, '', 'POST /chats/1/ws HTTP/1.1'), 405, 502);
});

test('a handshake finds a room by title too; an unknown room or path is 404', async () => {
    const room = await createRoom(server, { title: 'By title / with slash' });
    assert.equal((await shake({}, `/chats/${encodeURIComponent(room.title)}/ws`)).status, 101);
    assertError(await shake({}, '/chats/4711/ws'), 404, 101);
    assertError(await shake({}, '/chats/1/websocket'), 404, 501);
});

test('after a refused handshake the connection can be used for another request', async () => {
    const connection = await Connection.open(server);
    connection.write('GET /chats/1/ws HTTP/1.1\r\nHost: localhost\r\n\r\nGET /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await connection.response()).status, 426);
    assert.equal((await connection.response()).status, 200);
    connection.close();
});

test('compression is never negotiated', async () => {
    const offer = 'permessage-deflate; client_max_window_bits';
    const socket = await RawSocket.open(server, LOBBY, { headers: { 'Sec-WebSocket-Extensions': offer } });
    assert.equal(socket.opening.headers['sec-websocket-extensions'], undefined);
    socket.sendFrame(Opcode.TEXT, '{}', { rsv: 4 });
    assert.equal(await socket.closeCode(), 1002);
    await socket.ended();
});

// Tokens.

test('private and hidden rooms need a token before the upgrade', async () => {
    for (const visibility of ['private', 'hidden']) {
        const room = await createPrivateRoom(server, { visibility });
        const other = await createPrivateRoom(server, { visibility });
        const path = `/chats/${room.id}/ws`;
        const strange = await takeToken(server, other, 'ada');
        assertError(await shake({}, path), 403, 403, 'token');
        assertError(await shake({ 'Sec-WebSocket-Protocol': strange }, path), 403, 403, 'token');
        assertError(await shake({ 'Sec-WebSocket-Protocol': 'nonsense' }, path), 403, 403, 'token');
        assertError(await shake({ Authorization: `Bearer ${strange}` }, path), 403, 403, 'token');
        assertError(await shake({ 'Sec-WebSocket-Protocol': 'globes.v1' }, path), 403, 403, 'token');
    }
});

test('four tokens may be offered, and more are refused before the room is looked up', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const path = `/chats/${room.id}/ws`;
    const others = (count) => Array(count).fill('eyJhbGciOiJIUzI1NiJ9.e30.a').join(', ');
    assert.equal((await shake({ 'Sec-WebSocket-Protocol': `${others(3)}, ${token}` }, path)).status, 101);
    assertError(await shake({ 'Sec-WebSocket-Protocol': `${others(4)}, ${token}` }, path), 400, 301);
    assertError(await shake({ 'Sec-WebSocket-Protocol': others(5) }, '/chats/no%20room/ws'), 400, 301);
});

test('a token is returned as the subprotocol, byte for byte', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const answer = await shake({ 'Sec-WebSocket-Protocol': token }, `/chats/${room.id}/ws`);
    assert.equal(answer.status, 101);
    assert.equal(answer.headers['sec-websocket-protocol'], token);
});

test('a token may be in a header instead, and then no subprotocol is chosen', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const answer = await shake({ Authorization: `Bearer ${token}` }, `/chats/${room.id}/ws`);
    assert.equal(answer.status, 101);
    assert.equal(answer.headers['sec-websocket-protocol'], undefined);
});

test('a token is found next to globes.v1 in any order and number of lines', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const offers = [`globes.v1, ${token}`, `${token},globes.v1`, ['globes.v1', token], [token, 'globes.v1']];
    for (const offer of offers) {
        const answer = await shake({ 'Sec-WebSocket-Protocol': offer }, `/chats/${room.id}/ws`);
        assert.equal(answer.status, 101, answer.text);
        const chosen = answer.headers['sec-websocket-protocol'];
        assert.ok(chosen === undefined || chosen === token || chosen === 'globes.v1', `chosen: ${chosen}`);
    }
});

test('a token is found in any position, and only it is selected', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const other = await takeToken(server, await createPrivateRoom(server), 'ada');
    const path = `/chats/${room.id}/ws`;
    for (const offer of [`Bearer, ${token}`, `chat, globes.guest.abc, ${token}, x`, `${other}, ${token}`, `${token}, ${other}`]) {
        const answer = await shake({ 'Sec-WebSocket-Protocol': offer }, path);
        assert.equal(answer.status, 101, answer.text);
        assert.equal(answer.headers['sec-websocket-protocol'], token, offer);
    }
    assertError(await shake({ 'Sec-WebSocket-Protocol': `Bearer, ${other}` }, path), 403, 403, 'token');
    const both = await shake({ Authorization: `Bearer ${token}`, 'Sec-WebSocket-Protocol': token }, path);
    assert.equal(both.headers['sec-websocket-protocol'], token);
    const mixed = await shake({ Authorization: `Bearer ${other}`, 'Sec-WebSocket-Protocol': token }, path);
    assertError(mixed, 403, 403, 'token');
});

test('a public room selects nothing but globes.v1 and tokens', async () => {
    const token = await takeToken(server, await createPrivateRoom(server), 'ada');
    const selected = async (offer) => {
        const answer = await shake({ 'Sec-WebSocket-Protocol': offer });
        assert.equal(answer.status, 101, answer.text);
        return answer.headers['sec-websocket-protocol'];
    };
    for (const offer of ['chat', 'Bearer', 'undefined', 'globes.guest.abc', 'globes.session.abc', 'chat, superchat']) {
        assert.equal(await selected(offer), undefined, offer);
    }
    assert.equal(await selected(token), token, 'a browser that offers only its token stays connected');
    assert.equal(await selected(`Bearer, ${token}`), token);
    assert.equal(await selected(`${token}, globes.guest.abc, globes.v1`), 'globes.v1');
});

test('a token never reaches the log', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const ada = await ChatClient.join(server, room, 'ada', { token });
    await ada.leave();
    assertError(await shake({ 'Sec-WebSocket-Protocol': `${token}x` }, `/chats/${room.id}/ws`), 403, 403, 'token');
    assert.ok(!server.log.includes(token));
});
