// Which pages may use the server: Origin and CORS (docs/protocol.md#browsers).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertError, assertStatus, createPrivateRoom, createRoom, freshTitle, get, post, request } from './harness/api.js';
import { exchange } from './harness/connection.js';
import { handshake } from './harness/raw_socket.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

const shake = (headers, path = '/chats/1/ws', requestLine) =>
    exchange(server, handshake(server, path, headers, requestLine));

const own = () => `http://${server.host}:${server.port}`;

test("by default, Origin must be the server's own or absent", async () => {
    assert.equal((await shake({ Origin: own() })).status, 101);
    assert.equal((await shake({})).status, 101);
    const strangers = [
        'http://evil.example',
        `https://${server.host}:${server.port}`,
        `http://${server.host}`,
        `http://${server.host}:${server.port + 1}`,
        'null',
        `${own()}.evil.example`,
        `http://evil.example/${own()}`,
    ];
    for (const origin of strangers) {
        const answer = await shake({ Origin: origin });
        assert.equal(answer.status, 403, `${origin} is accepted`);
        assert.equal(answer.json.error.code, 304);
    }
});

test('Origin is compared with the Host that the browser used', async (t) => {
    const named = await startServer(t, { config: { Hosts: ['chat.example'] } });
    const status = async (headers) => (await exchange(named, handshake(named, '/chats/1/ws', headers))).status;
    assert.equal(await status({ Host: 'chat.example', Origin: 'http://chat.example' }), 101);
    assert.equal(await status({ Host: 'chat.example:8080', Origin: 'http://chat.example:8080' }), 101);
    assert.equal(await status({ Host: 'chat.example', Origin: 'http://other.example' }), 403);
});

// Requests that change something. A form, or `fetch` in the mode `no-cors`, sends them without a preflight.

const evil = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site', 'Content-Type': 'text/plain' };
const asPage = (headers, method, path, body) => request(server, method, path, { headers, body });
const assertForeign = (answer) => assertError(answer, 403, 304);

test('a foreign page creates, changes and deletes nothing', async () => {
    const room = await createRoom(server);
    const wanted = { title: 'Made by a foreign page', visibility: 'public' };
    for (const headers of [evil, { Origin: 'null' }, { Origin: evil.Origin }, { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }]) {
        assertForeign(await asPage(headers, 'POST', '/chats', wanted));
        assertForeign(await asPage(headers, 'PUT', `/chats/${room.id}`, { title: 'Changed by a foreign page' }));
        assertForeign(await asPage(headers, 'DELETE', `/chats/${room.id}`));
    }
    assert.equal((await get(server, `/chats/${room.id}`)).json.title, room.title);
    assertStatus(await get(server, `/chats/${encodeURIComponent(wanted.title)}`), 404);
});

test('a foreign page does not use up the tries of its visitor for a password', async () => {
    const room = await createPrivateRoom(server);
    const path = `/chats/${room.id}/token`;
    for (let i = 0; i < 20; i += 1) assertForeign(await asPage(evil, 'POST', path, { name: 'ada', secret: `wrong ${i}` }));
    assertStatus(await post(server, path, { name: 'ada', secret: PASSWORD }), 201);
});

test("the server's own page, and a client that is not a browser, may change everything", async () => {
    const ownPage = { Origin: own(), 'Sec-Fetch-Site': 'same-origin' };
    for (const headers of [{}, ownPage, { Origin: own() }, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }]) {
        const made = await asPage(headers, 'POST', '/chats', { title: freshTitle('Ours'), visibility: 'public' });
        assertStatus(made, 201);
        assertStatus(await asPage(headers, 'PUT', `/chats/${made.json.id}`, { description: 'x' }), 200);
        assertStatus(await asPage(headers, 'DELETE', `/chats/${made.json.id}`), 200);
    }
});

test('a page of AllowedOrigins may change everything', async (t) => {
    const origin = 'https://app.example';
    const listed = await startServer(t, { config: { AllowedOrigins: [origin] } });
    const body = { title: 'By an allowed page', visibility: 'public' };
    const headers = { Origin: origin, 'Sec-Fetch-Site': 'cross-site' };
    const made = await request(listed, 'POST', '/chats', { headers, body });
    assertStatus(made, 201);
    assert.equal(made.headers['access-control-allow-origin'], origin);
    assertForeign(await request(listed, 'DELETE', `/chats/${made.json.id}`, { headers: evil }));
    assertStatus(await request(listed, 'DELETE', `/chats/${made.json.id}`, { headers }), 200);
});

test('a path or method that does not exist is reported before a foreign origin', async () => {
    assertError(await asPage(evil, 'POST', '/nowhere'), 404, 501);
    assertError(await asPage(evil, 'PATCH', '/chats/1'), 405, 502);
});

