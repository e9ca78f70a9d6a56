// The built-in site: its addresses, forms and caching (docs/protocol.md#web-page-and-modules).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { assertError, assertStatus, createRoom, request } from './harness/api.js';
import { BROWSER_ACCEPT, assertPage, assertVariesByAccept, getBytes, getPage } from './harness/site.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

/** The address of the page's own program, as the page loads it. */
async function scriptOfPage() {
    const { text } = await getPage(server, '/');
    const [, path] = text.match(/<script type="module" src="([^"]+)"/);
    return path;
}

test('browsers get the page at every address of the app', async () => {
    const room = await createRoom(server);
    const ofRoom = [`/chats/${room.id}`, `/chats/${room.id}/entrance`, `/chats/${encodeURIComponent(room.title)}`];
    const { text } = await getPage(server, '/index.html');
    assert.match(text, /<noscript>/);
    for (const path of ['/', '/chats', '/chats?limit=5', ...ofRoom]) {
        const page = await getPage(server, path);
        assertPage(page);
        assert.equal(page.text, text, path);
    }
});

test('other clients get JSON there', async () => {
    const room = await createRoom(server);
    for (const Accept of ['application/json', '*/*', 'application/json, text/html;q=0.9', undefined]) {
        const headers = Accept === undefined ? {} : { Accept };
        const list = await request(server, 'GET', '/chats', { headers });
        assert.ok(Array.isArray(list.json), `${Accept}`);
        const one = await request(server, 'GET', `/chats/${room.id}`, { headers });
        assert.equal(one.json.title, room.title);
        assertError(await request(server, 'GET', `/chats/${room.id}/entrance`, { headers }), 404, 501);
    }
});

test('at an unknown address a browser gets the page with 404, and other clients JSON', async () => {
    const { text } = await getPage(server, '/index.html');
    const ofNoRoom = ['/chats/4711', '/chats/no%20such%20room', '/chats/4711/entrance'];
    const ofNothing = ['/nothing', '/chats/', '/chats/1/', '/chats/1/nothing', '/chats/1/entrance/', '/a/b/c?d=e', '/%ff'];
    for (const path of [...ofNoRoom, ...ofNothing]) {
        const page = await getPage(server, path, { headers: { 'If-None-Match': '*' } });
        assertPage(page, 404);
        assert.equal(page.text, text, path);
        assert.equal(page.headers.etag, undefined, 'must not be cached as the page itself');
        assert.equal(page.headers['cache-control'], 'no-cache');
        const headers = { Accept: BROWSER_ACCEPT };
        const head = await request(server, 'HEAD', path, { headers });
        assert.deepEqual([head.status, head.text], [404, '']);
        const error = ofNoRoom.includes(path) && !path.endsWith('/entrance') ? 101 : 501;
        for (const Accept of ['application/json', '*/*'])
            assertError(await request(server, 'GET', path, { headers: { Accept } }), 404, error);
    }
    const headers = { Accept: BROWSER_ACCEPT };
    assertError(await request(server, 'POST', '/nothing', { body: '', headers }), 404, 501);
});

test('the page of a deleted room is 404, even if the browser has cached it', async () => {
    const room = await createRoom(server);
    const { headers } = await getPage(server, `/chats/${room.id}`);
    assertStatus(await request(server, 'DELETE', `/chats/${room.id}`), 200);
    assertPage(await getPage(server, `/chats/${room.id}`, { headers: { 'If-None-Match': headers.etag } }), 404);
});

test('every response that depends on Accept has Vary, errors included', async () => {
    const room = await createRoom(server);
    const ofRoom = [`/chats/${room.id}`, `/chats/${room.id}/entrance`];
    const ofNothing = ['/chats/4711', '/chats/4711/entrance', '/chats/no%20one', '/nothing', '/%ff'];
    for (const path of ['/chats', '/chats?limit=0', '/chats?after=x', ...ofRoom, ...ofNothing]) {
        for (const method of ['GET', 'HEAD']) {
            for (const Accept of [BROWSER_ACCEPT, 'application/json', '*/*'])
                assertVariesByAccept(await request(server, method, path, { headers: { Accept } }));
            assertVariesByAccept(await request(server, method, path));
        }
        const page = await getPage(server, path);
        if (page.status !== 200) continue;
        const known = await getPage(server, path, { headers: { 'If-None-Match': page.headers.etag } });
        assert.equal(known.status, 304);
        assertVariesByAccept(known);
    }
});

test('no cache keeps a response of the API without revalidation', async () => {
    for (const path of ['/chats', '/chats/1', '/chats/1/events', '/chats/4711/events', '/health', '/ready', '/nowhere'])
        assert.equal((await request(server, 'GET', path)).headers['cache-control'], 'no-cache', path);
});

test('a wrong method on a file or a page is 405 with Allow', async () => {
    for (const path of ['/', '/index.html', '/chats/1/entrance', await scriptOfPage()]) {
        const answer = await request(server, 'POST', path, { body: '' });
        assertError(answer, 405, 502);
        assert.equal(answer.headers.allow, 'GET, HEAD', path);
    }
});

