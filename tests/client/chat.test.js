// Chat with the client library: connect, send, receive, change the name, read history, leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, createRoom, PASSWORD, usersOf } from '../api/harness/api.js';
import { ChatClient, TIME } from '../api/harness/chat_client.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { InvalidContentError, QueueFullError, UnauthorizedError } from '../../web/globes.js';
import { globesAt, TestClient } from './support/test_client.js';

const server = sharedServer();

test('connect joins by itself, and reports the welcome, the users and the join', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben', { color: 'blue' });
    const ada = TestClient.connect(t, globesAt(server), room, { name: 'ada', color: '#0a0' });
    assert.equal(ada.connection.state, 'connecting');

    assert.deepEqual(await ada.events.next(), { type: 'state', state: 'online', retryAt: null, error: null });
    const welcome = await ada.events.next();
    assert.equal(welcome.type, 'welcome');
    assert.deepEqual([welcome.seq, welcome.resumed], [0, false]);
    assert.deepEqual(
        welcome.users.map(({ username, color }) => [username, color]),
        [['ben', 'blue']],
    );
    const joined = await ada.find('event');
    assert.deepEqual(
        [joined.event_type, joined.name, joined.color, joined.msg, joined.isOwn],
        ['join', 'ada', '#0a0', 'ada entered the room.', true],
    );
    assert.deepEqual(
        ada.connection.users.map(({ username }) => username),
        ['ben', 'ada'],
    );
    assert.equal(ada.connection.roomId, room.id);

    await ben.leave();
    const left = await ada.find('event');
    assert.deepEqual([left.event_type, left.name, left.isOwn], ['leave', 'ben', false]);
    assert.deepEqual(
        ada.connection.users.map(({ username }) => username),
        ['ada'],
    );
});

test('send resolves with the seq of the ack, and everybody receives the message, its sender as an own one', async (t) => {
    const room = await createRoom(server);
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');
    const ben = await TestClient.join(t, globesAt(server), room, 'ben');

    const { id, acked } = ada.connection.send('Grüße, 世界 🎈');
    assert.deepEqual(await acked, { seq: 1, duplicate: false });
    const own = await ada.message('Grüße, 世界 🎈');
    const { isOwn, ...received } = await ben.message('Grüße, 世界 🎈');
    assert.equal(isOwn, false);
    assert.deepEqual(own, { ...received, isOwn: true });
    assert.deepEqual([received.name, received.color, received.seq, received.id], ['ada', 'red', 1, id]);
    assert.match(received.time, TIME);
    assert.deepEqual([ada.connection.seq, ada.connection.queued], [1, 0]);
});

test('a message that is sent before there is a connection is sent later', async (t) => {
    const room = await createRoom(server);
    const ada = TestClient.connect(t, globesAt(server), room.title, { name: 'ada' });
    const acks = [ada.say('first'), ada.say('second')];
    assert.equal(ada.connection.queued, 2);
    assert.deepEqual(await Promise.all(acks), [
        { seq: 1, duplicate: false },
        { seq: 2, duplicate: false },
    ]);
    await ada.message('second');
    assert.deepEqual(ada.texts, ['first', 'second']);
});

test('the same id is the same message, on another connection too', async (t) => {
    const room = await createRoom(server);
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');
    const first = ada.connection.send('once', { id: 'draft-1' });
    assert.equal(ada.connection.send('once', { id: 'draft-1' }).acked, first.acked, 'while it waits');
    await first.acked;
    assert.equal((await ada.say('once', { id: 'draft-1' })).seq, 1, 'and later');
    ada.connection.close();

    const again = await TestClient.join(t, globesAt(server), room, 'ada');
    assert.deepEqual(await again.say('once', { id: 'draft-1' }), { seq: 1, duplicate: true });
    assert.deepEqual(again.texts, ['once']);
    assert.equal(again.messages[0].isOwn, false, 'it was shown before its id was known');
});

/** An equivalent of `sessionStorage`. */
function memoryStorage() {
    const items = new Map();
    const getItem = (key) => items.get(key) ?? null;
    return { items, getItem, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) };
}

const owned = (events) => events.map(({ msg, isOwn }) => [msg, isOwn]);

test('own messages are own in history as in events, under an earlier name too', async (t) => {
    const room = await createRoom(server);
    const other = await ChatClient.join(server, room, 'ada');
    other.say('ada', 'theirs');
    await other.find(({ msg }) => msg === 'theirs');
    await other.leave();
    const storage = memoryStorage();
    const ada = await TestClient.join(t, globesAt(server, { storage }), room, 'ada');
    await ada.say('mine');
    await ada.rename({ name: 'dora' });
    await ada.say('mine too');
    await ada.message('mine too');
    const expected = [['theirs', false], ['mine', true], ['mine too', true]];
    assert.deepEqual(owned(ada.messages), expected);
    assert.deepEqual(owned((await ada.connection.history()).events), expected);
    ada.connection.close();

    const again = await TestClient.join(t, globesAt(server, { storage }), room, 'ada');
    const asAda = [['theirs', false], ['mine', true], ['mine too', false]];
    assert.deepEqual([owned(again.messages), owned((await again.connection.history()).events)], [asAda, asAda]);
    const stranger = await TestClient.join(t, globesAt(server), room, 'dora');
    assert.deepEqual(owned((await stranger.connection.history()).events).map(([, isOwn]) => isOwn), [false, false, false]);
});

