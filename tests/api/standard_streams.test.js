// Standard input, output and error in a bad state: full, closed, without a reader. The server works and ends normally
// (docs/operations.md#logs).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
    closeSync,
    constants,
    mkdtempSync,
    openSync,
    readFileSync,
    readlinkSync,
    readSync,
    rmSync,
    writeFileSync,
    writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { createRoom, get } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection } from './harness/connection.js';
import { metricsOf } from './harness/metrics.js';
import { freePort } from './harness/ports.js';
import { releaseBinary } from './harness/server.js';
import { countEvents } from './harness/store.js';
import { eventually, within, withResolvers } from './harness/wait.js';

/** A named pipe; a process that opens both of its ends never waits for the other one. */
class Pipe {
    constructor(folder, name) {
        this.path = join(folder, name);
        execFileSync('mkfifo', [this.path]);
        this.descriptors = [];
    }

    open(flags) {
        const fd = openSync(this.path, flags);
        this.descriptors.push(fd);
        return fd;
    }

    /** Writes until the pipe is full. */
    fill() {
        const fd = this.open(constants.O_RDWR | constants.O_NONBLOCK);
        for (let size = 4096; size >= 1; ) {
            try {
                writeSync(fd, Buffer.alloc(size, 'x'));
            } catch (error) {
                assert.equal(error.code, 'EAGAIN');
                size = Math.floor(size / 2);
            }
        }
    }

    /** The contents of the pipe. */
    drain() {
        const fd = this.open(constants.O_RDONLY | constants.O_NONBLOCK);
        const bytes = Buffer.alloc(1 << 20);
        let text = '';
        try {
            for (let got = -1; got !== 0; text += bytes.toString('latin1', 0, got)) got = readSync(fd, bytes);
        } catch (error) {
            assert.equal(error.code, 'EAGAIN');
        }
        return text;
    }

    close() {
        for (const fd of this.descriptors) closeSync(fd);
        this.descriptors = [];
    }
}

/** A server on a port of its own with the test's standard streams; `redirect` is a redirection of the shell. */
async function startWith(t, { stdio = 'ignore', redirect = '', config = {} } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'globes-streams-'));
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const port = await freePort();
    const command = `exec "$0" --address 127.0.0.1:${port} ${redirect}`;
    const child = spawn('sh', ['-c', command, releaseBinary], { cwd: folder, stdio });
    child.stderr?.destroy();
    const exit = withResolvers();
    child.on('close', (code, signal) => exit.resolve({ code, signal }));
    t.after(() => {
        if (child.exitCode === null) child.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
    });
    const server = { host: '127.0.0.1', port, pid: child.pid, dataFolder: join(folder, 'data') };
    const isUp = async () => (await get(server, '/health').catch(() => ({}))).status === 200;
    await eventually(isUp, 'the server answers');
    return {
        ...server,
        /** A client sends a message; then SIGTERM, and the server must end normally. */
        async chatAndStop() {
            const ada = await ChatClient.join(server, await createRoom(server), 'ada');
            ada.say('ada', 'hello');
            assert.equal((await ada.next()).msg, 'hello');
            child.kill('SIGTERM');
            assert.equal((await ada.closed()).code, 1001);
            assert.deepEqual(await within(exit.promise, () => 'ends after SIGTERM', 10_000), { code: 0, signal: null });
        },
    };
}

function makePipe(t, name) {
    const folder = mkdtempSync(join(tmpdir(), 'globes-pipe-'));
    const pipe = new Pipe(folder, name);
    t.after(() => {
        pipe.close();
        rmSync(folder, { recursive: true, force: true });
    });
    return pipe;
}

test('a full standard error without a reader delays neither the chat nor the shutdown', async (t) => {
    const pipe = makePipe(t, 'stderr');
    pipe.fill();
    const server = await startWith(t, { stdio: ['ignore', 'ignore', pipe.open(constants.O_RDWR)] });
    await server.chatAndStop();
});

