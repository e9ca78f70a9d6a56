// A history that is not the one that was shown: a backup was restored, a store in memory started empty, power was lost.
// The client proves its position by the time of the last event, and no client continues from a history that does not
// exist any more.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { globesAt, TestClient } from './support/test_client.js';
import { ScriptedServer } from './support/scripted_server.js';

const timeOf = (seq, history = 'a') => `2020-12-03T21:23:${history === 'a' ? 10 : 20}.${String(seq).padStart(6, '0')}Z`;
const message = (seq, msg = `${seq}`) => ({ event_type: 'send', name: 'ben', room_id: 7, msg, time: timeOf(seq), seq });

/** The query of a connection's URL as `[name, value]`. */
const asked = ({ url }) => [...new URL(url, 'http://host').searchParams];

/** A client with three messages shown, and the server's side of its connection. */
async function threeShown(t, options) {
    const server = await ScriptedServer.start(t);
    server.welcome = { seq: 3, at: timeOf(3) };
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada', ...options });
    const first = await server.connections.next();
    for (const seq of [1, 2, 3]) first.socket.send(JSON.stringify(message(seq)));
    await ada.message('3');
    return { server, ada, first };
}

test('a client that returns proves its position by the time of the last event', async (t) => {
    const { server, ada, first } = await threeShown(t);
    assert.deepEqual(asked(first), [['last', '50']]);
    assert.deepEqual([ada.connection.seq, ada.connection.at], [3, timeOf(3)]);
    first.socket.terminate();
    const second = await server.connections.next();
    assert.deepEqual(asked(second), [['after', '3'], ['at', timeOf(3)]]);
    second.socket.send(JSON.stringify(message(4)));
    await ada.message('4');
    second.socket.terminate();
    assert.deepEqual(asked(await server.connections.next()), [['after', '4'], ['at', timeOf(4)]]);
    await ada.find('welcome', () => ada.all('welcome').length === 3);
    assert.deepEqual(ada.all('gap'), []);
});

test('before any event, the client’s position is the one of the welcome', async (t) => {
    const server = await ScriptedServer.start(t);
    server.welcome = { seq: 3, at: timeOf(3) };
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada', last: 0 });
    (await server.connections.next()).socket.terminate();
    assert.deepEqual(asked(await server.connections.next()), [['after', '3'], ['at', timeOf(3)]]);

    // None of the newest messages has come yet: nothing was shown, and there is nothing to prove.
    const ben = TestClient.connect(t, globesAt(server), 7, { name: 'ben', last: 2 });
    const { socket } = await server.connections.next();
    await ben.find('welcome');
    assert.equal(ben.connection.at, null);
    socket.terminate();
    assert.deepEqual(asked(await server.connections.next()), [['after', '1']]);

    server.welcome = { seq: 0 };
    const cai = TestClient.connect(t, globesAt(server), 7, { name: 'cai' });
    (await server.connections.next()).socket.terminate();
    assert.deepEqual(asked(await server.connections.next()), [['after', '0']]);
    await cai.find('welcome', () => cai.all('welcome').length === 2);
    for (const client of [ada, ben, cai]) assert.deepEqual(client.all('gap'), []);
});

test('a history that continues from another past is a gap with a reset, whatever its newest number is', async (t) => {
    for (const newest of [2, 3, 13]) {
        const { server, ada, first } = await threeShown(t);
        const at = timeOf(newest, 'b');
        server.welcome = { seq: newest, at, resumed: false };
        first.socket.terminate();
        const second = await server.connections.next();
        const gap = { from: 1, to: newest, reset: true, reason: 'not-resumed', before: 3, now: newest };
        assert.deepEqual(await ada.find('gap'), { type: 'gap', ...gap });
        assert.deepEqual([ada.connection.seq, ada.connection.at], [newest, at]);
        second.socket.send(JSON.stringify({ ...message(newest + 1, 'of the new history'), time: timeOf(newest + 1, 'b') }));
        await ada.message('of the new history');
        server.welcome = {};
        second.socket.terminate();
        assert.deepEqual(asked(await server.connections.next()), [['after', `${newest + 1}`], ['at', timeOf(newest + 1, 'b')]]);
    }
});

test('messages that were not confirmed are sent again to the new history under their ids', async (t) => {
    const { server, ada, first } = await threeShown(t);
    const { id: joinId } = await first.frames.find(({ event_type: type }) => type === 'join');
    first.socket.send(JSON.stringify({ event_type: 'join', name: 'ada', room_id: 7, msg: '', time: timeOf(3), id: joinId }));
    const said = ['one', 'two'].map((text) => ada.connection.send(text));
    await first.frames.find(({ msg }) => msg === 'two');
    server.welcome = { seq: 2, at: timeOf(2, 'b'), resumed: false };
    server.onEvent = ({ event_type: type, id, msg }, reply) =>
        type === 'send' && reply({ event_type: 'ack', id, seq: msg === 'one' ? 3 : 4, duplicate: false });
    first.socket.terminate();
    const { frames } = await server.connections.next();
    assert.deepEqual((await Promise.all(said.map(({ acked }) => acked))).map(({ seq }) => seq), [3, 4]);
    const sent = frames.all.filter(({ event_type: type }) => type === 'send').map(({ id }) => id);
    assert.deepEqual(sent, said.map(({ id }) => id));
});

