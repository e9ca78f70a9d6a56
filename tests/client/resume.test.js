// Bad networks and crashes of the server: no message is lost, repeated or out of order, and nobody sees a join or
// leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom, usersOf } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer, sharedServer } from '../api/harness/server.js';
import { assertContiguous, storedEvents } from '../api/harness/store.js';
import { eventually } from '../api/harness/wait.js';
import { globesAt, TestClient } from './support/test_client.js';
import { stubBrowser } from './support/stub_browser.js';
import { TcpProxy } from './support/tcp_proxy.js';

const server = sharedServer();

/**
 * A room with `ada` behind a proxy and `ben` on a good connection, whose frames from now on show what the room
 * received.
 */
async function badLine(t, options) {
    const room = await createRoom(server);
    const proxy = await TcpProxy.start(t, server);
    const ben = await ChatClient.join(server, room, 'ben');
    const ada = await TestClient.join(t, globesAt(proxy), room, 'ada', options);
    await ben.find(({ name }) => name === 'ada');
    return { room, proxy, ben, ada };
}

/** For tests of time itself. */
const elapsed = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('after a cut, missed messages come first, then the waiting ones are sent', async (t) => {
    const { proxy, ben, ada } = await badLine(t);
    ben.say('ben', 'before');
    await ada.message('before');
    proxy.refuse();
    const { retryAt, error } = await ada.state('waiting');
    assert.ok(retryAt instanceof Date);
    assert.equal(error.constructor.name, 'ConnectionError');
    const acks = ['one', 'two', 'three'].map((text) => ada.say(text));
    ben.say('ben', 'while you were away');
    await ben.find(({ msg }) => msg === 'while you were away');
    await proxy.accept();
    const welcome = await ada.find('welcome');
    assert.deepEqual([welcome.seq, welcome.resumed], [2, true]);
    assert.deepEqual(
        (await Promise.all(acks)).map(({ seq, duplicate }) => [seq, duplicate]),
        [
            [3, false],
            [4, false],
            [5, false],
        ],
    );
    await ada.message('three');
    assert.deepEqual(ada.texts, ['before', 'while you were away', 'one', 'two', 'three']);
    ada.assertShown(1, 5);
});

test('a message whose ack was lost is sent again under its id and appears once', async (t) => {
    const { proxy, ben, ada } = await badLine(t, { limits: { ackTimeoutMs: 200 } });
    proxy.freeze();
    const acked = ada.say('did you get this?');
    await ada.state('waiting');
    proxy.thaw(); // the first attempt arrives now, beside the second one
    const { seq } = await acked;
    assert.equal(seq, 1);
    assert.deepEqual(await ada.say('good'), { seq: 2, duplicate: false });
    await ada.message('good');
    await ben.find(({ msg }) => msg === 'good');
    assert.deepEqual(
        ben.received('send').map(({ msg }) => msg),
        ['did you get this?', 'good'],
    );
    ada.assertShown(1, 2);
});

test('a client that returns with its session takes its name over without leave or join', async (t) => {
    const { room, proxy, ben, ada } = await badLine(t, { limits: { ackTimeoutMs: 200 } });
    proxy.freeze();
    const acked = ada.say('from the tunnel');
    await ada.state('waiting');
    proxy.thaw();
    await acked;
    ben.say('ben', 'fence');
    await ben.find(({ msg }) => msg === 'fence');
    assert.deepEqual(
        ben.received('join', 'leave').map(({ name }) => name),
        ['ben', 'ada'],
    );
    assert.deepEqual(await usersOf(server, room), ['ben', 'ada']);
    await eventually(() => proxy.open <= 2, 'the connection that was given up on is closed'); // the abandoned connection is closed; one connection of fetch stays
});

test('silence is probed, and a connection that drops everything is replaced', async (t) => {
    const { proxy, ben, ada } = await badLine(t, { limits: { probeAfterMs: 100, probeTimeoutMs: 1000 } });
    await elapsed(600); // time for some probes and their answers
    assert.equal(ada.all('welcome').length, 1, 'an idle line that works is kept');
    assert.deepEqual(ada.all('problem'), []);
    proxy.freeze();
    const { error } = await ada.state('waiting');
    assert.match(error.message, /sign of life/);
    proxy.thaw();
    await ada.state('online');
    ben.say('ben', 'hello again');
    await ada.message('hello again');
});

test('a connection without a welcome is abandoned in time', async (t) => {
    const room = await createRoom(server);
    const proxy = await TcpProxy.start(t, server);
    proxy.freeze();
    const ada = TestClient.connect(t, globesAt(proxy), room, { name: 'ada', limits: { openTimeoutMs: 100 } });
    await ada.state('waiting');
    await ada.state('connecting');
    await ada.state('waiting');
    proxy.thaw();
    assert.equal((await ada.say('at last')).seq, 1);
});