test('the number of own ids is bounded, and other content of their storage is ignored', async (t) => {
    const fast = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(fast);
    for (const found of ['no JSON', 'null', '{"a":1}', '[1]', '"text"']) {
        const storage = { ...memoryStorage(), getItem: () => found };
        const ada = await TestClient.join(t, globesAt(fast, { storage }), room, `ada ${found.length}`);
        await ada.say('hello');
        assert.equal((await ada.connection.history()).events.at(-1).isOwn, true, found);
        ada.connection.close();
    }
    const storage = memoryStorage();
    const limits = { queuedMessages: 10 };
    const globes = globesAt(fast, { storage });
    const ada = TestClient.connect(t, globes, 2 ** 40, { name: 'ada', limits });
    // Nobody accepts these: the room does not exist.
    for (let number = 0; number < 2000; number += 1) ada.connection.send('x', { id: `${number}` });
    const busy = await TestClient.join(t, globes, room, 'ada', { limits: { ...limits, messagesPerSecond: 0 } });
    for (let number = 0; number < 1100; number += 1) await busy.say(`${number}`);
    const kept = [...storage.items].filter(([key]) => key.startsWith('own-')).map(([, value]) => JSON.parse(value).length);
    assert.deepEqual(kept, [10, 1010]);
    const { events } = await busy.connection.history({ limit: 1000 });
    assert.equal(events.filter(({ isOwn }) => isOwn).length, 1000);
});

test('the newest messages come first, as many as requested, or those after a given one', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.open(server, room);
    for (let count = 1; count <= 10; count += 1) ben.say('ben', `${count}`);
    await ben.find(({ seq }) => seq === 10);

    const few = TestClient.connect(t, globesAt(server), room, { name: 'few', last: 3 });
    const behind = TestClient.connect(t, globesAt(server), room, { name: 'behind', after: 4 });
    const none = TestClient.connect(t, globesAt(server), room, { name: 'none', last: 0 });
    const listener = TestClient.connect(t, globesAt(server), room);
    for (const client of [few, behind, none, listener]) await client.state('online');
    ben.say('ben', '11');
    for (const client of [few, behind, none, listener]) await client.message('11');
    few.assertShown(8, 11);
    behind.assertShown(5, 11);
    none.assertShown(11, 11);
    listener.assertShown(1, 11);
    for (const client of [few, behind, none, listener]) assert.deepEqual(client.all('gap'), []);
    await assert.rejects(listener.say('I have no name'), UnauthorizedError);
    const names = await usersOf(server, room);
    assert.deepEqual(names.sort(), ['behind', 'ben', 'few', 'none'], 'a connection without a name is not a user');
});

test('a token without a name opens a private room for listening', async (t) => {
    const room = await createPrivateRoom(server);
    const globes = globesAt(server);
    const token = await globes.tokens.request(room, { name: 'ada', secret: PASSWORD });
    const listener = TestClient.connect(t, globes, room, { token });
    await listener.state('online');
    assert.equal(listener.connection.name, null);
    await assert.rejects(listener.say('I have no name'), UnauthorizedError);
    const bens = await globes.tokens.request(room, { name: 'ben', secret: PASSWORD });
    const ben = await TestClient.join(t, globes, room, 'ben', { token: bens });
    await ben.say('hello');
    await listener.message('hello');
    assert.deepEqual(
        (await globes.rooms.get(room, { token })).users.map(({ username }) => username),
        ['ben'],
    );
    await listener.rename({ name: token.name });
    assert.equal((await listener.say('now I have')).seq, 2);
});

test('the author of a replayed message who has left is not among the users', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'good bye');
    await ben.leave();
    await eventually(async () => (await usersOf(server, room)).length === 0, 'ben is gone');
    const ada = TestClient.connect(t, globesAt(server), room);
    await ada.message('good bye');
    assert.deepEqual(ada.connection.users, []);
    const cai = await ChatClient.open(server, room);
    cai.say('cai', 'hello');
    await ada.message('hello');
    assert.deepEqual(
        ada.connection.users.map(({ username, color }) => [username, color]),
        [['cai', 'red']],
    );
    await cai.leave();
});

