// A folder in place of the built-in site: `Static` (docs/protocol.md#web-page-and-modules).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertError, assertStatus, get, request } from './harness/api.js';
import { assertPage, getPage } from './harness/site.js';
import { connect } from './harness/connection.js';
import { releaseBinary, startServer } from './harness/server.js';
import { within } from './harness/wait.js';

const startWithFolder = (t, config = {}, files = {}) =>
    startServer(t, {
        config: { Static: 'site', ...config },
        files: {
            'site/index.html': '<h1>Our own page</h1>',
            'site/deep/app.js': 'let ours = 1;',
            'site/style.css': 'body { color: red }',
            'site/with space.txt': 'spaced',
            'site-secret.txt': 'outside',
            ...files,
        },
    });

test('Static serves a folder in place of the site', async (t) => {
    const own = await startWithFolder(t);
    const page = await getPage(own, '/');
    assertPage(page);
    assert.equal(page.text, '<h1>Our own page</h1>');
    const script = await get(own, '/deep/app.js');
    assert.equal(script.text, 'let ours = 1;');
    assert.match(script.headers['content-type'], /javascript/);
    assert.equal(script.headers['x-content-type-options'], 'nosniff');
    assert.match((await get(own, '/style.css')).headers['content-type'], /^text\/css/);
    assert.equal((await get(own, '/with%20space.txt')).text, 'spaced');
    assert.equal((await get(own, '/style.css?version=2')).text, 'body { color: red }');
    const head = await request(own, 'HEAD', '/deep/app.js');
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '13']);
    assertStatus(await get(own, '/chats'), 200);
    assertStatus(await get(own, '/chats/1'), 200);
    assertStatus(await get(own, '/health'), 200);
});

test("Static answers the app's addresses with the folder's page, for browsers only", async (t) => {
    const own = await startWithFolder(t);
    for (const path of ['/chats', '/chats/1', '/chats/1/entrance']) {
        const page = await getPage(own, path);
        assertPage(page);
        assert.equal(page.text, '<h1>Our own page</h1>', path);
    }
    for (const path of ['/chats/4711', '/chats/4711/entrance', '/nothing', '/deep/nothing.html', '/%ff']) {
        const page = await getPage(own, path);
        assertPage(page, 404);
        assert.equal(page.text, '<h1>Our own page</h1>', path);
        assertStatus(await get(own, path), 404);
    }
    assert.equal((await get(own, '/chats/1')).json.id, 1);
    assertError(await get(own, '/chats/1/entrance'), 404, 501);
});

test('Static sets no policy for its pages except for frames', async (t) => {
    const policy = async (server) => (await getPage(server, '/')).headers['content-security-policy'];
    assert.equal(await policy(await startWithFolder(t)), "frame-ancestors 'none'");
    const framed = await startWithFolder(t, { FrameAncestors: ['https://a.example', 'https://b.example'] });
    assert.equal(await policy(framed), 'frame-ancestors https://a.example https://b.example');
});

test('if the folder of Static has no page, the built-in one is served and a warning is logged', async (t) => {
    for (const [files, why] of [
        [{}, 'does not exist'],
        [{ 'site/app.js': '' }, 'does not exist'],
        [{ 'site/index.html/a': '' }, 'is not a file'],
    ]) {
        const own = await startServer(t, { config: { Static: 'site' }, files });
        for (const path of ['/', '/chats/1', '/chats', '/index.html']) assertPage(await getPage(own, path));
        await own.logged(new RegExp(`event=configuration note="Static is not used, because site/index\\.html ${why}; `));
        await own.stop();
    }
});

