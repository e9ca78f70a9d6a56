// A limit of the file size (RLIMIT_FSIZE) acts as a full disk: refusals, no loss, and the chat continues when it is
// lifted.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { assertStatus, createRoom, get } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { releaseBinary, startServer } from '../harness/server.js';
import { assertContiguous, assertStored, storedEvents } from '../harness/store.js';
import { eventually } from '../harness/wait.js';

const limitFiles = (pid, bytes) => execFileSync('prlimit', ['--pid', `${pid}`, `--fsize=${bytes}:unlimited`]);

test('at the file size limit, sends are refused, nothing unsaved is delivered, and the chat continues by itself', async (t) => {
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    let sent = 0;
    const say = async () => {
        sent += 1;
        ada.say('ada', `${sent} `.padEnd(4000, 'x'), { id: `${sent}` });
        return ada.find(({ event_type, id }) => ['send', 'error'].includes(event_type) && id === `${sent}`);
    };
    assert.equal((await say()).seq, 1);
    limitFiles(server.pid, 262_144);
    await eventually(async () => (await say()).error?.code === 505, 'a send is refused');
    for (let more = 0; more < 5; more += 1) assert.equal((await say()).error?.code, 505);
    assertStatus(await get(server, '/health'), 200);

    limitFiles(server.pid, 'unlimited');
    await eventually(async () => (await say()).event_type === 'send', 'sends succeed again');
    const received = ada.received('send');
    assert.deepEqual(
        received.map(({ seq }) => seq),
        received.map((_, index) => index + 1),
        'without gap',
    );
    const rows = await storedEvents(server.dataFolder, room.id);
    assertContiguous(rows);
    assertStored(rows, received);
});

test('a maintenance command at the limit says so and leaves no partial file', async (t) => {
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const ada = await ChatClient.join(server, { id: 1 }, 'ada');
    for (let count = 1; count <= 50; count += 1) ada.say('ada', `${count} `.padEnd(4000, 'x'));
    await ada.find(({ seq }) => seq === 50);
    for (const args of [['export', '--output', 'rooms.jsonl'], ['backup', 'copy.db']]) {
        const { status, signal, stderr } = spawnSync('prlimit', ['--fsize=65536', releaseBinary, ...args], {
            cwd: server.folder,
            encoding: 'utf8',
        });
        assert.deepEqual({ status, signal }, { status: 1, signal: null }, stderr);
        assert.match(stderr, new RegExp(`${args.at(-1).replace('.', '\\.')}.*(too large|full|I/O)`, 'i'));
        assert.deepEqual(readdirSync(server.folder).filter((name) => name.startsWith(args.at(-1))), []);
    }
});
