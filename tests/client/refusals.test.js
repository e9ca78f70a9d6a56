// What ends a connection for good, the effect of a refused name, and takeovers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, createRoom, PASSWORD, put, remove, usersOf } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { forgeToken, freshClaims } from '../api/harness/tokens.js';
import { eventually } from '../api/harness/wait.js';
import { WebSocket } from '../api/harness/websocket.js';
import { InvalidContentError, InvalidTokenError } from '../../web/globes.js';
import { memoryStorage } from './support/memory_storage.js';
import { globesAt, TestClient } from './support/test_client.js';
import { TcpProxy } from './support/tcp_proxy.js';

const server = sharedServer();

/** The connection ends with this error, which rejects waiting messages; it does not reconnect. */
async function assertEnds(client, className, properties) {
    const waiting = client.say('said into the void');
    const { error } = await client.find('closed');
    assert.equal(error.constructor.name, className, String(error));
    for (const [key, value] of Object.entries(properties)) assert.equal(error[key], value, key);
    assert.equal(client.connection.state, 'closed');
    await assert.rejects(waiting, (reason) => reason === error);
}

test('a missing room does not count as an outage', async (t) => {
    const ada = TestClient.connect(t, globesAt(server), 'No such room', { name: 'ada' });
    await assertEnds(ada, 'NotFoundError', { code: 101, status: 404 });
});

test('a missing or forged token does not count as an outage', async (t) => {
    const room = await createPrivateRoom(server);
    const none = TestClient.connect(t, globesAt(server), room, { name: 'ada' });
    await assertEnds(none, 'InvalidTokenError', { code: 403, field: 'token' });
    const token = forgeToken({ claims: freshClaims(room), key: 'guessed' });
    const forged = TestClient.connect(t, globesAt(server), room, { name: 'mallory', token });
    await assertEnds(forged, 'InvalidTokenError', { code: 403, status: 403, field: 'token' });
    assert.throws(() => globesAt(server).connect(room, { token: 'no token at all' }), InvalidTokenError);
    assert.throws(() => globesAt(server).connect(room, { last: -1 }), RangeError);
    assert.throws(() => globesAt(server).connect(room, { last: 1001 }), RangeError);
    assert.throws(() => globesAt(server).connect(room, { after: 1.5 }), RangeError);
});

test('an invalid room or name is reported at once, with its field', async (t) => {
    const globes = globesAt(server);
    const refused = (field) => (error) => error instanceof InvalidContentError && error.field === field;
    for (const none of [null, undefined, {}]) assert.throws(() => globes.connect(none, { name: 'ada' }), refused('room'));
    assert.throws(() => globes.connect(1, { name: 5 }), refused('name'));
    const listener = TestClient.connect(t, globes, await createRoom(server), { name: null, last: 1000 });
    await assert.rejects(listener.connection.join({ name: 5 }), refused('name'));
    await assert.rejects(listener.connection.join(), { name: 'UnauthorizedError' });
    await assert.rejects(listener.connection.join(null), { name: 'UnauthorizedError' });
});

test('a deleted room ends its connections (4504)', async (t) => {
    const room = await createRoom(server);
    const proxy = await TcpProxy.start(t, server);
    const ada = await TestClient.join(t, globesAt(proxy), room, 'ada');
    await remove(server, `/chats/${room.id}`);
    const { error } = await ada.find('closed');
    assert.deepEqual([error.constructor.name, error.closeCode], ['ConnectionError', 4504]);
    assert.equal(ada.all('state').length, 2, 'online and closed, no further try');
});

test('a new password ends connections and invalidates tokens (4501), and the new one opens the room', async (t) => {
    const room = await createPrivateRoom(server);
    const globes = globesAt(server);
    const token = await globes.tokens.request(room, { name: 'ada', secret: PASSWORD });
    const ada = await TestClient.join(t, globes, room, 'ada', { token });
    await put(server, `/chats/${room.id}`, { password: 'another secret' }, { token: token.token });
    const { error } = await ada.find('closed');
    assert.equal(error.closeCode, 4501);
    const late = TestClient.connect(t, globes, room, { name: 'ada', token });
    await assertEnds(late, 'InvalidTokenError', { code: 403 });
    const renewed = await globes.tokens.request(room, { name: 'ada', secret: 'another secret' });
    await TestClient.join(t, globes, room, 'ada', { token: renewed });
});

test('the same token elsewhere takes over (4502), and nobody sees a join or leave', async (t) => {
    const room = await createPrivateRoom(server);
    const globes = globesAt(server);
    const ben = await ChatClient.join(server, room, 'ben', {
        token: (await globes.tokens.request(room, { name: 'ben', secret: PASSWORD })).token,
    });
    const token = await globes.tokens.request(room, { name: 'ada', secret: PASSWORD });
    const desk = await TestClient.join(t, globes, room, 'ada', { token });
    await ben.find(({ name }) => name === 'ada');
    const phone = TestClient.connect(t, globes, room, { name: 'ada', token, color: 'blue' });
    assert.equal((await desk.find('closed')).error.closeCode, 4502);
    await phone.say('from the phone');
    const received = JSON.parse(await ben.nextText());
    assert.deepEqual([received.event_type, received.name, received.color, received.msg], ['send', 'ada', 'blue', 'from the phone']);
});