test('a foreign page gets no answers that it could read', async () => {
    for (const headers of [evil, { Origin: 'null' }]) {
        const answer = await asPage(headers, 'GET', '/chats/1');
        assertStatus(answer, 200);
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
});

test('no browser treats an answer as another type than it has', async () => {
    const answers = [
        await get(server, '/chats'),
        await get(server, '/chats/4711'),
        await get(server, '/nowhere'),
        await get(server, '/health'),
        await get(server, '/metrics'),
        await get(server, '/'),
        await get(server, '/globes.js'),
        await request(server, 'OPTIONS', '/chats'),
        await request(server, 'HEAD', '/chats'),
        await post(server, '/chats', { title: freshTitle('Sniffed'), visibility: 'public' }),
        await asPage(evil, 'POST', '/chats', {}),
        await asPage({ Host: 'evil.example' }, 'GET', '/chats'),
        await exchange(server, 'GET\r\n\r\n'),
        await post(server, '/chats', 'x'.repeat(70_000)),
    ];
    for (const { status, headers } of answers) assert.equal(headers['x-content-type-options'], 'nosniff', String(status));
});

test('origins in AllowedOrigins are accepted', async (t) => {
    const listed = await startServer(t, {
        config: { AllowedOrigins: ['https://app.example', 'http://localhost:3000'] },
    });
    const status = async (origin) =>
        (await exchange(listed, handshake(listed, '/chats/1/ws', { Origin: origin }))).status;
    assert.equal(await status('https://app.example'), 101);
    assert.equal(await status('http://localhost:3000'), 101);
    assert.equal(await status(listed.origin), 101);
    for (const origin of [
        'http://app.example',
        'https://app.example:8443',
        'https://sub.app.example',
        'http://localhost',
    ]) {
        assert.equal(await status(origin), 403, origin);
    }
});

test('any Origin is accepted if AllowedOrigins has *', async (t) => {
    const open = await startServer(t, { config: { AllowedOrigins: ['*'] } });
    for (const origin of ['https://any.example', 'null']) {
        assert.equal((await exchange(open, handshake(open, '/chats/1/ws', { Origin: origin }))).status, 101);
    }
    const answer = await request(open, 'GET', '/chats', { headers: { Origin: 'https://any.example' } });
    assert.match(answer.headers['access-control-allow-origin'], /^(\*|https:\/\/any\.example)$/);
});

test('AllowedOrigins controls CORS of the REST API', async (t) => {
    const origin = 'https://app.example';
    const listed = await startServer(t, { config: { AllowedOrigins: [origin] } });
    const answer = await request(listed, 'GET', '/chats/1', { headers: { Origin: origin } });
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.match(answer.headers.vary ?? '', /\borigin\b/i);
    const missing = await request(listed, 'GET', '/chats/4711', { headers: { Origin: origin } });
    assert.equal(missing.headers['access-control-allow-origin'], origin, 'errors must be readable too');
    const large = await request(listed, 'POST', '/chats', { headers: { Origin: origin }, body: 'x'.repeat(70_000) });
    assert.equal(large.status, 413);
    assert.equal(large.headers['access-control-allow-origin'], origin, 'also the error of a request that is refused before its body was read');
    const stranger = await request(listed, 'GET', '/chats/1', { headers: { Origin: 'https://evil.example' } });
    assert.equal(stranger.headers['access-control-allow-origin'], undefined);

    const asked = {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization,content-type',
    };
    const preflight = await request(listed, 'OPTIONS', '/chats/1', { headers: asked });
    assert.ok([200, 204].includes(preflight.status), `preflight answers ${preflight.status}`);
    assert.equal(preflight.headers['access-control-allow-origin'], origin);
    for (const method of ['GET', 'PUT', 'DELETE']) {
        assert.ok(preflight.headers['access-control-allow-methods'].includes(method), method);
    }
    const allowed = preflight.headers['access-control-allow-headers'].toLowerCase();
    assert.ok(allowed.includes('authorization') && allowed.includes('content-type'), allowed);
    const ofTokens = await request(listed, 'OPTIONS', '/chats/1/token', {
        headers: { ...asked, 'Access-Control-Request-Method': 'DELETE' },
    });
    for (const method of ['POST', 'DELETE'])
        assert.ok(ofTokens.headers['access-control-allow-methods'].includes(method), method);
    const refused = await request(listed, 'OPTIONS', '/chats/1', {
        headers: { ...asked, Origin: 'https://evil.example' },
    });
    assert.equal(refused.headers['access-control-allow-origin'], undefined);
});
