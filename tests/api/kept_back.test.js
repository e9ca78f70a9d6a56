// The connections that are kept back for health checks and exempt addresses (docs/operations.md#limits).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ERROR_TEXT, assertStatus, get, request } from './harness/api.js';
import { Connection } from './harness/connection.js';
import { metricsOf } from './harness/metrics.js';
import { startServer } from './harness/server.js';
import { eventually, within } from './harness/wait.js';

const MAX = 64;
const KEPT_BACK = 4;
const STRANGER = { from: '127.0.0.2' };
const REASON = 'The server has as many connections as it may have.';

const config = { MaxConnections: MAX, ExemptAddresses: ['127.0.0.1'] };

/** Opens connections of a stranger, idle, until the server has `count` in all. */
async function hold(server, count, options = STRANGER) {
    const held = [];
    while (held.length < count) held.push(await Connection.open(server, options));
    return held;
}

/** The server has counted that many connections, that of the question not included. */
function counted(server, count) {
    const isCounted = async () => (await metricsOf(server)).get('globes_connections{kind="http"}') >= count + 1;
    return eventually(isCounted, `${count} connections are open`);
}

test('while strangers hold all other connections, health checks and exempt addresses are served', async (t) => {
    const server = await startServer(t, { config });
    await hold(server, MAX - KEPT_BACK);
    await counted(server, MAX - KEPT_BACK);
    for (const path of ['/health', '/ready']) {
        const answer = await get(server, path, { from: '127.0.0.3', headers: { Connection: 'keep-alive' } });
        assertStatus(answer, 200);
        assert.equal(answer.headers.connection, 'close', 'a check does not keep its connection');
    }
    for (const [method, path] of [
        ['GET', '/chats'],
        ['GET', '/metrics'],
        ['POST', '/chats'],
        ['GET', '/chats/1/ws'],
    ]) {
        const answer = await request(server, method, path, { from: '127.0.0.3' });
        assertStatus(answer, 503);
        assert.deepEqual(answer.json.error, { code: 505, error: ERROR_TEXT[505], reason: REASON });
        assert.equal(answer.headers['retry-after'], '30');
        assert.equal(answer.headers.connection, 'close');
    }
    assertStatus(await get(server, '/chats'), 200);
    await server.logged(/path=\/chats status=503 .* peer=127\.0\.0\.3 limit=max_connections\n/);
});

test('strangers that hold these connections too are closed, and do not stop the checks of exempt addresses', async (t) => {
    const server = await startServer(t, { config });
    await hold(server, MAX - KEPT_BACK / 2);
    const further = await Connection.open(server, STRANGER);
    await further.ended();
    await server.logged(/event=limit peer=127\.0\.0\.2 limit=max_connections\n/);
    assertStatus(await get(server, '/health'), 200);
    assertStatus(await get(server, '/chats'), 200);
});

test('a trusted proxy has these connections for health checks only, because it passes on strangers', async (t) => {
    const server = await startServer(t, { config: { ...config, TrustedProxies: ['127.0.0.1'] } });
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    for (const count of [MAX - KEPT_BACK, KEPT_BACK / 2]) {
        await hold(server, count);
        assertStatus(await get(server, '/health'), 200);
        assertStatus(await get(server, '/health', { headers }), 200);
        assertStatus(await get(server, '/chats', { headers }), 503);
    }
});

test('a stranger may hold a connection for health checks for two seconds', async (t) => {
    const server = await startServer(t, { config });
    await hold(server, MAX - KEPT_BACK);
    const silent = await Connection.open(server, STRANGER);
    await silent.ended();
    assertStatus(await get(server, '/health', STRANGER), 200);
});

test('of a few connections one is kept back', async (t) => {
    const server = await startServer(t, { config: { ...config, MaxConnections: 2 } });
    const [held] = await hold(server, 1);
    assertStatus(await get(server, '/health', { from: '127.0.0.3' }), 200);
    assertStatus(await get(server, '/chats', { from: '127.0.0.3' }), 503);
    held.close();
});

test('beyond all connections, accepting pauses and goes on', async (t) => {
    const server = await startServer(t, { config });
    const held = await hold(server, MAX, {});
    const waiting = get(server, '/health'); // accepting pauses at the next connection
    await server.logged(/event=accept_paused reason="too many connections"/);
    for (const connection of held) connection.close();
    assertStatus(await within(waiting, () => 'the waiting connection is served'), 200);
});