test('delays grow, are random, and start again after a stable time', async (t) => {
    const room = await createRoom(server);
    const proxy = await TcpProxy.start(t, server);
    const limits = { backoffBaseMs: 10_000, backoffMaxMs: 80_000, stableAfterMs: 50 };
    const ada = TestClient.connect(t, globesAt(proxy), room, { name: 'ada', limits });
    const random = Math.random;
    t.after(() => {
        Math.random = random;
    });
    for (const expected of [
        [10_000, 20_000, 40_000, 0, 80_000, 80_000],
        [10_000, 20_000, 40_000],
    ]) {
        await ada.state('online');
        await elapsed(100); // stable
        // The longest delay that is possible, or the shortest.
        Math.random = () => (expected[0] === 0 ? 0 : 1);
        proxy.refuse();
        while (expected.length > 0) {
            const { retryAt } = await ada.state('waiting');
            const wait = retryAt - Date.now();
            const ms = expected.shift();
            assert.ok(wait >= ms - 2000 && wait <= ms, `a wait of ${ms} ms, not ${wait}`);
            if (expected.length === 0) await proxy.accept();
            ada.connection.retry();
        }
        Math.random = random;
    }
});

test('retry does not wait', async (t) => {
    const { proxy, ada } = await badLine(t, { limits: { backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000 } });
    proxy.cut();
    await ada.state('waiting');
    ada.connection.retry();
    await ada.state('online');
});

test('messages that cannot be resumed are a gap, which history fills as far as it is kept', async (t) => {
    const room = await createRoom(server, { max_events: 3 });
    const proxy = await TcpProxy.start(t, server);
    const ada = await TestClient.join(t, globesAt(proxy), room, 'ada');
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', '1');
    await ada.message('1');
    proxy.refuse();
    await ada.state('waiting');
    for (let count = 2; count <= 8; count += 1) ben.say('ben', `${count}`);
    await ben.find(({ seq }) => seq === 8);
    await proxy.accept();
    assert.equal((await ada.find('welcome')).resumed, false);
    const gap = { from: 1, to: 8, reset: true, reason: 'not-resumed', before: 1, now: 8 };
    assert.deepEqual(await ada.find('gap'), { type: 'gap', ...gap });
    const { events, firstSeq } = await ada.connection.history();
    assert.deepEqual([firstSeq, events.map(({ seq }) => seq)], [6, [6, 7, 8]]);
    ben.say('ben', '9');
    await ada.message('9');
    assert.deepEqual(
        ada.messages.map(({ seq }) => seq),
        [1, 9],
    );
});

test('a client in a room whose messages have all expired resumes without a gap', async (t) => {
    const room = await createRoom(server, { retention: 1 });
    const ben = await ChatClient.join(server, room, 'ben');
    for (let count = 1; count <= 20; count += 1) ben.say('ben', `${count}`);
    await ben.find(({ msg }) => msg === '20');
    const globes = globesAt(server);
    await eventually(async () => (await globes.history(room)).events.length === 0, 'all have expired');
    const proxy = await TcpProxy.start(t, server);
    const ada = await TestClient.join(t, globesAt(proxy), room, 'ada', { last: 10 });
    assert.equal(ada.connection.seq, 20);
    proxy.cut();
    await ada.state('waiting');
    assert.equal((await ada.find('welcome', ({ resumed }) => resumed)).seq, 20);
    await ada.say('next');
    await ada.message('next');
    assert.deepEqual([ada.texts, ada.all('gap')], [['next'], []]);
});

test('a room with a new history is reported', async (t) => {
    const forgetful = await startServer(t, { config: { Store: 'memory' } });
    const proxy = await TcpProxy.start(t, forgetful);
    const ada = await TestClient.join(t, globesAt(proxy), 1, 'ada');
    await ada.say('1');
    await ada.say('2');
    await ada.message('2');
    await forgetful.kill();
    await forgetful.start();
    const gap = { from: 1, to: 0, reset: true, reason: 'not-resumed', before: 2, now: 0 };
    assert.deepEqual(await ada.find('gap'), { type: 'gap', ...gap });
    assert.deepEqual(await ada.say('another first'), { seq: 1, duplicate: false });
    await ada.message('another first');
});

test('a replaced history is detected if the new one is as long as the old one, or longer', async (t) => {
    for (const count of [2, 5]) {
        const forgetful = await startServer(t, { config: { Store: 'memory' } });
        const proxy = await TcpProxy.start(t, forgetful);
        const globes = globesAt(proxy);
        const ada = await TestClient.join(t, globes, 1, 'ada');
        for (const text of ['old 1', 'old 2']) await ada.say(text);
        await ada.message('old 2');
        const { at } = ada.connection;
        proxy.refuse();
        await ada.state('waiting');
        await forgetful.kill();
        await forgetful.start();
        const ben = await ChatClient.join(forgetful, { id: 1 }, 'ben');
        for (let number = 1; number <= count; number += 1) ben.say('ben', `new ${number}`);
        await ben.find(({ msg }) => msg === `new ${count}`);
        const acked = ada.say('said meanwhile');
        await proxy.accept();
        const gap = { from: 1, to: count, reset: true, reason: 'not-resumed', before: 2, now: count };
        assert.deepEqual(await ada.find('gap'), { type: 'gap', ...gap });
        assert.equal((await acked).seq, count + 1);
        const place = { after: 2, at };
        await assert.rejects(globes.history(1, place), { name: 'RewoundError', code: 105, status: 409, field: 'at' });
        const { events } = await ada.connection.history();
        assert.equal(events[0].msg, 'new 1');
        ada.connection.close();
        // A program that has kept its position gets the same gap.
        const kept = TestClient.connect(t, globes, 1, { name: 'kept', ...place });
        assert.equal((await kept.find('gap')).reason, 'not-resumed');
        await forgetful.kill();
    }
});

