// The built-in page, and a folder in its place (contract, section 5).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertStatus, createPrivateRoom, createRoom, get, request } from './harness/api.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

test('/ is a page that lists the public rooms', async () => {
    await createRoom(server, { title: 'Gardeners & <script>alert(1)</script>' });
    await createPrivateRoom(server, { title: 'Locksmiths' });
    await createRoom(server, { title: 'Ghosts', visibility: 'hidden', password: PASSWORD });
    const { status, headers, text } = await get(server, '/');
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^text\/html; *charset=utf-8$/i);
    assert.match(text, /Public Chat/);
    assert.match(text, /Gardeners &amp; &lt;script&gt;/);
    assert.doesNotMatch(text, /<script>alert|Locksmiths|Ghosts/);
});

test('Static serves a folder in place of the page, and nothing outside of it', async (t) => {
    const own = await startServer(t, {
        config: { Static: 'site' },
        files: {
            'site/index.html': '<h1>Our own page</h1>',
            'site/deep/app.js': 'let ours = 1;',
            'site/style.css': 'body { color: red }',
            'site/with space.txt': 'spaced',
            'site-secret.txt': 'outside',
        },
    });

    const page = await get(own, '/');
    assert.deepEqual([page.status, page.text], [200, '<h1>Our own page</h1>']);
    assert.match(page.headers['content-type'], /^text\/html/);
    const script = await get(own, '/deep/app.js');
    assert.equal(script.text, 'let ours = 1;');
    assert.match(script.headers['content-type'], /javascript/);
    assert.match((await get(own, '/style.css')).headers['content-type'], /^text\/css/);
    assert.equal((await get(own, '/with%20space.txt')).text, 'spaced');
    assert.equal((await get(own, '/style.css?version=2')).text, 'body { color: red }');
    const head = await request(own, 'HEAD', '/deep/app.js');
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '13']);

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
    assertStatus(await get(own, '/chats'), 200);
    assertStatus(await get(own, '/chats/1'), 200);
    assertStatus(await get(own, '/health'), 200);
});
