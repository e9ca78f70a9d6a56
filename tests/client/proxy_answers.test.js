// A proxy that answers instead of the server, during an outage or a deployment: none of its answers is the server's.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, createRoom, PASSWORD, remove } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { Gateway } from './support/gateway.js';
import { globesAt, TestClient } from './support/test_client.js';
import { ScriptedServer } from './support/scripted_server.js';

const server = sharedServer();

/** Bodies that are not the server's, each with any of `STATUSES`. */
const FOREIGN = {
    'a page': '<!DOCTYPE html><h1>We will be back soon</h1>',
    nothing: '',
    null: 'null',
    'a number': '42',
    'an empty object': '{}',
    'a list of something': '[{"name":"x"}]',
    'an error of a gateway': '{"error":{"code":404,"message":"Not found"}}',
    'an error in a text': '{"status":false,"error":"Not found"}',
    'a health check': '{"status":"ok"}',
};
const STATUSES = [200, 201, 400, 401, 403, 404, 410, 429, 500, 502];

test('any answer of a proxy rejects the request as unavailable, without a code', async (t) => {
    const gateway = await Gateway.start(t, server);
    const globes = globesAt(gateway);
    const room = await createPrivateRoom(server);
    const token = await globes.tokens.request(room, { name: 'ada', secret: PASSWORD });
    const requests = {
        list: () => globes.rooms.list(),
        listAll: () => globes.rooms.listAll().next(),
        get: () => globes.rooms.get(room, { token }),
        create: () => globes.rooms.create({ title: 'Elsewhere' }),
        update: () => globes.rooms.update(room, { title: 'Elsewhere' }, { token }),
        remove: () => globes.rooms.remove(room, { token }),
        request: () => globes.tokens.request(room, { name: 'ada', secret: PASSWORD }),
        renew: () => globes.tokens.renew(room, token),
        endOwnerTokens: () => globes.tokens.endOwnerTokens(room, token),
        history: () => globes.history(room, { token }),
    };
    for (const status of STATUSES)
        for (const [what, body] of Object.entries(FOREIGN)) {
            gateway.answer = { status, body };
            for (const [name, request] of Object.entries(requests))
                await assert.rejects(request(), { name: 'UnavailableError', code: null, status }, `${name}: ${status} with ${what}`);
        }
    gateway.answer = { status: 201, body: '{"status":true,"token":"<hidden>"}' };
    for (const request of [requests.request, requests.renew, requests.endOwnerTokens])
        await assert.rejects(request(), { name: 'UnavailableError', code: null }, 'an invalid token');
});

test('a connection survives every answer of a proxy, and continues when the server is back', async (t) => {
    const gateway = await Gateway.start(t, server);
    const globes = globesAt(gateway);
    const locked = await createPrivateRoom(server);
    const token = await globes.tokens.request(locked, { name: 'ada', secret: PASSWORD });
    for (const [room, key] of [
        [await createRoom(server), null],
        [locked, token],
    ]) {
        const ada = await TestClient.join(t, globes, room, 'ada', { token: key });
        let said = 0;
        for (const status of STATUSES)
            for (const body of ['<h1>Maintenance</h1>', '', '{"error":{"code":404}}', '{"status":true,"token":"none"}']) {
                const { refused } = gateway;
                gateway.answer = { status, body };
                gateway.cut();
                while (gateway.refused < refused + 2) await ada.state('waiting');
                const acked = ada.say(`${status}`);
                gateway.answer = null;
                await acked;
                said += 1;
            }
        await eventually(() => ada.connection.seq === said, 'all are shown');
        assert.deepEqual([ada.all('closed'), ada.all('problem'), ada.all('gap')], [[], [], []]);
        ada.assertShown(1, said);
        ada.connection.close();
    }
});

test('an error of the server itself, through the proxy, still ends a connection', async (t) => {
    const gateway = await Gateway.start(t, server);
    const room = await createRoom(server);
    const ada = await TestClient.join(t, globesAt(gateway), room, 'ada');
    gateway.answer = { status: 502, body: '<h1>Bad gateway</h1>' };
    gateway.cut();
    await ada.state('waiting');
    await remove(server, `/chats/${room.id}`);
    gateway.answer = null;
    assert.equal((await ada.find('closed')).error.code, 101);
});

test('a Retry-After of hours from a proxy counts as at most a minute', async (t) => {
    const gateway = await Gateway.start(t, server);
    gateway.answer = { status: 503, body: '', headers: { 'Retry-After': '7200' } };
    await assert.rejects(globesAt(gateway).rooms.list(), { name: 'UnavailableError', retryAfterMs: 60_000 });
    for (const odd of ['-1', 'soon', '', '1e9', '99999999999']) {
        gateway.answer.headers = { 'Retry-After': odd };
        await assert.rejects(globesAt(gateway).rooms.list(), { retryAfterMs: null }, odd);
    }
});

test('frames that are not a server’s count as an outage', async (t) => {
    const other = await ScriptedServer.start(t);
    const frames = ['<h1>Hello</h1>', '', 'null', '[]', '{}', '{"event_type":"welcome"}', '{"event_type":"send","seq":1}'];
    for (const frame of frames) {
        other.firstFrame = frame;
        const ada = TestClient.connect(t, globesAt(other), 7, { name: 'ada' });
        const { error } = await ada.state('waiting');
        assert.equal(error.name, 'ConnectionError', frame);
        other.firstFrame = null;
        await ada.state('online');
        ada.connection.close();
    }
    const ada = TestClient.connect(t, globesAt(other), 7, { name: 'ada' });
    await ada.find('welcome');
    other.connections.all.at(-1).socket.send('<h1>Hello</h1>');
    await ada.state('waiting');
    await ada.state('online');
    assert.deepEqual(ada.all('closed'), []);
});

test('a list that repeats its page, and a history with something else in it, are refused', async (t) => {
    const server = await ScriptedServer.start(t);
    server.answers.set('', { body: [{ id: 7, visibility: 'public' }] });
    const ids = [];
    await assert.rejects(
        async () => {
            for await (const { id } of globesAt(server).rooms.listAll()) if (ids.push(id) > 3) break;
        },
        { name: 'UnavailableError' },
    );
    server.answers.set('', { body: { room_id: 7, first_seq: 1, last_seq: 1, events: [null] } });
    await assert.rejects(globesAt(server).history(7), { name: 'UnavailableError' });
});