test('with a full standard error the oldest lines are dropped, and counted in their place and as a metric', async (t) => {
    const pipe = makePipe(t, 'stderr');
    pipe.fill();
    const server = await startWith(t, { stdio: ['ignore', 'ignore', pipe.open(constants.O_RDWR)] });
    // More than the queue's limit of 1 MiB: each line of the log is longer than 256 bytes.
    const requests = 6000;
    const target = (number) => `/chats/${number + 10_000}${'/x'.repeat(120)}`;
    const connection = await Connection.open(server);
    for (let number = 0; number < requests; ++number) {
        const last = number === requests - 1 ? 'Connection: close\r\n' : '';
        connection.write(`GET ${target(number)} HTTP/1.1\r\nHost: localhost\r\n${last}\r\n`);
    }
    await connection.ended(30_000);
    const name = 'globes_log_lines_dropped_total';
    assert.ok((await metricsOf(server)).get(name) > 1000);

    let text = '';
    const hasLast = () => (text += pipe.drain()).includes(' path=/metrics ');
    await eventually(hasLast, 'the log is written once somebody reads it');
    const lines = text.replace(/^x+/, '').trimEnd().split('\n');
    const overruns = [...lines.entries()].filter(([, line]) => line.includes('event=log_overrun'));
    assert.equal(overruns.length, 1);
    const [[place, overrun]] = overruns;
    const [, dropped] = overrun.match(/^time=\S+Z level=warning event=log_overrun dropped_lines=(\d+)$/);
    const numbers = (some) => some.flatMap((line) => line.match(/ path=\/chats\/(\d{5})\//)?.[1] ?? []).map((text) => text - 10_000);
    const [before, after] = [numbers(lines.slice(0, place)), numbers(lines.slice(place))];
    assert.deepEqual(before, before.map((_, index) => index));
    assert.ok(before.length < 100, `${before.length} requests are logged before the gap`);
    assert.deepEqual(after, after.map((_, index) => requests - after.length + index), 'the newest lines are complete');
    assert.ok(requests - before.length - after.length <= Number(dropped));
    assert.equal((await metricsOf(server)).get(name), Number(dropped));
    await server.chatAndStop();
});

test('a full standard output without a reader delays neither the work nor the shutdown', async (t) => {
    const pipe = makePipe(t, 'stdout');
    pipe.fill();
    const config = { Retention: 1 };
    const server = await startWith(t, { stdio: ['ignore', pipe.open(constants.O_RDWR), 'ignore'], config });
    const ada = await ChatClient.join(server, { id: 1 }, 'ada');
    ada.say('ada', 'soon forgotten');
    assert.equal((await ada.next()).msg, 'soon forgotten');
    // Uses the thread that has printed the start line.
    await eventually(async () => (await countEvents(server.dataFolder, 1)) === 0, 'what has expired is removed');
    await server.chatAndStop();
});

test('a standard error whose reader has exited does no harm', async (t) => {
    const server = await startWith(t, { stdio: ['ignore', 'ignore', 'pipe'] });
    await server.chatAndStop();
});

test('closed standard streams are not reused by files or connections', async (t) => {
    const server = await startWith(t, { redirect: '0<&- 1>&- 2>&-' });
    for (const fd of [0, 1, 2]) assert.equal(readlinkSync(`/proc/${server.pid}/fd/${fd}`), '/dev/null');
    // Open for the wrong direction: a write fails as on a closed one.
    const access = (fd) => {
        const [, flags] = readFileSync(`/proc/${server.pid}/fdinfo/${fd}`, 'utf8').match(/^flags:\s*(\d+)$/m);
        return parseInt(flags, 8) & 3;
    };
    assert.deepEqual([access(0), access(1), access(2)], [constants.O_WRONLY, constants.O_RDONLY, constants.O_RDONLY]);
    await server.chatAndStop();
});