test('the page runs under a policy without inline scripts, styles or other hosts', async () => {
    const { headers } = await getPage(server, '/chats/1');
    const policy = Object.fromEntries(
        headers['content-security-policy'].split('; ').map((directive) => {
            const [name, ...sources] = directive.split(' ');
            return [name, sources.join(' ')];
        }),
    );
    const host = `${server.host}:${server.port}`;
    assert.deepEqual(policy, {
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self' data:",
        'connect-src': `'self' ws://${host} wss://${host}`,
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
    });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'same-origin');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
});

test('an invalid Host adds no source to the policy', async (t) => {
    const open = await startServer(t, { config: { Hosts: ['*'] } });
    for (const Host of ["a;script-src'*'", '*', "'unsafe-inline'", '[::1', 'a:99999']) {
        const { headers } = await getPage(open, '/', { headers: { Host } });
        assert.match(headers['content-security-policy'], /connect-src 'self'; base-uri/, Host);
    }
});

test("the page's own files have hashed names and are cached as immutable", async () => {
    const path = await scriptOfPage();
    assert.match(path, /^\/assets\/app\.[0-9a-f]{8}\.js$/);
    const { status, headers } = await getBytes(server, path);
    assert.equal(status, 200);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(headers['content-type'], /^text\/javascript; *charset=utf-8$/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['content-security-policy'], undefined);
    assertError(await request(server, 'GET', path.replace(/[0-9a-f]{8}/, '00000000')), 404, 501);
    assertError(await request(server, 'GET', '/app.js'), 404, 501);
});

test('the page is revalidated each time, and answered with 304 if it has not changed', async () => {
    for (const path of ['/', '/chats', '/chats/1', '/index.html', await scriptOfPage()]) {
        const { headers } = await getBytes(server, path, { Accept: BROWSER_ACCEPT });
        assert.match(headers.etag, /^"[^"]+"$/);
        const ask = (tag) => getBytes(server, path, { Accept: BROWSER_ACCEPT, 'If-None-Match': tag });
        for (const tag of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, '*']) {
            const answer = await ask(tag);
            assert.equal(answer.status, 304, `${path} with ${tag}`);
            assert.equal(answer.bytes.length, 0);
            assert.equal(answer.headers.etag, headers.etag);
            assert.equal(answer.headers['cache-control'], headers['cache-control']);
            assert.equal(answer.headers.vary, headers.vary);
        }
        assert.equal((await ask('"other"')).status, 200);
    }
    assert.equal((await getPage(server, '/')).headers['cache-control'], 'no-cache');
});

test('brotli and gzip have the same contents, each with its own tag', async () => {
    const decoders = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes) => bytes };
    const tags = new Set();
    const plain = await getBytes(server, '/index.html');
    for (const [coding, decode] of Object.entries(decoders)) {
        const answer = await getBytes(server, '/index.html', { 'Accept-Encoding': coding });
        assertStatus(answer, 200);
        assert.equal(answer.headers['content-encoding'], coding === 'identity' ? undefined : coding);
        assert.equal(Number(answer.headers['content-length']), answer.bytes.length);
        assert.match(answer.headers.vary, /Accept-Encoding/);
        assert.deepEqual(decode(answer.bytes), plain.bytes, coding);
        assert.ok(coding === 'identity' || answer.bytes.length < plain.bytes.length);
        tags.add(answer.headers.etag);
        const other = { 'Accept-Encoding': coding, 'If-None-Match': answer.headers.etag };
        assert.equal((await getBytes(server, '/index.html', other)).status, 304);
    }
    assert.equal(tags.size, 3);
});

test('the weights of Accept-Encoding are used', async () => {
    const expected = {
        'gzip, deflate, br, zstd': 'br',
        'gzip, deflate': 'gzip',
        'br;q=0.5, gzip': 'gzip',
        'br;q=0, *': 'gzip',
        '*': 'br',
        'identity;q=0': undefined,
        'identity;q=0, gzip': 'gzip',
        'gzip;q=0.2, identity;q=0.8': undefined,
        'deflate, zstd': undefined,
        '': undefined,
    };
    for (const [accepted, coding] of Object.entries(expected)) {
        const { status, headers } = await getBytes(server, '/index.html', { 'Accept-Encoding': accepted });
        assert.deepEqual([status, headers['content-encoding']], [200, coding], `"${accepted}"`);
    }
});

test('HEAD has the headers of GET', async () => {
    for (const path of ['/', '/chats/1/entrance', await scriptOfPage()]) {
        const headers = { Accept: BROWSER_ACCEPT, 'Accept-Encoding': 'br' };
        const full = await getBytes(server, path, headers);
        const head = await request(server, 'HEAD', path, { headers });
        assert.deepEqual([head.status, head.text], [200, '']);
        assert.deepEqual({ ...head.headers, date: '' }, { ...full.headers, date: '' });
    }
});

test('no path leads out of the site', async () => {
    const outside = [
        '/../CMakeLists.txt',
        '/assets/../../etc/passwd',
        '/assets/%2e%2e/index.html',
        '/assets/..%2findex.html',
        '//index.html',
        '/assets',
        '/assets/',
        '/index.html/',
        '/index.html%00',
        '/INDEX.HTML',
        '/data/globes.db',
    ];
    for (const path of outside) assertError(await request(server, 'GET', path), 404, 501);
});
