// Which hosts the server answers to (docs/protocol.md#hosts): a page whose name resolves to the server must not use it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, get, request } from './harness/api.js';
import { exchange } from './harness/connection.js';
import { handshake } from './harness/raw_socket.js';
import { runToEnd, sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

const asks = (from, method, path, host, headers = {}) => request(from, method, path, { headers: { Host: host, ...headers } });
const statusFor = async (from, host) => (await asks(from, 'GET', '/chats/1', host)).status;

test('a page that lets its own name resolve to loopback reads and changes nothing', async () => {
    const room = await createRoom(server, { title: 'Only for this machine' });
    const evil = `evil.example:${server.port}`;
    const asEvil = { Origin: `http://${evil}`, 'Sec-Fetch-Site': 'same-origin' };
    for (const path of ['/chats', `/chats/${room.id}`, `/chats/${room.id}/events`, '/', '/globes.js', '/metrics', '/nowhere']) {
        assertError(await asks(server, 'GET', path, evil, asEvil), 421, 506);
    }
    assertError(await asks(server, 'DELETE', `/chats/${room.id}`, evil, asEvil), 421, 506);
    assertError(await asks(server, 'OPTIONS', `/chats/${room.id}`, evil, asEvil), 421, 506);
    const created = await request(server, 'POST', '/chats', {
        headers: { Host: evil, ...asEvil, 'Content-Type': 'text/plain' },
        body: { title: 'Made by evil', visibility: 'public' },
    });
    assertError(created, 421, 506);
    const upgrade = handshake(server, `/chats/${room.id}/ws`, { Host: evil, Origin: `http://${evil}` });
    assertError(await exchange(server, upgrade), 421, 506);
    const titles = (await get(server, '/chats')).json.map(({ title }) => title);
    assert.ok(titles.includes(room.title) && !titles.includes('Made by evil'), titles.join());
});

test('a server on loopback answers to its names, with any port and in any notation', async () => {
    for (const host of ['localhost', 'LOCALHOST:1', 'localhost.', 'localhost:', '127.0.0.1', `127.0.0.1:${server.port}`, '[::1]', '[0:0::1]:80']) {
        assert.equal(await statusFor(server, host), 200, host);
    }
    assertError(await exchange(server, 'GET /chats/1 HTTP/1.1\r\nHost:\r\n\r\n'), 421, 506);
    for (const host of ['localhost.evil.example', '127.0.0.1.evil.example', 'localhost:x', '[::1', '192.0.2.1', '%6cocalhost']) {
        assertError(await asks(server, 'GET', '/chats/1', host), 421, 506);
    }
    assertError(await asks(server, 'GET', '/chats/1', 'user@localhost'), 400, 506);
});

test('the host of an absolute target counts, not that of the header', async () => {
    const answer = (target, host) => exchange(server, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assertError(await answer('http://evil.example/chats/1', 'localhost'), 421, 506);
    assertStatus(await answer('http://localhost/chats/1', 'evil.example'), 200);
    assertError(await answer('http://localhost@evil.example/chats/1', 'localhost'), 400, 506);
});

test('HTTP/1.0 without Host is answered, because no browser sends it', async () => {
    assertStatus(await exchange(server, 'GET /chats/1 HTTP/1.0\r\n\r\n'), 200);
    assertError(await exchange(server, 'GET /chats/1 HTTP/1.0\r\nHost: evil.example\r\n\r\n'), 421, 506);
});

test('probes by any name are answered', async () => {
    for (const path of ['/health', '/ready', '/health?x=y']) assertStatus(await asks(server, 'GET', path, '10.0.0.7'), 200);
    for (const path of ['/health/', '/%68ealth', '/chats/health']) assertError(await asks(server, 'GET', path, '10.0.0.7'), 421, 506);
});

test('an unknown host is logged once with the key to add it to, and no client floods the log with others', async (t) => {
    const own = await startServer(t);
    for (let i = 0; i < 3; i += 1) await statusFor(own, 'Chat.Example.org:8080');
    await own.logged(/level=warning event=unknown_host host=chat\.example\.org reason="add it to Hosts in config\.json /);
    for (let i = 0; i < 100; i += 1) await statusFor(own, `n${i}.example`);
    await statusFor(own, 'a"b\\c');
    await own.stop();
    assert.equal(own.log.match(/host=chat\.example\.org /g).length, 1);
    assert.equal(own.log.match(/event=unknown_host/g).length, 16);
});

test('Hosts replaces the names of loopback, and hosts of AllowedOrigins count', async (t) => {
    const own = await startServer(t, {
        config: { Hosts: ['chat.example', 'bücher.example:8080'], AllowedOrigins: ['https://app.example:8443'] },
    });
    for (const host of ['chat.example', 'chat.example.:9', 'xn--bcher-kva.example:8080', 'app.example']) {
        assert.equal(await statusFor(own, host), 200, host);
    }
    for (const host of ['localhost', '127.0.0.1', 'www.chat.example', 'xn--bcher-kva.example', 'xn--bcher-kva.example:8081']) {
        assert.equal(await statusFor(own, host), 421, host);
    }
});

test('a star in Hosts stands for all, one in AllowedOrigins does not', async (t) => {
    const open = await startServer(t, { config: { Hosts: ['*'] } });
    assert.equal(await statusFor(open, 'any.example'), 200);
    const origins = await startServer(t, { config: { AllowedOrigins: ['*'] } });
    assert.equal(await statusFor(origins, 'any.example'), 421);
});

test('a server that listens beyond loopback answers to all hosts by default', async (t) => {
    const open = await startServer(t, { address: '0.0.0.0:0' });
    assert.equal(await statusFor(open, 'any.example'), 200);
    const listed = await startServer(t, { address: '0.0.0.0:0', config: { Hosts: ['chat.example'] } });
    assert.equal(await statusFor(listed, 'any.example'), 421);
});

test('an invalid entry of Hosts ends the start with an error that names file and key', async () => {
    for (const hosts of ['chat.example', ['http://chat.example'], ['chat.example/'], ['*.example'], [''], ['a b'], [1]]) {
        const { code, output } = await runToEnd({ config: { Hosts: hosts } });
        assert.equal(code, 2, output);
        assert.match(output, /^globes: config\.json: Hosts: must be an array of host names/m);
    }
});
