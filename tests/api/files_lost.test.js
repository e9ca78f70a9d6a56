// The database's files are removed while the server runs: nothing is acked that a restart would lose.
import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, get, post } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { runToEnd, startServer } from './harness/server.js';

/** Sends; resolves with the code of the refusal, 0 if the message was delivered. */
async function say(client, msg) {
    client.say('ada', msg, { id: msg });
    const answer = await client.find(({ event_type, id }) => id === msg && event_type !== 'ack');
    return answer.event_type === 'error' ? answer.error.code : 0;
}

test('with a removed database, sends are refused, the server is not ready, and the log says so once', async (t) => {
    const server = await startServer(t);
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    assert.equal(await say(ada, 'kept'), 0);
    for (const file of ['globes.db', 'globes.db-wal', 'globes.db-shm']) await rm(join(server.dataFolder, file));
    assert.equal(await say(ada, 'lost'), 505);
    assert.equal(await say(ada, 'lost again'), 505);
    assertError(await get(server, '/ready'), 503, 505);
    assertStatus(await get(server, '/health'), 200);
    assertError(await post(server, '/chats', { title: 'Another room', visibility: 'public' }), 503, 505);
    await server.logged(/event=store_file_lost cause=.*globes\.db: was removed/);
    assert.equal(server.log.match(/event=store_f/g).length, 1, 'one line');
    await ada.leave();
});

test('a data folder that is moved away and back loses nothing', async (t) => {
    const server = await startServer(t);
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    assert.equal(await say(ada, 'first'), 0);
    const elsewhere = join(server.folder, 'elsewhere');
    await rename(server.dataFolder, elsewhere);
    assertError(await get(server, '/ready'), 503, 505);
    assert.equal(await say(ada, 'refused'), 505);
    await rename(elsewhere, server.dataFolder);
    assert.equal(await say(ada, 'second'), 0);
    assertStatus(await get(server, '/ready'), 200);
    await server.logged(/event=store_file_back/);
    await ada.leave();
    await server.kill();
    await server.start();
    const { events } = (await get(server, `/chats/${room.id}/events`)).json;
    assert.deepEqual(events.map(({ seq, msg }) => [seq, msg]), [[1, 'first'], [2, 'second']]);
});

test('the database may be a symbolic link, and two links to one database are one', async (t) => {
    const server = await startServer(t);
    const room = await createRoom(server);
    await server.stop();
    const elsewhere = join(server.folder, 'elsewhere.db');
    await rename(join(server.dataFolder, 'globes.db'), elsewhere);
    await symlink(elsewhere, join(server.dataFolder, 'globes.db'));
    await server.start();
    const ada = await ChatClient.join(server, room, 'ada');
    assert.equal(await say(ada, 'kept'), 0);
    assertStatus(await get(server, '/ready'), 200);
    await ada.leave();
    await mkdir(join(server.folder, 'other'));
    await symlink(elsewhere, join(server.folder, 'other', 'globes.db'));
    const { code, output } = await runToEnd({ args: ['--data', join(server.folder, 'other')] });
    assert.equal(code, 1);
    assert.match(output, /another Globes uses it/);
});
