// The server's metrics (docs/operations.md): each changes with what it counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, freshTitle, get, remove, request } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection } from './harness/connection.js';
import { metricsOf, parseMetrics } from './harness/metrics.js';
import { sharedServer, startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

const server = sharedServer({ config: { MessagesPerSecond: 5, MessageBurst: 10 } });

const received = (client, text) => client.find(({ msg }) => msg === text);

/** Resolves once a metric has a value that `is` accepts: the I/O threads update theirs at the end of an iteration. */
async function becomes(name, is, what) {
    await eventually(async () => is((await metricsOf(server)).get(name)), `${name} ${what}`);
}

test('metrics are text for Prometheus, for GET and HEAD', async () => {
    const answer = await get(server, '/metrics');
    assertStatus(answer, 200);
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.ok(answer.text.endsWith('\n'));
    assert.ok(parseMetrics(answer.text).size > 20);
    const head = await request(server, 'HEAD', '/metrics');
    assertStatus(head, 200);
    assert.equal(head.headers['content-type'], answer.headers['content-type']);
    assert.equal(head.text, '');
    assertError(await request(server, 'POST', '/metrics', { body: '' }), 405, 502);
});

test('metrics have the version and the process', async () => {
    const metrics = await metricsOf(server);
    assert.equal(metrics.get(`globes_build_info{version="${server.version}"}`), 1);
    const age = Date.now() / 1000 - metrics.get('process_start_time_seconds');
    assert.ok(age > 0 && age < 3600, `started ${age} s ago`);
    const resident = await server.residentBytes();
    assert.ok(Math.abs(metrics.get('process_resident_memory_bytes') - resident) < resident / 2);
    const allocated = metrics.get('globes_allocated_bytes');
    assert.ok(allocated > 100_000 && allocated < resident, `${allocated} of ${resident} bytes are in use`);
    const sqlite = metrics.get('globes_sqlite_allocated_bytes');
    assert.ok(sqlite > 10_000 && sqlite < allocated, `SQLite uses ${sqlite} bytes`);
    assert.ok(metrics.get('process_open_fds') >= 10);
    assert.ok(metrics.get('process_open_fds') < metrics.get('process_max_fds'));
    assert.ok(metrics.get('process_cpu_seconds_total') > 0);
});

test('rooms are counted', async () => {
    const before = (await metricsOf(server)).get('globes_rooms');
    const room = await createRoom(server);
    assert.equal((await metricsOf(server)).get('globes_rooms'), before + 1);
    assertStatus(await remove(server, `/chats/${room.id}`), 200);
    assert.equal((await metricsOf(server)).get('globes_rooms'), before);
});

test('connections and members are the current ones', async () => {
    const room = await createRoom(server);
    const before = await metricsOf(server);
    const sockets = before.get('globes_connections{kind="websocket"}');
    const members = before.get('globes_members');
    const ada = await ChatClient.join(server, room, 'ada');
    const silent = await ChatClient.open(server, room);
    await becomes('globes_connections{kind="websocket"}', (value) => value === sockets + 2, 'grows by two');
    await becomes('globes_members', (value) => value === members + 1, 'grows by one');
    await ada.leave();
    await silent.leave();
    await becomes('globes_connections{kind="websocket"}', (value) => value === sockets, 'is as before');
    await becomes('globes_members', (value) => value === members, 'is as before');

    const plain = before.get('globes_connections{kind="http"}');
    const connections = await Promise.all([1, 2, 3].map(() => Connection.open(server)));
    await becomes('globes_connections{kind="http"}', (value) => value >= plain + 3, 'grows by three');
    for (const connection of connections) connection.close();
});

test('messages, their batches and their deliveries are counted', async () => {
    const room = await createRoom(server);
    const before = await metricsOf(server);
    const ada = await ChatClient.join(server, room, 'ada');
    const bob = await ChatClient.join(server, room, 'bob');
    const texts = ['one', 'two', 'three'];
    for (const text of texts) ada.say('ada', text);
    for (const text of texts) await received(bob, text);
    const after = await metricsOf(server);
    const grown = (name) => after.get(name) - before.get(name);
    assert.equal(grown('globes_messages_stored_total'), 3);
    assert.ok(grown('globes_store_batches_total{outcome="committed"}') >= 1);
    assert.equal(grown('globes_store_batches_total{outcome="failed"}'), 0);
    assert.equal(grown('globes_store_batches_total{outcome="unknown"}'), 0);
    assert.ok(grown('globes_fan_out_sends_total') >= 2);
    assert.ok(grown('globes_fan_out_bytes_total') > 3 * 2 * 'one'.length);
    assert.equal(after.get('globes_store_reachable'), 1);
    assert.equal(after.get('globes_store_in_flight'), 0);
});

test('refused events count by the code of their error', async () => {
    const room = await createRoom(server);
    const before = await metricsOf(server);
    const ada = await ChatClient.join(server, room, 'ada');
    ada.send({ event_type: 'send', name: 'bob', msg: 'under another name' });
    for (let i = 0; i < 30; ++i) ada.send('no JSON');
    await becomes('globes_events_refused_total{code="503"}', (value) => value > 0, 'counts the flood');
    const after = await metricsOf(server);
    const grown = (name) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    assert.equal(grown('globes_events_refused_total{code="204"}'), 1);
    assert.ok(grown('globes_events_refused_total{code="303"}') > 1);
    assert.equal(after.get('globes_events_refused_total{code="505"}'), 0);
    assert.equal(grown('globes_messages_stored_total'), 0);
});

test('reads of history count by their reader', async () => {
    const room = await createRoom(server);
    const before = await metricsOf(server);
    assertStatus(await get(server, `/chats/${room.id}/events`), 200);
    const after = await metricsOf(server);
    const name = 'globes_history_reads_total{reader="http"}';
    assert.equal(after.get(name), before.get(name) + 1);
});

test('a client that resumes from before the replay cache reads the store', async (t) => {
    const own = await startServer(t);
    const room = await createRoom(own);
    const ada = await ChatClient.join(own, room, 'ada');
    ada.say('ada', 'said before the restart');
    await received(ada, 'said before the restart');
    await own.stop();
    await own.start();
    const name = 'globes_history_reads_total{reader="websocket"}';
    assert.equal((await metricsOf(own)).get(name), 0);
    const back = await ChatClient.resume(own, room, '?after=0');
    await received(back, 'said before the restart');
    assert.equal((await metricsOf(own)).get(name), 1);
});

test('responses are counted by the class of their status', async () => {
    const name = (status) => `globes_http_requests_total{status="${status}"}`;
    const before = await metricsOf(server);
    assertStatus(await get(server, '/nowhere'), 404);
    assertStatus(await get(server, '/nowhere'), 404);
    const after = await metricsOf(server);
    assert.equal(after.get(name('4xx')), before.get(name('4xx')) + 2);
    assert.equal(after.get(name('2xx')), before.get(name('2xx')) + 1, 'the previous scrape');
});

test('the longest pauses are short', async () => {
    const metrics = await metricsOf(server);
    for (const name of ['globes_core_pause_seconds_max', 'globes_io_pass_seconds_max']) {
        assert.ok(metrics.get(name) > 0 && metrics.get(name) < 1, `${name} is ${metrics.get(name)}`);
    }
});

test('a reader that takes no bytes is counted when it is closed', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0, BacklogBytes: 65536 } });
    const room = await createRoom(own);
    const slow = await ChatClient.open(own, room);
    slow.socket.pause();
    const ada = await ChatClient.join(own, room, 'ada');
    const text = 'x'.repeat(4000);
    const begun = Date.now();
    let closed = 0;
    while (closed === 0 && Date.now() - begun < 30_000) {
        for (let i = 0; i < 100; ++i) ada.say('ada', text);
        for (let i = 0; i < 100; ++i) await received(ada, text);
        closed = (await metricsOf(own)).get('globes_slow_readers_closed_total');
    }
    assert.equal(closed, 1);
    slow.socket.terminate();
});

