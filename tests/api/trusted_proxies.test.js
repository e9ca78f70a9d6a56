// What a trusted proxy states about its clients (docs/configuration.md#trusted-proxies): forwarded headers and the PROXY
// protocol. The proxy is 127.0.0.1; requests from any other address of the loopback are those of a client.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertError, assertStatus, createPrivateRoom, createRoom, freshTitle, get, post, request } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection, exchange } from './harness/connection.js';
import { handshake } from './harness/raw_socket.js';
import { runToEnd, sharedServer, startServer } from './harness/server.js';

const server = sharedServer({
    config: {
        TrustedProxies: ['127.0.0.1', '10.0.0.0/8'],
        AddressConnections: 3,
        AddressConnectionsPerMinute: 200,
        AddressRoomsPerHour: 2,
        AddressGuessesPerMinute: 1000,
    },
});

let lastClient = 0;
/** An address that no other test uses. */
function newClient() {
    lastClient += 1;
    return `192.0.2.${lastClient}`;
}

let paths = 0;
/** The `peer` in the log for a request with these headers. */
async function peerOf(headers, options = {}) {
    paths += 1;
    const begin = server.log.length;
    await request(server, 'GET', `/chats/${paths}/nothing`, { headers, ...options });
    const [, peer] = await server.logged(new RegExp(` path=/chats/${paths}/\\* .* peer=(\\S+)`), begin);
    return peer;
}

const via = (address) => ({ 'X-Forwarded-For': address });
const create = (headers, options) =>
    request(server, 'POST', '/chats', { headers, body: { title: freshTitle(), visibility: 'public' }, ...options });
const proxyHeader = (address) => `PROXY TCP4 ${address} 127.0.0.1 4711 5000\r\n`;
const health = `GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test('the log has the address that the proxy states', async () => {
    assert.equal(await peerOf(via('192.0.2.1')), '192.0.2.1');
    assert.equal(await peerOf(via('198.51.100.9, 192.0.2.1, 10.1.2.3')), '192.0.2.1', 'what the client wrote does not count');
    assert.equal(await peerOf(via('[2001:db8::1]:4711')), '2001:db8::1');
    assert.equal(await peerOf({ Forwarded: 'for="[2001:db8::2]:1";proto=https' }), '2001:db8::2');
    assert.equal(await peerOf({ Forwarded: 'for=192.0.2.7', ...via('192.0.2.1') }), '192.0.2.1');
    assert.equal(await peerOf(via('192.0.2.1, nonsense')), '127.0.0.1');
    assert.equal(await peerOf({}), '127.0.0.1');
});

test('from any other peer, forwarded headers are ignored', async () => {
    const from = '127.0.0.2';
    assert.equal(await peerOf(via('192.0.2.1'), { from }), from);
    assert.equal(await peerOf({ Forwarded: 'for=192.0.2.1' }, { from }), from);
    const origin = { Origin: `https://${server.host}:${server.port}`, 'X-Forwarded-Proto': 'https' };
    assertError(await create(origin, { from }), 403, 304);
});

test('the limits by address count for the stated address', async () => {
    const [ann, ben] = [newClient(), newClient()];
    for (let i = 0; i < 2; i += 1) assertStatus(await create(via(ann)), 201);
    assertError(await create(via(ann)), 429, 503);
    assertError(await create(via(`${newClient()}, ${ann}`)), 429, 503);
    assertStatus(await create(via(ben)), 201);
});

test('a loopback address is not exempt if a proxy states it', async () => {
    for (let i = 0; i < 2; i += 1) assertStatus(await create(via('127.0.0.77')), 201);
    assertError(await create(via('127.0.0.77')), 429, 503);
    for (let i = 0; i < 3; i += 1) assertStatus(await create({}), 201);
});

test('wrong passwords count for the stated address', async () => {
    const room = await createPrivateRoom(server);
    const ask = (address, secret) => post(server, `/chats/${room.id}/token`, { name: 'ann', secret }, { headers: via(address) });
    const guesser = newClient();
    let status = 0;
    for (let i = 0; i < 11; i += 1) ({ status } = await ask(guesser, 'wrong'));
    assert.equal(status, 429);
    assertStatus(await ask(newClient(), PASSWORD), 201);
});

test('WebSockets through the proxy count as connections of their clients, and the proxy has as many as it needs', async () => {
    const room = await createRoom(server);
    const [ann, ben] = [newClient(), newClient()];
    const clients = [];
    for (let i = 0; i < 3; i += 1) clients.push(await ChatClient.open(server, room, { headers: via(ann) }));
    const shake = (headers) => exchange(server, handshake(server, `/chats/${room.id}/ws`, headers));
    const refused = await shake(via(ann));
    assert.equal(refused.status, 503);
    assert.equal(refused.headers['retry-after'], '1');
    for (let i = 0; i < 3; i += 1) clients.push(await ChatClient.open(server, room, { headers: via(ben) }));
    clients[0].say('ann', 'hello');
    for (const client of clients) assert.equal((await client.next()).msg, 'hello');
    await clients[1].leave();
    assert.equal((await shake(via(ann))).status, 101);
    for (const client of clients.filter(({ isOpen }) => isOpen)) await client.leave();
});

