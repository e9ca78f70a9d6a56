// What the log says about refusals, so that an operator can tell who was refused by what, and which key to change.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertError, assertLimited, assertStatus, createPrivateRoom, createRoom, freshTitle, get, post, request } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection } from './harness/connection.js';
import { metricsOf } from './harness/metrics.js';
import { sharedServer, startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

const server = sharedServer({
    config: {
        ExemptAddresses: ['127.0.0.1'],
        AddressConnections: 3,
        AddressRoomsPerHour: 1,
        AddressJoinsPerMinute: 1,
        AddressConnectionsPerMinute: 20,
        AddressStoredBytesPerHour: 2000,
        MessagesPerSecond: 1,
        MessageBurst: 5,
    },
});

test('the line of a refused request names the limit, and the answer has a reason', async () => {
    const from = '127.0.0.2';
    const create = () => post(server, '/chats', { title: freshTitle(), visibility: 'public' }, { from });
    assertStatus(await create(), 201);
    const refused = await create();
    assertError(refused, 429, 503);
    assert.equal(refused.json.error.reason, 'This address has created as many rooms as it may for now.');
    await server.logged(/method=POST path=\/chats status=429 .* peer=127\.0\.0\.2 limit=rooms\n/);
    await server.logged(/method=POST path=\/chats status=201 .* peer=127\.0\.0\.2\n/);
});

test('a connection beyond the open ones of its address gets a reason, and its line the limit', async () => {
    const from = '127.0.0.3';
    const open = await Promise.all([1, 2, 3].map(() => Connection.open(server, { from })));
    const refused = await get(server, '/chats', { from });
    assertLimited(refused, 503, 505);
    assert.equal(refused.json.error.reason, 'This address has as many connections as it may have.');
    await server.logged(/status=503 .* peer=127\.0\.0\.3 limit=open_connections\n/);
    for (const connection of open) connection.close();
});

test('wrong passwords have their own limit in the log and in the metrics', async () => {
    const room = await createPrivateRoom(server);
    const enter = (secret) => post(server, `/chats/${room.id}/token`, { name: 'ada', secret }, { from: '127.0.0.4' });
    for (let i = 0; i < 10; i += 1) assertStatus(await enter('a wrong password'), 401);
    const refused = await enter(PASSWORD).then(async (answer) => (answer.status === 429 ? answer : enter('a wrong password')));
    assertError(refused, 429, 503);
    assert.match(refused.json.error.reason, /wrong passwords/);
    await server.logged(/status=429 .* peer=127\.0\.0\.4 limit=wrong_passwords\n/);
    assert.ok((await metricsOf(server)).get('globes_address_refusals_total{limit="wrong_passwords"}') >= 1);
});

test('refusals in a chat are a line for each address and limit, at most once a minute', async () => {
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada', { from: '127.0.0.5' });
    ada.send({ event_type: 'join', name: 'ben', color: 'red' });
    await server.logged(/level=warning event=limit peer=127\.0\.0\.5 limit=joins\n/);
    ada.say('ada', 'x'.repeat(1800));
    ada.say('ada', 'x'.repeat(1800));
    await server.logged(/event=limit peer=127\.0\.0\.5 limit=stored_bytes\n/);
    for (let i = 0; i < 120; i += 1) ada.say('ada', 'x');
    assert.equal((await ada.closed()).code, 4009);
    await server.logged(/event=limit peer=127\.0\.0\.5 limit=messages\n/);
    for (const limit of ['joins', 'stored_bytes', 'messages']) {
        assert.equal(server.log.match(new RegExp(`peer=127\\.0\\.0\\.5 limit=${limit}\n`, 'g')).length, 1, limit);
    }
});

test('a connection beyond those that are answered is a line', async () => {
    const from = '127.0.0.7';
    const connections = await Promise.all(Array.from({ length: 15 }, () => Connection.open(server, { from })));
    await server.logged(/event=limit peer=127\.0\.0\.7 limit=open_connections\n/);
    for (const connection of connections) connection.close();
});

test('a connection that is closed without an answer is a line', async () => {
    const from = '127.0.0.6';
    await eventually(async () => {
        const connection = await Connection.open(server, { from });
        connection.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
        return (await connection.ended()).length === 0;
    }, 'a connection is closed without an answer');
    await server.logged(/event=limit peer=127\.0\.0\.6 limit=connections\n/);
});

test('a page and a host that may not use the server are lines', async () => {
    const create = (headers) => request(server, 'POST', '/chats', { headers, body: { title: freshTitle(), visibility: 'public' } });
    for (let i = 0; i < 2; i += 1) assertStatus(await create({ Origin: 'https://Chat.example.org' }), 403);
    await server.logged(/level=warning event=unknown_origin origin=https:\/\/chat\.example\.org peer=127\.0\.0\.1 reason="add it to AllowedOrigins /);
    await server.logged(/status=403 .* peer=127\.0\.0\.1 reason=origin\n/);
    assert.equal(server.log.match(/event=unknown_origin/g).length, 1);
    assertStatus(await get(server, '/chats', { headers: { Host: 'other.example' } }), 421);
    await server.logged(/status=421 .* reason=host\n/);
});

for (const [header, headers] of [
    ['x-forwarded-for', { 'X-Forwarded-For': '192.0.2.1' }],
    ['forwarded', { Forwarded: 'for=192.0.2.1' }],
    ['x-real-ip', { 'X-Real-IP': '192.0.2.1' }],
]) {
    test(`a proxy that is not trusted is a line: ${header}`, async (t) => {
        const own = await startServer(t);
        for (let i = 0; i < 3; i += 1) assertStatus(await get(own, '/chats', { headers }), 200);
        await own.logged(new RegExp(`level=warning event=proxy_not_trusted peer=127\\.0\\.0\\.1 header=${header} reason=".*TrustedProxies.*exempt from limits"\n`));
        await own.stop();
        assert.equal(own.log.match(/event=proxy_not_trusted/g).length, 1);
    });
}

test('a PROXY header of a proxy that is not trusted is a line', async (t) => {
    const own = await startServer(t);
    const connection = await Connection.open(own);
    connection.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assertStatus(await connection.response(), 400);
    await own.logged(/event=proxy_not_trusted peer=127\.0\.0\.1 header=PROXY /);
});

test('a trusted proxy, and a request without a proxy, are not', async (t) => {
    const own = await startServer(t, { config: { TrustedProxies: ['127.0.0.1'] } });
    assertStatus(await get(own, '/chats', { headers: { 'X-Forwarded-For': '10.0.0.1' } }), 200);
    assertStatus(await get(own, '/chats'), 200);
    assertStatus(await get(own, '/chats', { from: '127.0.0.9' }), 200);
    const connection = await Connection.open(own);
    connection.write('PROXY TCP4 10.0.0.1 127.0.0.1 1 2\r\nGET /chats HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n');
    assertStatus(await connection.response(), 200); // The client itself has written the header.
    await own.stop();
    assert.doesNotMatch(own.log, /proxy_not_trusted/);
});