test('no label has a title, a name or a secret', async (t) => {
    const own = await startServer(t, { dotenv: 'SECRET_KEY=the-secret-of-this-server' });
    const room = await createRoom(own, { title: freshTitle('Confidential'), description: 'A description' });
    const ada = await ChatClient.join(own, room, 'ada-lovelace');
    ada.say('ada-lovelace', 'words of a chat');
    await received(ada, 'words of a chat');
    const { text } = await get(own, '/metrics');
    for (const word of [room.title, 'description', 'ada-lovelace', 'words of', 'the-secret']) {
        assert.ok(!text.includes(word), `${word} is there`);
    }
});

test('MetricsAddresses closes the metrics to all others', async (t) => {
    const own = await startServer(t, { config: { MetricsAddresses: ['127.0.0.8/31', '192.0.2.1'], TrustedProxies: ['127.0.0.1'] } });
    const status = async (options) => (await get(own, '/metrics', options)).status;
    assert.equal(await status({ from: '127.0.0.8' }), 200);
    assert.equal(await status({ from: '127.0.0.2' }), 403);
    assert.equal(await status({}), 403);
    assert.equal(await status({ headers: { 'X-Forwarded-For': '192.0.2.1' } }), 200);
    assert.equal(await status({ headers: { 'X-Forwarded-For': '192.0.2.2' } }), 403);
    assert.equal(await status({ headers: { 'X-Forwarded-For': '127.0.0.8' } }), 403, 'a loopback address that a proxy states');
    const connection = await Connection.open(own);
    connection.write('PROXY TCP4 127.0.0.8 127.0.0.1 1 2\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const refused = await connection.response();
    assert.equal(refused.status, 403, 'the same in a PROXY header');
    assert.equal(refused.json.error.reason, 'This address may not read the metrics.');
    await own.logged(/path=\/metrics status=403 .* reason=metrics_addresses\n/);
    assertStatus(await get(own, '/health', { from: '127.0.0.2' }), 200);
    const everyone = await startServer(t, { config: { TrustedProxies: ['127.0.0.1'] } });
    assertStatus(await get(everyone, '/metrics', { headers: { 'X-Forwarded-For': '127.0.0.8' } }), 200);
    const closed = await startServer(t, { config: { MetricsAddresses: [] } });
    assert.equal((await get(closed, '/metrics')).json.error.code, 304);
});
