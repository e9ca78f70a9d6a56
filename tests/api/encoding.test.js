// Text files of other programs: a byte order mark before UTF-8 is skipped, UTF-16 is not accepted as JSON.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import {
    PASSWORD,
    assertError,
    assertStatus,
    createPrivateRoom,
    createRoom,
    freshTitle,
    post,
    put,
} from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { runCommand } from './harness/command.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer();

const MARK = '\ufeff';
const utf16 = (value) => Buffer.from(MARK + JSON.stringify(value), 'utf16le');

test('a body may begin with a byte order mark', async () => {
    const title = freshTitle();
    const made = await post(server, '/chats', `${MARK}${JSON.stringify({ title, visibility: 'public' })}`);
    assertStatus(made, 201);
    assert.equal(made.json.title, title);
    assertStatus(await put(server, `/chats/${made.json.id}`, `${MARK}{"description":"new"}`), 200);
    const room = await createPrivateRoom(server);
    const asked = `${MARK}${JSON.stringify({ secret: PASSWORD, name: 'ada' })}`;
    assertStatus(await post(server, `/chats/${room.id}/token`, asked), 201);
});

test('an event may begin with a byte order mark', async () => {
    const ada = await ChatClient.join(server, await createRoom(server), 'ada');
    ada.send(`${MARK}{"event_type":"send","name":"ada","msg":"${MARK}hello"}`);
    assert.equal((await ada.next()).msg, `${MARK}hello`, 'in a text it is a character');
    await ada.leave();
});

test('a body in UTF-16 is refused as JSON', async () => {
    assertError(await post(server, '/chats', utf16({ title: freshTitle(), visibility: 'public' })), 400, 103);
    const room = await createPrivateRoom(server);
    const asked = utf16({ secret: PASSWORD, name: 'ada' });
    assertError(await post(server, `/chats/${room.id}/token`, asked), 401, 304, 'secret');
});

test('an import may begin with a byte order mark; UTF-16 is refused, and the error says so', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'globes-encoding-'));
    t.after(() => rm(folder, { recursive: true }));
    assert.equal((await runCommand(server.folder, ['export', '--output', join(folder, 'plain.jsonl')])).code, 0);
    const lines = await readFile(join(folder, 'plain.jsonl'), 'utf8');
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'mark.jsonl'), MARK + lines);
    await writeFile(join(folder, 'wide.jsonl'), Buffer.from(MARK + lines, 'utf16le'));
    const wide = await runCommand(folder, ['import', 'wide.jsonl']);
    assert.equal(wide.code, 1);
    assert.match(wide.stderr, /wide\.jsonl: is UTF-16, must be UTF-8/);
    const mark = await runCommand(folder, ['import', 'mark.jsonl']);
    assert.equal(mark.code, 0, mark.stderr);
});