test('one connection of the proxy serves many clients', async () => {
    const proxy = await Connection.open(server);
    const ask = async (address) => {
        const body = JSON.stringify({ title: freshTitle(), visibility: 'public' });
        proxy.write(`POST /chats HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        return (await proxy.response()).status;
    };
    const [ann, ben] = [newClient(), newClient()];
    assert.deepEqual([await ask(ann), await ask(ann), await ask(ann), await ask(ben)], [201, 201, 429, 201]);
    proxy.close();
});

test('the scheme that the proxy states is that of the own origin', async () => {
    const host = 'chat.example';
    const status = async (scheme, headers) =>
        (await exchange(server, handshake(server, '/chats/1/ws', { Host: host, Origin: `${scheme}://${host}`, ...headers }))).status;
    const https = { 'X-Forwarded-Proto': 'https', ...via(newClient()) };
    assert.equal(await status('https', https), 101);
    assert.equal(await status('http', https), 403);
    assert.equal(await status('http', { 'X-Forwarded-Proto': 'http' }), 101);
    assert.equal(await status('https', { 'X-Forwarded-Proto': 'http' }), 403);
    assert.equal(await status('https', { Forwarded: 'for=192.0.2.200;proto=https' }), 101);
    assertStatus(await create({ Host: host, Origin: `https://${host}`, ...https }), 201);
    assertError(await create({ Host: host, Origin: 'https://evil.example', ...https }), 403, 304);
});

test('with a trusted proxy, a server on loopback answers to every host, unless Hosts lists them', async (t) => {
    assertStatus(await get(server, '/chats/1', { headers: { Host: 'any.example' } }), 200);
    const listed = await startServer(t, { config: { TrustedProxies: ['127.0.0.1'], Hosts: ['chat.example'] } });
    assertError(await get(listed, '/chats/1', { headers: { Host: 'any.example' } }), 421, 506);
});

test('with a trusted proxy, a server on loopback warns of rooms without an owner', async (t) => {
    const open = await startServer(t, { config: { TrustedProxies: ['192.0.2.1'] } });
    assert.match(open.log, /event=rooms_without_owner/);
});

test('an invalid entry ends the start with an error that names the key', async () => {
    const { code, output } = await runToEnd({ config: { TrustedProxies: ['proxy.example'] } });
    assert.equal(code, 2);
    assert.match(output, /^globes: config\.json: TrustedProxies: must be an array of addresses and ranges/m);
});

// The PROXY protocol.

test('a PROXY header names the client of its connection', async () => {
    const client = newClient();
    const connection = await Connection.open(server);
    const create = (headers = '') => {
        const body = JSON.stringify({ title: freshTitle(), visibility: 'public' });
        connection.write(`POST /chats HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
        return connection.response();
    };
    const begin = server.log.length;
    await connection.writeByteByByte(proxyHeader(client));
    assertStatus(await create(), 201);
    assertStatus(await create(`X-Forwarded-For: ${newClient()}\r\n`), 201);
    assertError(await create(`X-Forwarded-For: ${newClient()}\r\n`), 429, 503);
    connection.close();
    await server.logged(new RegExp(`method=POST path=/chats status=429 .* peer=${client.replaceAll('.', '\\.')} limit=rooms\n`), begin);
});

test('a PROXY header of version 2 says whether the client speaks TLS', async () => {
    const host = 'chat.example';
    const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
    const tcp4 = Buffer.from([0x21, 0x11, 0, 20, 198, 51, 100, 1, 127, 0, 0, 1, 0x12, 0x67, 1, 187, 0x20, 0, 5, 1, 0, 0, 0, 0]);
    const upgrade = Buffer.from(handshake(server, '/chats/1/ws', { Host: host, Origin: `https://${host}` }));
    assert.equal((await exchange(server, Buffer.concat([signature, tcp4, upgrade]))).status, 101);
    const local = Buffer.from([0x20, 0, 0, 0]);
    assert.equal((await exchange(server, Buffer.concat([signature, local, Buffer.from(health)]))).status, 200);
});

test('connections with a PROXY header count for the client', async () => {
    const client = newClient();
    const open = [];
    for (let i = 0; i < 3; i += 1) {
        const connection = await Connection.open(server);
        connection.write(proxyHeader(client) + health);
        assertStatus(await connection.response(), 200);
        open.push(connection);
    }
    const refused = await Connection.open(server);
    refused.write(proxyHeader(client));
    assert.equal((await refused.response()).status, 503);
    await refused.ended();
    assertStatus(await exchange(server, proxyHeader(newClient()) + health), 200);
    for (const connection of open) connection.close();
});

test('an invalid PROXY header closes the connection, and the log says so', async () => {
    const begin = server.log.length;
    const connection = await Connection.open(server);
    connection.write(`PROXY TCP4 nonsense\r\n${health}`);
    assert.equal((await connection.ended()).length, 0);
    await server.logged(/level=warning event=proxy_header_invalid peer=127\.0\.0\.1\n/, begin);
});

test('from any other peer, a PROXY header is an invalid request', async () => {
    const connection = await Connection.open(server, { from: '127.0.0.3' });
    connection.write(proxyHeader('192.0.2.1') + health);
    assertError(await connection.response(), 400, 506);
    await connection.ended();
});

test('a PROXY header that does not end in ReadTimeout closes the connection', async (t) => {
    const quick = await startServer(t, { config: { TrustedProxies: ['127.0.0.1'], ReadTimeout: 0.3 } });
    const connection = await Connection.open(quick);
    connection.write('PROXY TCP4 192.0.2.1');
    assert.equal((await connection.ended()).length, 0);
});