test('after a close with 1001, the client reconnects soon', async (t) => {
    const own = await startServer(t);
    const proxy = await TcpProxy.start(t, own);
    const limits = { backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000, quickReconnectMs: 200 };
    const ada = await TestClient.join(t, globesAt(proxy), 1, 'ada', { limits });
    own.signal('SIGTERM');
    const { error, retryAt } = await ada.state('waiting');
    assert.equal(error.closeCode, 1001);
    assert.ok(retryAt - Date.now() <= 200, `${retryAt - Date.now()} ms`);
    await own.ended();
});

test('kill -9 during a conversation: no message is lost, repeated or out of order', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(own);
    const proxy = await TcpProxy.start(t, own);
    const limits = { messagesPerSecond: 0 };
    const clients = [];
    for (const name of ['ada', 'ben', 'cai']) clients.push(await TestClient.join(t, globesAt(proxy), room, name, { limits }));
    const [ada] = clients;
    const acks = [];
    for (let round = 0; round < 3; round += 1) {
        for (const client of clients)
            for (let count = 0; count < 60; count += 1)
                acks.push(client.say(`${client.connection.name}/${String(round * 60 + count).padStart(3, '0')}`));
        await acks.at(-150);
        await own.kill();
        await ada.state('waiting');
        await own.start();
    }
    const answers = await Promise.all(acks);
    assert.equal(new Set(answers.map(({ seq }) => seq)).size, acks.length, 'each has a place of its own');
    for (const client of clients) {
        await eventually(() => client.connection.seq === acks.length, 'all are shown');
        client.assertShown(1, acks.length);
        assert.deepEqual(client.texts, ada.texts);
        assert.deepEqual(client.all('problem'), []);
        const own = client.messages.filter(({ isOwn }) => isOwn).map(({ msg }) => msg);
        assert.deepEqual(own, [...own].sort(), 'the order in which they were said');
        assert.equal(own.length, 180);
    }
    const rows = await storedEvents(own.dataFolder, room.id);
    assertContiguous(rows);
    assert.deepEqual(
        rows.map(({ text }) => text),
        ada.texts,
    );
});

test('a new name survives a cut at any moment of its change', async (t) => {
    for (const cutAfterMs of [0, 1, 2, 4, 8]) {
        const { room, proxy, ada } = await badLine(t);
        ada.say('by the old name');
        const renamed = ada.rename({ name: 'ada the second' });
        const acked = ada.say('by the new name');
        setTimeout(() => proxy.cut(), cutAfterMs);
        await Promise.all([renamed, acked]);
        await ada.message('by the new name');
        assert.deepEqual(
            ada.messages.map(({ name, msg }) => [name, msg]),
            [
                ['ada', 'by the old name'],
                ['ada the second', 'by the new name'],
            ],
        );
        await eventually(async () => (await usersOf(server, room)).join() === 'ben,ada the second', 'one of each');
        ada.connection.close();
    }
});

test('the browser’s offline event ends the connection at once, and its online event opens one', async (t) => {
    const { browser, page } = stubBrowser(t);
    const { ben, ada } = await badLine(t, { limits: { backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000 } });
    globalThis.navigator.onLine = false;
    browser.dispatchEvent(new Event('offline'));
    const { retryAt } = await ada.state('offline');
    assert.ok(retryAt instanceof Date);
    const acked = ada.say('said offline');
    globalThis.navigator.onLine = true;
    browser.dispatchEvent(new Event('online'));
    await ada.state('online');
    await acked;
    await ben.find(({ msg }) => msg === 'said offline');
    assert.deepEqual(
        ben.received('leave', 'join').map(({ name }) => name),
        ['ben', 'ada'],
    );
    page.dispatchEvent(new Event('visibilitychange'));
    await ada.say('still here');
    assert.equal(ada.all('welcome').length, 2);
});

test('a page that the browser keeps leaves the room, and joins again when it is shown', async (t) => {
    const { browser } = stubBrowser(t);
    const { ben, ada } = await badLine(t);
    const dispatch = (type, persisted) => browser.dispatchEvent(Object.assign(new Event(type), { persisted }));
    dispatch('pagehide', false);
    await ada.say('still here');
    dispatch('pagehide', true);
    await ada.state('waiting');
    await ben.find(({ event_type: type, name }) => type === 'leave' && name === 'ada');
    const acked = ada.say('said on the kept page');
    dispatch('pageshow', true);
    await ada.state('online');
    await acked;
    await ben.find(({ msg }) => msg === 'said on the kept page');
    assert.equal(ada.all('welcome').length, 2);
});