test('a reloaded page is the same user, by the session in its storage', async (t) => {
    const room = await createRoom(server);
    const kept = new Map();
    const sessions = () => [...kept].filter(([key]) => key.startsWith('globes:'));
    const storage = {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key),
    };
    const globes = globesAt(server, { storage });
    const ben = await ChatClient.join(server, room, 'ben');
    const before = await TestClient.join(t, globes, room, 'ada');
    await ben.find(({ name }) => name === 'ada');
    const after = TestClient.connect(t, globes, room, { name: 'ada' });
    await after.say('reloaded');
    assert.equal((await ben.next()).msg, 'reloaded', 'without a leave or a join before it');
    assert.equal((await before.find('closed')).error.closeCode, 4502);
    assert.equal(sessions().length, 1, 'the session of the new page is kept');

    const session = sessions();
    const other = TestClient.connect(t, globes, room, { name: 'eve' });
    await other.say('I am somebody else');
    assert.deepEqual(await usersOf(server, room), ['ben', 'ada', 'eve'], 'another name is another user');
    other.connection.close();
    assert.equal(sessions().length, 0, 'who leaves keeps no session');
    session.forEach(([key, value]) => kept.set(key, value));
    storage.getItem = storage.setItem = storage.removeItem = () => {
        throw new Error('no storage in this frame');
    };
    await TestClient.join(t, globes, room, 'fay');
});

test('a replaced connection takes its place back by the session that both started with, any number of times', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    // Two windows: the second one is a duplicate of the first, with a copy of its storage.
    const kept = [new Map(), new Map()];
    const windows = kept.map((map) => {
        const storage = {
            getItem: (key) => map.get(key) ?? null,
            setItem: (key, value) => map.set(key, value),
            removeItem: (key) => map.delete(key),
        };
        return globesAt(server, { storage });
    });
    let inside = await TestClient.join(t, windows[0], room, 'ada');
    for (const [key, value] of kept[0]) kept[1].set(key, value);
    for (const window of [1, 0, 1, 0]) {
        const next = TestClient.connect(t, windows[window], room, { name: 'ada' });
        await next.say('here now');
        assert.equal((await inside.find('closed')).error.closeCode, 4502);
        inside = next;
    }
    await ben.find(() => ben.received('send').length === 4);
    assert.equal(ben.received('leave').length, 0);
});

test('a name that is taken is a problem, and messages wait for another name', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'Ada');
    const ada = TestClient.connect(t, globesAt(server), room, { name: 'ada' });
    const acks = [ada.say('first'), ada.say('second')];
    const { error, id } = await ada.find('problem');
    assert.deepEqual(
        [error.constructor.name, error.code, error.field, id],
        ['DuplicateError', 202, 'name', undefined],
    );
    await assert.rejects(ada.rename({ name: 'ADA' }), { code: 202 });
    await assert.rejects(ada.rename({ name: 'x'.repeat(33) }), { code: 303, field: 'name' });
    assert.equal(ada.connection.queued, 2);
    await ada.rename({ name: 'ada 2' });
    assert.deepEqual(
        (await Promise.all(acks)).map(({ seq }) => seq),
        [1, 2],
    );
    await ben.find(({ msg }) => msg === 'second');
    assert.deepEqual(
        ben.received('join', 'send').map(({ name, msg }) => [name, msg]),
        [
            ['Ada', 'Ada entered the room.'],
            ['ada 2', 'ada 2 entered the room.'],
            ['ada 2', 'first'],
            ['ada 2', 'second'],
        ],
    );
    assert.equal(ada.all('problem').length, 1);
});

test('a new name that is taken leaves the old one in place', async (t) => {
    const room = await createRoom(server);
    await TestClient.join(t, globesAt(server), room, 'ben');
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');
    const refused = ada.rename({ name: 'BEN' });
    const acked = ada.say('still ada');
    await assert.rejects(refused, { code: 202 });
    await acked;
    assert.equal((await ada.message('still ada')).name, 'ada');
    assert.deepEqual((await usersOf(server, room)).sort(), ['ada', 'ben']);
});

/** A WebSocket class that loses the first frame that `pattern` matches, and the connection with it: by a cut, or in silence. */
function losing(pattern, how) {
    let isLost = false;
    return class extends WebSocket {
        emit(type, ...details) {
            if (isLost || type !== 'message' || !pattern.test(String(details[0]))) return super.emit(type, ...details);
            isLost = true;
            if (how === 'cut') this.terminate();
            return true;
        }
    };
}

