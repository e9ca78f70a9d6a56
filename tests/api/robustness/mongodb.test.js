// MongoDB as the store: Globes killed, the database killed, paused or unreachable. Afterwards no delivered message is
// missing or repeated, and the chat continues by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, get, post } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { assertInHistory, assertOnce, history } from '../harness/history.js';
import { metricsOf } from '../harness/metrics.js';
import {
    freshDatabase,
    startFerretdb,
    startMongoJavaServer,
    withoutFerretdb,
    withoutMongoJavaServer,
} from '../harness/mongodb.js';
import { Random } from '../harness/random.js';
import { runToEnd, startServer } from '../harness/server.js';
import { Talker } from '../harness/talker.js';
import { eventually } from '../harness/wait.js';

const isLong = process.env.GLOBES_LONG === '1';
const ROUNDS = isLong ? 20 : 3;
const STOPPED_MS = isLong ? 20_000 : 6_000;
const skip = withoutFerretdb();
// 3 s, as docs/mongodb.md says, and a margin for a loaded machine.
const REFUSED_WITHIN_MS = 4_500;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function startOn(t, ferretdb) {
    const env = { MONGODB_URI: freshDatabase(ferretdb.uri) };
    return startServer(t, { config: { MessagesPerSecond: 0 }, env });
}

async function killRounds(t, database) {
    const random = new Random(20250601);
    const server = await startOn(t, database);
    const rooms = [await createRoom(server), await createRoom(server), await createRoom(server)];
    const everyone = rooms.map(() => []);
    for (let round = 1; round <= ROUNDS; round += 1) {
        const clients = [];
        const talkers = [];
        for (const [index, room] of rooms.entries()) {
            for (const name of ['ada', 'bea', 'cleo']) {
                const client = await ChatClient.open(server, room);
                clients.push(client);
                everyone[index].push(client);
                talkers.push(new Talker(client, name, round));
            }
        }
        await talkers[0].receives(random.between(5, 80));
        await server.kill();
        await Promise.all(clients.map((client) => client.closed()));
        await server.start();
        for (const [index, room] of rooms.entries()) {
            const events = await history(server, room);
            assertInHistory(events, everyone[index]);
            assertOnce(events);
        }
    }
    for (const [index, room] of rooms.entries()) {
        const stored = (await history(server, room)).length;
        assert.ok(stored > 0, 'there were messages to lose');
        const ada = await ChatClient.open(server, room);
        const talker = new Talker(ada, 'ada', 'after all that');
        await talker.receives(1);
        await talker.finish();
        const events = await history(server, room);
        assert.ok(events.length > stored);
        assertInHistory(events, [...everyone[index], ada]);
        assertOnce(events);
        await ada.leave();
    }
}

test(`kill -9 of Globes in the middle of traffic, ${ROUNDS} times`, { skip }, async (t) =>
    killRounds(t, await startFerretdb(t)));

test(`kill -9 of Globes on a server with indexes, ${ROUNDS} times`, { skip: withoutMongoJavaServer() }, async (t) =>
    killRounds(t, await startMongoJavaServer(t)));

/**
 * A thread that waits for the database would wait as long as the outage. A shorter time, above the usual 50 ms, may
 * also be caused by other processes on the machine.
 */
async function assertNeverWaited(t, server) {
    const metrics = await metricsOf(server);
    for (const name of ['globes_core_pause_seconds_max', 'globes_io_pass_seconds_max']) {
        const seconds = metrics.get(name);
        t.diagnostic(`${name} ${seconds}`);
        assert.ok(seconds < 1, `${name} is ${seconds}`);
    }
    assert.equal(metrics.get('globes_store_reachable'), 1);
    assert.ok(metrics.get('globes_events_refused_total{code="505"}') > 0);
}