test('Static serves no files whose path has a name that begins with a dot, except /.well-known/', async (t) => {
    const own = await startWithFolder(t, {}, {
        'site/.env': 'SECRET_KEY=private',
        'site/.git/config': 'private',
        'site/deep/.hidden/file.txt': 'private',
        'site/.well-known/security.txt': 'Contact: us',
        'site/.well-known/.env': 'private',
        'site/deep/.well-known/file.txt': 'private',
        'site/file.with.dots.txt': 'dots',
    });
    const dots = ['/.env', '/%2eenv', '/.git/config', '/.git', '/.git/', '/.git%2fconfig', '/deep/.hidden/file.txt', '/.well-known/.env', '/deep/.well-known/file.txt', '/./style.css', '//.env'];
    for (const path of dots) {
        const answer = await get(own, path);
        assertError(answer, 404, 501);
        assert.equal((await getPage(own, path)).text, '<h1>Our own page</h1>', path);
    }
    assert.equal((await get(own, '/.well-known/security.txt')).text, 'Contact: us');
    assert.equal((await get(own, '/file.with.dots.txt')).text, 'dots');
});

test('Static follows symbolic links inside of its folder only', async (t) => {
    const own = await startWithFolder(t, {}, { 'site/..2025/app.css': 'a {}' });
    await symlink('..2025/app.css', join(own.folder, 'site/app.css'));
    await symlink('..', join(own.folder, 'site/up'));
    await symlink(join(own.folder, 'site-secret.txt'), join(own.folder, 'site/link.txt'));
    assert.equal((await get(own, '/app.css')).text, 'a {}', 'as Kubernetes mounts a volume');
    for (const path of ['/link.txt', '/up/site-secret.txt', '/up/config.json']) assertError(await get(own, path), 404, 501);
});

test('Static serves nothing outside of its folder', async (t) => {
    const own = await startWithFolder(t);
    const outside = [
        '/../config.json',
        '/%2e%2e/config.json',
        '/..%2fconfig.json',
        '/deep/../../config.json',
        '/deep/%2e%2e/%2e%2e/config.json',
        '/.%2e/config.json',
        '//etc/passwd',
        '/%2fetc/passwd',
        '/..\\config.json',
        '/..%5cconfig.json',
        '/../site-secret.txt',
        '/index.html%00.txt',
        '/data/globes.db',
        `/..${own.folder}/config.json`,
        '/deep',
        '/deep/',
        '/missing.html',
    ];
    for (const path of outside) {
        const { status, text } = await get(own, path);
        assert.ok(status === 404 || status === 400, `${path} answers ${status}`);
        assert.doesNotMatch(text, /Address|outside|root:|SQLite/, path);
    }
});

/** A program that runs the server with so many descriptors. */
async function limitedBinary(t, descriptors) {
    const folder = await mkdtemp(join(tmpdir(), 'globes-limited-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'globes');
    await writeFile(file, `#!/bin/sh\nulimit -n ${descriptors}\nexec '${releaseBinary}' "$@"\n`);
    await chmod(file, 0o755);
    return file;
}

test('a server with few descriptors serves checks and pages while clients hold large files', async (t) => {
    const server = await startServer(t, {
        binary: await limitedBinary(t, 400),
        config: { Static: 'site', ExemptAddresses: ['127.0.0.1'], AddressConnections: 0 },
        files: { 'site/index.html': 'page', 'site/large': Buffer.alloc(8 << 20) },
    });
    const request = 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const held = [];
    const hold = async (from) => {
        const connection = await connect(server, { from });
        held.push(connection);
        connection.write(request);
        const [head] = await within(once(connection, 'data'), () => 'the answer begins');
        connection.pause();
        return Number(/^HTTP\/1.1 (\d+)/.exec(head)[1]);
    };
    const files = (400 - 128) / 8; // an eighth of the descriptors
    const ofOne = [];
    for (let count = 0; count < 60; count += 1) ofOne.push(await hold('127.0.0.2'));
    const held200 = ofOne.filter((status) => status === 200).length;
    assert.equal(held200, 7, 'an address has a fourth of what is free at most');
    assert.equal(ofOne.filter((status) => status === 503).length, 60 - held200);
    for (let other = held200; other < files; other += 1) assert.equal(await hold(`127.0.1.${other}`), 200);
    assert.equal(await hold('127.0.2.1'), 503, 'all are open');
    assertStatus(await get(server, '/health'), 200);
    assertStatus(await get(server, '/', { from: '127.0.0.3', headers: { Accept: 'text/html' } }), 200);
    for (const connection of held) connection.destroy();
});
