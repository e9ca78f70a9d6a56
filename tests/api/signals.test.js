// The effect of signals on a server (docs/operations.md).
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertStatus, createRoom, get } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { runCommand } from './harness/command.js';
import { Connection } from './harness/connection.js';
import { exportLines } from './harness/export_file.js';
import { releaseBinary, startServer } from './harness/server.js';

const operations = resolve(dirname(fileURLToPath(import.meta.url)), '../../docs/operations.md');

const LOGGED = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'];
const IGNORED = ['SIGPIPE', 'SIGXFSZ', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGSTKFLT'];
const STOPS = { SIGTERM: 0, SIGINT: 0, SIGPWR: 0, SIGXCPU: 1 };
// These signals mean a core dump, on request or after a defect.
const LEFT = ['SIGQUIT', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP', 'SIGKILL'];
const HARMLESS = ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGWINCH'];
/** Of "secret". A check takes 8 times as long as that of a hash that the server makes. */
const SLOW_HASH = '$2b$13$abcdefghijklmnopqrstuuyd9ipDgNyTEie103vumVuve9x.2WtxW';
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

test('a server that stops while passwords wait for their check ends in order', async (t) => {
    const server = await startServer(t, { config: { HashThreads: 1 } });
    await server.stop();
    await rm(join(server.folder, 'data'), { recursive: true });
    const room = { visibility: 'private', password_hash: SLOW_HASH };
    const [head, public2, end] = exportLines({ events: 0 });
    const private2 = JSON.stringify({ ...JSON.parse(public2), ...room });
    const { code, stderr } = await runCommand(server.folder, ['import'], `${head}${private2}\n${end}`);
    assert.equal(code, 0, stderr);
    await server.start();
    const body = JSON.stringify({ name: 'ada', secret: 'secret' });
    const request = `POST /chats/2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    // Each of an address of its own: the second one of an address would not count as a first try.
    const open = (_, index) => Connection.open(server, { from: `127.0.1.${index + 1}` });
    const tries = await Promise.all(Array.from({ length: 60 }, open));
    for (const connection of tries) connection.write(request);
    await Promise.race(tries.map(async (connection) => assertStatus(await connection.response(), 201)));
    server.signal('SIGTERM');
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
});
