// Which pages may use the server: Origin and CORS (docs/protocol.md#browsers).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { request } from './harness/api.js';
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

test('Origin is compared with the Host that the browser used', async () => {
    assert.equal((await shake({ Host: 'chat.example', Origin: 'http://chat.example' })).status, 101);
    assert.equal((await shake({ Host: 'chat.example:8080', Origin: 'http://chat.example:8080' })).status, 101);
    assert.equal((await shake({ Host: 'chat.example', Origin: 'http://other.example' })).status, 403);
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
    const refused = await request(listed, 'OPTIONS', '/chats/1', {
        headers: { ...asked, Origin: 'https://evil.example' },
    });
    assert.equal(refused.headers['access-control-allow-origin'], undefined);
});