test('a program that kept seq and at continues with both', async (t) => {
    const server = await ScriptedServer.start(t);
    server.welcome = { seq: 5, at: timeOf(5) };
    const globes = globesAt(server);
    const ada = TestClient.connect(t, globes, 7, { name: 'ada', after: 3, at: timeOf(3) });
    assert.deepEqual(asked(await server.connections.next()), [['after', '3'], ['at', timeOf(3)]]);
    await ada.find('welcome');
    assert.deepEqual([ada.connection.seq, ada.connection.at], [3, timeOf(3)]);
    for (const none of [null, undefined])
        TestClient.connect(t, globes, 7, { name: 'ben', after: 3, at: none });
    assert.deepEqual(asked(await server.connections.next()), [['after', '3']]);
    assert.deepEqual(asked(await server.connections.next()), [['after', '3']]);
    for (const bad of ['yesterday', '3', {}]) assert.throws(() => globes.connect(7, { after: 3, at: bad }), RangeError);
});

const presence = { event_type: 'join', name: 'cai', room_id: 7, msg: '', time: timeOf(200) };

/** A client in a room whose newest 50 of 100 messages have all expired: nothing is replayed. */
async function emptyReplay(t, options) {
    const server = await ScriptedServer.start(t);
    server.welcome = { seq: 100, at: timeOf(100) };
    const ada = TestClient.connect(t, globesAt(server), 7, options);
    const { socket } = await server.connections.next();
    await ada.find('welcome');
    return { server, ada, socket, tell: (event) => socket.send(JSON.stringify(event)) };
}

test('a join shows that the replay has ended, and the client resumes behind expired messages', async (t) => {
    const { server, ada, socket, tell } = await emptyReplay(t, { name: 'ada' });
    tell(presence);
    await ada.find('event');
    assert.deepEqual([ada.connection.seq, ada.connection.at], [100, timeOf(100)]);
    socket.terminate();
    assert.deepEqual(asked(await server.connections.next()), [['after', '100'], ['at', timeOf(100)]]);
    await ada.find('welcome');
    assert.deepEqual(ada.all('gap'), []);
});

test('messages that expire during the replay are a hole', async (t) => {
    const { ada, tell } = await emptyReplay(t, { name: 'ada' });
    for (const event of [message(80), message(81), presence, message(101)]) tell(event);
    await ada.message('101');
    const gap = { from: 82, to: 100, reset: false, reason: 'hole', before: 81, now: 100 };
    assert.deepEqual(ada.all('gap'), [{ type: 'gap', ...gap }]);
});

test('after a replay without messages, missing live messages are a hole', async (t) => {
    const { ada, tell } = await emptyReplay(t, { name: 'ada' });
    tell(message(103));
    await ada.message('103');
    const gap = { from: 101, to: 102, reset: false, reason: 'hole', before: 100, now: 103 };
    assert.deepEqual(ada.all('gap'), [{ type: 'gap', ...gap }]);
});

test('if nothing was shown, a history that does not reach back is a hole, and another history a reset', async (t) => {
    for (const [welcome, isReset] of [
        [{ seq: 100, at: timeOf(100) }, false],
        [{ seq: 100, at: undefined }, false],
        [{ seq: 120, at: timeOf(120) }, false],
        [{ seq: 100, at: timeOf(100, 'b') }, true],
        [{ seq: 99, at: timeOf(99) }, true],
    ]) {
        const { server, ada, socket } = await emptyReplay(t, {});
        server.welcome = { ...welcome, resumed: false };
        socket.terminate();
        assert.deepEqual(asked(await server.connections.next()), [['after', '50']]);
        const { from, to, reset, reason } = await ada.find('gap');
        const expected = isReset ? [1, welcome.seq, true, 'not-resumed'] : [51, welcome.seq, false, 'hole'];
        assert.deepEqual([from, to, reset, reason], expected);
        assert.equal(ada.connection.seq, welcome.seq);
    }
});

test('a replay that was cut before its first message is requested again and may start anywhere', async (t) => {
    const { server, ada, socket } = await emptyReplay(t, { name: 'ada' });
    socket.terminate();
    const second = await server.connections.next();
    assert.deepEqual(asked(second), [['after', '50']]);
    for (const seq of [98, 99, 100]) second.socket.send(JSON.stringify(message(seq)));
    await ada.message('100');
    assert.deepEqual([ada.texts, ada.all('gap')], [['98', '99', '100'], []]);
});
