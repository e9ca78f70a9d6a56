// Starting, watching and stopping (docs/operations.md#start-and-stop).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertError, assertStatus, createPrivateRoom, get, request, takeToken } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection } from './harness/connection.js';
import { readProc } from './harness/proc.js';
import { runToEnd, sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

test('an address in use is reported, with exit code 1', async () => {
    const { code, output } = await runToEnd({ address: `127.0.0.1:${server.port}` });
    assert.equal(code, 1, output);
    assert.match(output, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
    assert.match(output, /in use/i);
});

test('a data folder that cannot be created is reported, with an exit code', async () => {
    const { code, output } = await runToEnd({ args: ['--data', '/proc/globes'] });
    assert.ok(code === 1 || code === 2, `exit code ${code}`);
    assert.match(output, /\/proc\/globes/);
});

test('a second server on the same data is refused', async (t) => {
    const first = await startServer(t);
    const { code, output } = await runToEnd({ args: ['--data', first.dataFolder] });
    assert.equal(code, 1, output);
    assert.ok(output.includes(first.dataFolder), output);
    assertStatus(await get(first, '/ready'), 200);
});

test('a process uses no shared memory, which would remain when it is killed', async () => {
    const maps = readProc(`${server.pid}/maps`);
    assert.match(maps, /libc\.so/);
    assert.doesNotMatch(maps, /\/dev\/shm\//);
});

test('/health and /ready answer 200', async () => {
    assertStatus(await get(server, '/health'), 200);
    assertStatus(await get(server, '/ready'), 200);
    assertError(await request(server, 'POST', '/health', { body: '' }), 405, 502);
});

test('each request is one line in the log, without query, token or password', async () => {
    const room = await createPrivateRoom(server, { title: 'Logged room' });
    const token = await takeToken(server, room, 'ada');
    const begin = server.log.length;
    await get(server, '/chats/4711/token/renew?secret=in-the-query&x=also-hidden', { token });
    await get(server, '/chats?limit=5&password=in-the-query-too');
    const ada = await ChatClient.join(server, room, 'ada', { token });
    ada.say('ada', 'words-of-a-chat');
    await ada.next();
    await ada.leave();
    await get(server, '/metrics');
    await server.logged(/ path=\/metrics /, begin);
    const log = server.log.slice(begin);
    assert.equal(log.split('\n').filter((line) => line.includes('/chats/4711/token/renew')).length, 1);
    assert.match(
        log.split('\n').find((line) => line.includes('/chats/4711/token/renew')),
        /\b404\b/,
    );
    for (const secret of ['in-the-query', 'also-hidden', token, token.split('.')[2], PASSWORD, 'words-of-a-chat']) {
        assert.ok(!log.includes(secret), `${secret} is in the log`);
    }
});

test('no title and no random id of a room is in the log, nor a guess at one', async () => {
    const title = 'Behind the seven mountains';
    const room = await createPrivateRoom(server, { title, visibility: 'hidden' });
    const token = await takeToken(server, room, 'ada');
    const begin = server.log.length;
    const names = [encodeURIComponent(title), String(room.id), encodeURIComponent(title.slice(0, -1)), String(room.id + 1)];
    for (const name of names) {
        for (const path of ['', '/events', '/token/renew', '/ws', '/entrance', '/', '/nothing']) {
            for (const prefix of ['/chats', '/%63hats', '//chats', '/Chats', '/globes/chats', '/chats;', '/%2563hats', '/chat']) {
                await get(server, `${prefix}/${name}${path}?session=of-a-session`, { token });
            }
        }
        for (const path of [`/chats%2f${name}`, `/chats\\${name}`, `/${name}`]) await get(server, path);
        await request(server, 'PUT', `/chats/${name}`, { body: '{' });
        await request(server, 'POST', `/chats/${name}/token`, { body: 'x'.repeat(70_000) });
        assertError(await request(server, 'GET', `/chats/${name}`, { headers: { Host: 'evil.example' } }), 421, 506);
    }
    await get(server, '/chats/1/events');
    await server.logged(/ path=\/chats\/1\/events status=200 /, begin);
    const log = server.log.slice(begin);
    assert.match(log, / path=\/chats\/\* status=200 /);
    assert.match(log, / path=\/chats\/\*\/token\/renew /);
    for (const secret of ['Behind', 'mountain', String(room.id), String(room.id + 1), 'of-a-session']) {
        assert.ok(!log.includes(secret), `${secret} is in the log`);
    }
});

test('clients cannot forge lines in the log', async () => {
    const begin = server.log.length;
    await get(server, '/nowhere%0d%0aGlobes%200%20started%20at%20x:1%1b%5b31m');
    await get(server, '/metrics');
    await server.logged(/ path=\/metrics /, begin);
    assert.doesNotMatch(server.log.slice(begin), /^Globes 0 started/m);
    assert.doesNotMatch(server.log.slice(begin), /\x1b\[31m/);
});

test('SIGTERM ends a server with idle connections at once', async (t) => {
    const own = await startServer(t);
    const idle = await Connection.open(own);
    idle.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await idle.response();
    const silent = await Connection.open(own);
    await get(own, '/health');
    const begin = Date.now();
    await own.stop();
    assert.ok(Date.now() - begin < 2000, `took ${Date.now() - begin} ms`);
    await idle.ended();
    await silent.ended();
});

test('SIGTERM ends a server with a half-sent request in time', async (t) => {
    const own = await startServer(t);
    const half = await Connection.open(own);
    half.write('POST /chats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{');
    await get(own, '/health');
    await own.stop();
    await half.ended();
});

test('a second SIGTERM does no harm', async (t) => {
    const own = await startServer(t);
    own.signal('SIGTERM');
    own.signal('SIGTERM');
    assert.deepEqual(await own.ended(), { code: 0, signal: null });
});
