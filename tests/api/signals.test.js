// The effect of signals on a server (docs/operations.md).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertStatus, createRoom, get } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { releaseBinary, startServer } from './harness/server.js';

const operations = resolve(dirname(fileURLToPath(import.meta.url)), '../../docs/operations.md');

const LOGGED = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'];
const IGNORED = ['SIGPIPE', 'SIGXFSZ', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGSTKFLT'];
const STOPS = { SIGTERM: 0, SIGINT: 0, SIGPWR: 0, SIGXCPU: 1 };
// These signals mean a core dump, on request or after a defect.
const LEFT = ['SIGQUIT', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP', 'SIGKILL'];
const HARMLESS = ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGWINCH'];
const REAL_TIME = [34, 35, 50, 63, 64];

test('this test and the documentation list every signal of this system', async () => {
    const known = [...LOGGED, ...IGNORED, ...Object.keys(STOPS), ...LEFT, ...HARMLESS];
    const numbers = new Set(known.map((name) => constants.signals[name]));
    for (const [name, number] of Object.entries(constants.signals)) assert.ok(numbers.has(number), name);
    const page = await readFile(operations, 'utf8');
    for (const name of [...LOGGED, ...IGNORED, ...Object.keys(STOPS), ...LEFT])
        assert.match(page, new RegExp(`^\\| [^|]*\\b${name}\\b`, 'm'), `${name} in docs/operations.md`);
});

test('signals without a meaning do not end the server, and those of a user are logged', async (t) => {
    const server = await startServer(t);
    const ada = await ChatClient.join(server, await createRoom(server), 'ada');
    for (const name of LOGGED) {
        const begin = server.log.length;
        server.signal(name);
        await server.logged(new RegExp(`event=signal_ignored signal=${name}$`, 'm'), begin);
        server.signal(name);
    }
    for (const signal of [...IGNORED, ...REAL_TIME]) process.kill(server.pid, signal);
    ada.say('ada', 'still here');
    assert.equal((await ada.next()).msg, 'still here');
    assertStatus(await get(server, '/health'), 200);
});

for (const [name, code] of Object.entries(STOPS)) {
    test(`${name} shuts the server down, with exit code ${code}`, async (t) => {
        const server = await startServer(t);
        const ada = await ChatClient.join(server, await createRoom(server), 'ada');
        server.signal(name);
        server.signal('SIGHUP');
        assert.equal((await ada.closed()).code, 1001);
        assert.deepEqual(await server.ended(), { code, signal: null });
    });
}

test('a parent that blocks signals does not keep the server from ending', async (t) => {
    const args = ['--block-signal=TERM', releaseBinary, '--address', '127.0.0.1:0'];
    const server = await startServer(t, { binary: 'env', address: null, args });
    await server.stop();
});
