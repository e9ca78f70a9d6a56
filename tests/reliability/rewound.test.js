// A history that goes back to an earlier state: a backup is restored, or a memory store restarts. A client that sends the
// time of its last event detects it; a plain `?after=` cannot.
import assert from 'node:assert/strict';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertError, createRoom, get } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { runCommand } from '../api/harness/command.js';
import { startServer } from '../api/harness/server.js';
import { Load } from './load.js';

const config = { MessagesPerSecond: 0 };

/** Says so many messages and answers with the last one. */
async function say(server, room, count) {
    const ada = await ChatClient.join(server, room, 'ada');
    let last;
    for (let number = 1; number <= count; number += 1) {
        ada.say('ada', `${number}`);
        last = await ada.find(({ event_type }) => event_type === 'send');
    }
    await ada.leave();
    return last;
}

/** A client that has seen `last` cannot resume, over WebSocket and REST, whatever was sent since. */
async function assertRefused(server, room, { seq, time }) {
    const client = await ChatClient.resume(server, room, `?after=${seq}&at=${time}`);
    assert.equal(client.welcome.resumed, false);
    await client.leave();
    const answer = await get(server, `/chats/${room.id}/events?after=${seq}&at=${time}`);
    assertError(answer, 409, 105, 'at');
}

async function assertResumes(server, room, { seq, time }, missed) {
    const client = await ChatClient.resume(server, room, `?after=${seq}&at=${time}`);
    assert.equal(client.welcome.resumed, true);
    for (let due = seq + 1; due <= seq + missed; due += 1) assert.equal((await client.next()).seq, due);
    await client.leave();
}

test('a client that has seen messages that a restored backup lacks does not resume', async (t) => {
    const server = await startServer(t, { config });
    const room = await createRoom(server);
    const kept = await say(server, room, 5);
    const copy = join(server.folder, 'copy.db');
    const { code, stderr } = await runCommand(server.folder, ['backup', copy]);
    assert.equal(code, 0, stderr);
    const lost = await say(server, room, 5);
    assert.equal(lost.seq, 10);

    await server.stop();
    const database = join(server.dataFolder, 'globes.db');
    await copyFile(copy, database);
    for (const suffix of ['-wal', '-shm']) await rm(database + suffix, { force: true });
    await server.start();
    await assertRefused(server, room, lost);

    const newest = await say(server, room, 8);
    assert.equal(newest.seq, 13);
    const plain = await ChatClient.resume(server, room, `?after=${lost.seq}`);
    assert.equal(plain.welcome.resumed, true, 'a plain ?after= cannot tell');
    await plain.leave();
    await assertRefused(server, room, lost);
    await assertResumes(server, room, kept, 8);
    await assertResumes(server, room, newest, 0);

    await server.kill();
    await server.start();
    await assertRefused(server, room, lost);
    await assertResumes(server, room, kept, 8);
});

test('a client that has seen messages that a memory store has lost does not resume', async (t) => {
    const server = await startServer(t, { config: { ...config, Store: 'memory' } });
    const room = { id: 1 };
    const lost = await say(server, room, 10);
    await server.stop();
    await server.start();
    await assertRefused(server, room, lost);
    const newest = await say(server, room, 13);
    await assertRefused(server, room, lost);
    await assertResumes(server, room, newest, 0);
});

test('the clients of a run report a history that went back', async (t) => {
    const server = await startServer(t, { config: { ...config, Store: 'memory' } });
    const load = new Load(t, server, { id: 1 }, { senders: 2, receivers: 2, window: 1 });
    await load.welcomed();
    await load.talk(20);
    await load.quiet();
    await load.caughtUp(load.all);
    const { last } = load.receivers[0];
    load.down();
    await server.kill();
    await server.start();
    await say(server, { id: 1 }, 2 * last);
    load.up();
    for (const client of load.all) {
        await client.until(() => client.isWelcomed);
        assert.deepEqual(client.complaints, [`not resumed after ${last}`], client.name);
    }
});
