// Every valid title leads to its room by its percent-encoded path, with common clients.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { assertError, createRoom, get, post, put } from './harness/api.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer();
const run = promisify(execFile);

const TITLES = [
    '...',
    '. .',
    '..a',
    '%2e%2e',
    '%2E%2e%20',
    '../..',
    './',
    '//',
    '/../',
    '..\\..',
    '\\\\host',
    'a/b?c#d&e=f;g',
    'http://example.org/',
    '?#',
    '100 %',
    '%zz',
    'a+b',
    'trailing dot.',
    'ends with a backslash\\',
    "it's (not) ~ \"quoted\" <b> `|` {x} [y] ^",
    '0x10',
    '-1',
    '+1',
    '1e3',
    '\u0661\u0662', // digits, but not ASCII's
    'no-break\u00a0space',
    'zero\u200bwidth',
    '\ufeffmark',
    '\u202eoverride',
    '\uff0e\uff0e', // fullwidth dots
    'caf\u00e9 as one', // NFC
    'cafe\u0301 as two', // NFD
    '\u1e9estra\u00dfe',
    'I\u0307stanbul \u0130',
    '\ud83e\udd84 \u{10ffff}',
    'events',
    'token',
];

const clients = {
    fetch: (urls) => Promise.all(urls.map(async (url) => (await fetch(url)).json())),
    http: (urls) => Promise.all(urls.map(async (url) => (await get(server, new URL(url).pathname)).json)),
    async curl(urls) {
        const { stdout } = await run('curl', ['--silent', '--globoff', '--write-out', '\n', ...urls]);
        return stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    },
};

test('a room is found by its percent-encoded title', async () => {
    const rooms = await Promise.all(TITLES.map((title) => createRoom(server, { title })));
    const urls = TITLES.map((title) => `${server.origin}/chats/${encodeURIComponent(title)}`);
    for (const [name, ask] of Object.entries(clients)) {
        const answers = await ask(urls);
        const expected = rooms.map(({ id }, index) => [id, TITLES[index]]);
        assert.deepEqual(answers.map(({ id, title }) => [id, title]), expected, name);
    }
});

test('a title that clients normalize as a parent folder is refused, for new rooms and old ones', async () => {
    const room = await createRoom(server);
    for (const title of ['..', ' .. ']) {
        assertError(await post(server, '/chats', { title, visibility: 'public' }), 400, 105, 'title');
        assertError(await put(server, `/chats/${room.id}`, { title }), 400, 105, 'title');
    }
});