/** The server's behavior during and after an outage of the database; `away` begins it, `back` ends it. */
async function outage(t, away, back) {
    const ferretdb = await startFerretdb(t);
    const server = await startOn(t, ferretdb);
    const rooms = [await createRoom(server), await createRoom(server)];
    const clients = [];
    const talkers = [];
    for (const room of rooms) {
        for (const name of ['ada', 'bea']) {
            clients.push(await ChatClient.open(server, room));
            talkers.push(new Talker(clients.at(-1), name));
        }
    }
    await Promise.all(talkers.map((talker) => talker.receives(10)));
    assertStatus(await get(server, '/ready'), 200);

    await away(ferretdb);
    await eventually(() => talkers.some(({ refused }) => refused.length > 0), 'somebody is refused');
    assert.match(server.log, /event=store_failed cause=/, 'the first refusal is logged');
    await eventually(() => talkers.every(({ refused }) => refused.length > 0), 'everyone is refused');
    assertError(await get(server, '/ready'), 503, 505);
    assertStatus(await get(server, '/health'), 200);
    assert.equal((await metricsOf(server)).get('globes_store_reachable'), 0);
    assertError(await post(server, '/chats', { title: 'Meanwhile', visibility: 'public' }), 503, 505);
    assertStatus(await get(server, `/chats/${rooms[0].id}`), 200);
    const witness = await ChatClient.join(server, rooms[0], 'witness');
    await back(ferretdb);

    const isBack = performance.now();
    await Promise.all(talkers.map((talker) => talker.receives(1, 60_000)));
    t.diagnostic(`every client received messages again after ${Math.round(performance.now() - isBack)} ms`);
    await Promise.all(talkers.map((talker) => talker.receives(10)));
    await Promise.all(talkers.map((talker) => talker.finish()));
    assertStatus(await get(server, '/ready'), 200);
    await server.logged(/event=store_recovered/);
    const slowest = Math.max(...talkers.flatMap(({ refused }) => refused));
    t.diagnostic(`the slowest refusal took ${Math.round(slowest)} ms`);
    assert.ok(slowest < REFUSED_WITHIN_MS, `a refusal took ${slowest} ms`);
    for (const client of clients) assert.ok(client.isOpen, 'no connection was closed');
    const pong = Promise.all([...clients, witness].map((client) => client.pongs.next()));
    for (const client of [...clients, witness]) client.ping();
    await pong;
    for (const [index, room] of rooms.entries()) {
        const events = await history(server, room);
        assertInHistory(events, [...clients.slice(index * 2, index * 2 + 2), ...(index === 0 ? [witness] : [])]);
        assertOnce(events);
    }
    assertStatus(await post(server, '/chats', { title: 'Meanwhile', visibility: 'public' }), 201);
    await assertNeverWaited(t, server);
    await server.stop();
}

test('the database is killed and comes back', { skip }, (t) =>
    outage(
        t,
        (ferretdb) => ferretdb.kill(),
        async (ferretdb) => {
            await sleep(isLong ? 5_000 : 500);
            await ferretdb.start();
        },
    ));

test(`the database is paused for ${STOPPED_MS / 1000} s and continues`, { skip }, (t) =>
    outage(
        t,
        (ferretdb) => ferretdb.pause(),
        async (ferretdb) => {
            await sleep(STOPPED_MS);
            ferretdb.goOn();
        },
    ));

test('a shutdown while the database does not reply ends in time', { skip }, async (t) => {
    const ferretdb = await startFerretdb(t);
    const server = await startOn(t, ferretdb);
    const room = await createRoom(server);
    const ada = await ChatClient.open(server, room);
    ferretdb.pause();
    ada.say('ada', 'into the void');
    await server.stop();
    ferretdb.goOn();
});

test('an unreachable MongoDB at the start: exit code 1, the host, no password', async () => {
    const env = { MONGODB_URI: 'mongodb://anna:topsecret@127.0.0.1:1/' };
    const { code, output } = await runToEnd({ env });
    assert.equal(code, 1, output);
    assert.match(output, /^globes: MongoDB at 127\.0\.0\.1:1, database chat_server: cannot be reached: /m);
    assert.doesNotMatch(output, /topsecret|anna/);
});

test('an invalid connection string: exit code 2, the variable, no password', async () => {
    for (const uri of ['http://anna:topsecret@h', 'mongodb://anna:top:secret@h', 'mongodb://anna:topsecret@h/?w=%zz']) {
        const { code, output } = await runToEnd({ env: { MONGODB_URI: uri } });
        assert.equal(code, 2, output);
        assert.match(output, /^globes: environment: MONGODB_URI: /m);
        assert.doesNotMatch(output, /secret|anna/);
    }
    const { code, output } = await runToEnd({ env: { MONGODB_USER: 'anna', MONGODB_PASSWORD: 'topsecret' } });
    assert.equal(code, 2, output);
    assert.match(output, /^globes: environment: MONGODB_CLUSTER: missing/m);
    assert.doesNotMatch(output, /topsecret/);
});

test('an invalid or contradictory database name: exit code 2', async () => {
    const uri = 'mongodb://anna:topsecret@127.0.0.1:1/';
    for (const env of [
        { MONGODB_URI: uri, MONGODB_DATABASE: 'a/b' },
        { MONGODB_URI: `${uri}mine`, MONGODB_DATABASE: 'other' },
    ]) {
        const { code, output } = await runToEnd({ env });
        assert.equal(code, 2, output);
        assert.match(output, /^globes: environment: MONGODB_DATABASE: /m);
        assert.doesNotMatch(output, /topsecret|anna/);
    }
    for (const env of [
        { MONGODB_URI: uri, MONGODB_DATABASE: 'mine' },
        { MONGODB_URI: `${uri}mine`, MONGODB_DATABASE: 'mine' },
    ]) {
        const { code, output } = await runToEnd({ env });
        assert.equal(code, 1, output);
        assert.match(output, /database mine: cannot be reached/);
    }
});