for (const how of ['cut', 'silence']) {
    test(`a new name that is taken leaves the old one in place, if the refusal is lost (${how})`, async (t) => {
        const room = await createRoom(server);
        await TestClient.join(t, globesAt(server), room, 'ben');
        const storage = memoryStorage();
        const globes = globesAt(server, { storage, WebSocket: losing(/"code":202/, how) });
        const ada = await TestClient.join(t, globes, room, 'ada', { limits: { ackTimeoutMs: 200 } });
        const refused = ada.rename({ name: 'ben' });
        const acked = ada.say('still ada');
        await assert.rejects(refused, { name: 'DuplicateError', code: 202 });
        await acked;
        assert.equal((await ada.message('still ada')).name, 'ada');
        assert.deepEqual([ada.all('welcome').length, ada.connection.name], [2, 'ada']);
        assert.equal(JSON.parse(storage.items.get(`globes:${server.origin}:${room.id}`)).name, 'ada');
        assert.deepEqual((await usersOf(server, room)).sort(), ['ada', 'ben']);
        assert.deepEqual(ada.all('problem'), []);
    });

    for (const name of ['ada', null])
        test(`a new name that the server accepted is kept, if its join is lost (${how}, old name ${name})`, async (t) => {
            const room = await createRoom(server);
            const ben = await TestClient.join(t, globesAt(server), room, 'ben');
            const storage = memoryStorage();
            const globes = globesAt(server, { storage, WebSocket: losing(/"join".*"name":"eve"/, how) });
            const ada = TestClient.connect(t, globes, room, { name, limits: { ackTimeoutMs: 200 } });
            await ada.find('welcome');
            const renamed = ada.rename({ name: 'eve', color: 'teal' });
            const acked = ada.say('as eve');
            await renamed;
            await acked;
            await ben.message('as eve');
            assert.deepEqual([ada.all('welcome').length, ada.connection.name, ada.connection.color], [2, 'eve', 'teal']);
            assert.equal(JSON.parse(storage.items.get(`globes:${server.origin}:${room.id}`)).name, 'eve');
            assert.deepEqual((await usersOf(server, room)).sort(), ['ben', 'eve']);
            assert.deepEqual(ada.all('problem'), []);
            const joins = ben.all('event').filter(({ event_type: type, name: by }) => type === 'join' && by === 'eve');
            if (how === 'silence') assert.equal(joins.length, 1, 'the connection takes the new name over');
        });
}

test('an invalid new name is refused, and the old one stays', async (t) => {
    const room = await createRoom(server);
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');
    const refused = ada.rename({ name: 'x'.repeat(33) });
    const acked = ada.say('still ada');
    await assert.rejects(refused, { code: 303, field: 'name' });
    await acked;
    assert.equal((await ada.message('still ada')).name, 'ada');
});

test('a name other than the token’s is a problem (204), and a join with the token’s name solves it', async (t) => {
    const room = await createPrivateRoom(server);
    const globes = globesAt(server);
    const token = await globes.tokens.request(room, { name: 'ada', secret: PASSWORD });
    const ada = TestClient.connect(t, globes, room, { name: 'eve', token });
    const { error } = await ada.find('problem');
    assert.deepEqual([error.constructor.name, error.code], ['UnauthorizedError', 204]);
    await ada.rename({ name: 'ada' });
    assert.equal((await ada.say('hello')).seq, 1);
});

test('an invalid name is a problem, and the connection goes on listening', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const ada = TestClient.connect(t, globesAt(server), room, { name: 'x'.repeat(33) });
    const { error } = await ada.find('problem');
    assert.deepEqual([error.constructor.name, error.code, error.field], ['InvalidContentError', 303, 'name']);
    ben.say('ben', 'can you hear me?');
    await ada.message('can you hear me?');
});

test('a name that was lost with the connection is taken again once the old connection is gone', async (t) => {
    const room = await createRoom(server);
    const proxy = await TcpProxy.start(t, server);
    const ada = await TestClient.join(t, globesAt(proxy), room, 'ada');
    proxy.refuse();
    await ada.state('waiting');
    await eventually(async () => (await usersOf(server, room)).length === 0, 'the server has noticed');
    const thief = await ChatClient.join(server, room, 'ada');
    const acked = ada.say('is it me?');
    await proxy.accept();
    await ada.find('welcome');
    // Long enough for some refusals, none of which is reported.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await thief.leave();
    assert.equal((await acked).seq, 1);
    assert.deepEqual(ada.all('problem'), []);
});

test('a WebSocket that may not be created ends the connection, without an unhandled rejection', async (t) => {
    const room = await createRoom(server);
    class Forbidden {
        constructor() {
            throw new DOMException('An insecure WebSocket from a page loaded over HTTPS', 'SecurityError');
        }
    }
    const ada = TestClient.connect(t, globesAt(server, { WebSocket: Forbidden }), room, { name: 'ada' });
    await assertEnds(ada, 'ConnectionError', { code: null, closeCode: null });
    assert.equal(ada.all('closed')[0].error.cause.name, 'SecurityError');
});