test('history pages back without gap or repetition', async (t) => {
    const room = await createPrivateRoom(server);
    const globes = globesAt(server);
    const token = await globes.tokens.request(room, { name: 'ada', secret: PASSWORD });
    const ada = await TestClient.join(t, globes, room, 'ada', { token, last: 0 });
    for (let count = 1; count <= 25; count += 1) await ada.say(`${count}`);

    const seen = [];
    for (let before; before !== 1; before = seen[0]) {
        const page = await ada.connection.history({ before, limit: 10 });
        assert.deepEqual([page.firstSeq, page.lastSeq], [1, 25]);
        seen.unshift(...page.events.map(({ seq }) => seq));
    }
    assert.deepEqual(
        seen,
        Array.from({ length: 25 }, (_, index) => index + 1),
    );
    const page = await globes.history(room, { after: 20, limit: 2, token });
    assert.deepEqual([page.first_seq, page.last_seq, page.events.map(({ msg }) => msg)], [1, 25, ['21', '22']]);
});

test('join takes another name after earlier messages, or another color', async (t) => {
    const room = await createRoom(server);
    const ben = await TestClient.join(t, globesAt(server), room, 'ben');
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');

    ada.say('as ada');
    const renamed = ada.rename({ name: 'Ada Lovelace', color: 'green' });
    ada.say('as Ada Lovelace');
    await renamed;
    assert.deepEqual([ada.connection.name, ada.connection.color], ['Ada Lovelace', 'green']);
    await ada.rename({ color: 'teal' });
    await ada.say('in teal');
    await ben.message('in teal');
    const received = ben.all('event').filter(({ name }) => name !== 'ben');
    assert.deepEqual(
        received.map(({ event_type: type, name, color, msg }) => [type, name, color, msg]),
        [
            ['join', 'ada', 'red', 'ada entered the room.'],
            ['send', 'ada', 'red', 'as ada'],
            ['leave', 'ada', 'green', 'ada has left the room.'],
            ['join', 'Ada Lovelace', 'green', 'Ada Lovelace entered the room.'],
            ['send', 'Ada Lovelace', 'green', 'as Ada Lovelace'],
            ['send', 'Ada Lovelace', 'teal', 'in teal'],
        ],
    );
    assert.deepEqual(
        ben.connection.users.map(({ username, color }) => [username, color]),
        [
            ['ben', 'red'],
            ['Ada Lovelace', 'teal'],
        ],
    );
});

test('a connection without a name may join later', async (t) => {
    const room = await createRoom(server);
    const ada = TestClient.connect(t, globesAt(server), room);
    await ada.state('online');
    const joined = ada.rename({ name: 'ada' });
    assert.deepEqual(await ada.say('hello'), { seq: 1, duplicate: false });
    await joined;
    assert.equal((await ada.message('hello')).isOwn, true);
});

test('an invalid text is refused at once, and other messages are sent', async (t) => {
    const room = await createRoom(server);
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');
    for (const text of ['', 'x'.repeat(4097), 'x'.repeat(100_000), undefined]) {
        await assert.rejects(ada.say(text), (error) => {
            assert.ok(error instanceof InvalidContentError);
            assert.deepEqual([error.code, error.field], [303, 'msg']);
            return true;
        });
    }
    await assert.rejects(ada.say('x', { id: 'x'.repeat(65) }), ({ code, field }) => code === 303 && field === 'id');
    assert.equal((await ada.say('🎈'.repeat(4096))).seq, 1);
    assert.equal((await ada.say('half a pair: \ud83c')).seq, 2);
    assert.equal((await ada.message('half a pair: \ufffd')).seq, 2);
});

test('a full queue refuses further messages and loses none of its own', async (t) => {
    const room = await createRoom(server);
    const ada = TestClient.connect(t, globesAt(server), room, { name: 'ada', limits: { queuedMessages: 3 } });
    const acks = ['1', '2', '3'].map((text) => ada.say(text));
    await assert.rejects(ada.say('4'), QueueFullError);
    assert.deepEqual(
        (await Promise.all(acks)).map(({ seq }) => seq),
        [1, 2, 3],
    );
    assert.equal((await ada.say('5')).seq, 4);
});

test('close leaves the room, rejects waiting messages, and is final', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const ada = await TestClient.join(t, globesAt(server), room, 'ada');
    const early = TestClient.connect(t, globesAt(server), room, { name: 'early' });
    const waiting = early.say('never');
    early.connection.close();
    await assert.rejects(waiting, { name: 'ConnectionError' });

    ada.connection.close();
    assert.deepEqual(await ada.find('closed'), { type: 'closed', error: null });
    assert.equal(ada.connection.state, 'closed');
    await assert.rejects(ada.say('too late'), { name: 'ConnectionError' });
    await assert.rejects(ada.rename({ name: 'eve' }), { name: 'ConnectionError' });
    await ben.find(({ event_type: type, name }) => type === 'leave' && name === 'ada');
    await eventually(async () => (await usersOf(server, room)).join() === 'ben', 'ada is gone');
    assert.deepEqual(ben.received('send'), []);
});
