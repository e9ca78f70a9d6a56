// Every way of disconnecting is one leave; and how the server closes connections
// (docs/protocol.md#what-everyone-receives).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertStatus, createPrivateRoom, createRoom, put, remove, takeToken, usersOf } from './harness/api.js';
import { ChatClient, roomWith } from './harness/chat_client.js';
import { Opcode, encodeFrame } from './harness/frames.js';
import { RawSocket } from './harness/raw_socket.js';
import { sharedServer, startServer } from './harness/server.js';
import { within } from './harness/wait.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

const ways = {
    'a close frame': (socket) => socket.leave(1000),
    'a close frame without waiting': (socket) => {
        socket.sendFrame(Opcode.CLOSE);
        socket.close();
    },
    'a reset': (socket) => socket.reset(),
    'the end of the stream': (socket) => socket.socket.end(),
    'the end of the stream within a frame': (socket) =>
        socket.socket.end(encodeFrame(Opcode.TEXT, 'cut off').subarray(0, 5)),
    'a fault': (socket) => socket.sendFrame(Opcode.BINARY, 'x'),
    'leave, then the end': (socket) => {
        socket.sendEvent({ event_type: 'leave', name: 'ada' });
        socket.socket.end();
    },
};
for (const [what, go] of Object.entries(ways)) {
    test(`${what} is a leave, once`, async () => {
        const [room, witness] = await roomWith(server, 'witness');
        const socket = await RawSocket.open(server, room);
        socket.sendEvent({ event_type: 'join', name: 'ada' });
        assert.equal((await witness.next()).msg, 'ada entered the room.');
        await go(socket);
        const left = await witness.next();
        assert.deepEqual([left.event_type, left.name, left.msg], ['leave', 'ada', 'ada has left the room.']);
        assert.deepEqual(await usersOf(server, room), ['witness']);
        const successor = await ChatClient.join(server, room, 'ada');
        assert.equal((await witness.next()).msg, 'ada entered the room.');
        await successor.leave();
        assert.equal((await witness.next()).msg, 'ada has left the room.');
        await witness.expectSilence('witness');
        socket.close();
        await witness.leave();
    });
}

test('a client that never joined leaves without an event', async () => {
    const [room, witness] = await roomWith(server, 'witness');
    const lurker = await ChatClient.open(server, room);
    await lurker.leave();
    const reset = await RawSocket.open(server, room);
    reset.reset();
    await witness.expectSilence('witness');
    await witness.leave();
});

// Close codes.

const tokenFor = (room, name) => takeToken(server, room, name);

test('4504: the room was deleted, for everyone', async () => {
    const room = await createPrivateRoom(server, { owner: true });
    const ada = await ChatClient.join(server, room, 'ada', { token: await tokenFor(room, 'ada') });
    const lurker = await ChatClient.open(server, room, { token: await tokenFor(room, 'ben') });
    const owner = await ChatClient.open(server, room, { token: room.owner_token });
    assertStatus(await remove(server, `/chats/${room.id}`, { token: room.owner_token }), 200);
    for (const client of [ada, lurker, owner]) assert.equal((await client.closed()).code, 4504);
});

test('4501: a new password, except for the owner', async () => {
    const room = await createPrivateRoom(server, { owner: true });
    const ada = await ChatClient.join(server, room, 'ada', { token: await tokenFor(room, 'ada') });
    const lurker = await ChatClient.open(server, room, { token: await tokenFor(room, 'ben') });
    const owner = await ChatClient.join(server, room, 'owner', { token: room.owner_token });
    assertStatus(
        await put(server, `/chats/${room.id}`, { password: 'another secret' }, { token: room.owner_token }),
        200,
    );
    for (const client of [ada, lurker]) assert.equal((await client.closed()).code, 4501);
    assert.equal((await owner.next()).msg, 'ada has left the room.');
    await owner.expectSilence('owner');
    assert.deepEqual(await usersOf(server, room, room.owner_token), ['owner']);
    await owner.leave();
});

test('4501: a public room becomes private, except for the owner', async () => {
    const room = await createRoom(server, { owner: true });
    const ada = await ChatClient.join(server, room, 'ada');
    const owner = await ChatClient.open(server, room, { token: room.owner_token });
    const change = { visibility: 'private', password: 'another secret' };
    assertStatus(await put(server, `/chats/${room.id}`, change, { token: room.owner_token }), 200);
    assert.equal((await ada.closed()).code, 4501);
    assert.equal((await owner.next()).msg, 'ada has left the room.');
    await owner.leave();
});

test('4501: a private room becomes public or hidden', async () => {
    for (const visibility of ['public', 'hidden']) {
        const room = await createPrivateRoom(server, { owner: true });
        const token = await tokenFor(room, 'ada');
        const ada = await ChatClient.join(server, room, 'ada', { token });
        const owner = await ChatClient.open(server, room, { token: room.owner_token });
        assertStatus(await put(server, `/chats/${room.id}`, { visibility }, { token: room.owner_token }), 200);
        assert.equal((await ada.closed()).code, 4501, visibility);
        assert.equal((await owner.next()).msg, 'ada has left the room.');
        await owner.leave();
    }
});

test('title and description change without closing anything', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    assertStatus(await put(server, `/chats/${room.id}`, { title: `${room.title} renamed`, description: 'new' }), 200);
    await ada.expectSilence('ada');
    await ada.leave();
});

test('1001: the server shuts down, and all messages are kept', async (t) => {
    const own = await startServer(t);
    const clients = [];
    for (let count = 0; count < 20; count += 1) clients.push(await ChatClient.open(own, { id: 1 }));
    clients[0].say('ada', 'last words');
    await clients[19].next();
    const idle = await RawSocket.open(own, { id: 1 });
    await own.stop();
    for (const client of clients) assert.equal((await client.closed()).code, 1001);
    assert.equal(await idle.closeCode(), 1001);
    await own.start();
    const ada = await ChatClient.open(own, { id: 1 });
    ada.say('ada', 'first words');
    assert.equal((await ada.next()).seq, 2);
});

test('SIGINT ends the server like SIGTERM', async (t) => {
    const own = await startServer(t);
    const ada = await ChatClient.join(own, { id: 1 }, 'ada');
    own.signal('SIGINT');
    assert.equal((await ada.closed()).code, 1001);
    assert.deepEqual(await own.ended(), { code: 0, signal: null });
});

test('a client that never answers the close frame does not delay the shutdown', async (t) => {
    const own = await startServer(t);
    const mute = await RawSocket.open(own, { id: 1 }, { allowHalfOpen: true });
    mute.socket.pause();
    await own.stop();
    mute.close();
});
