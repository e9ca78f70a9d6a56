// Tokens that an earlier version issued, whose rooms had no salts, on a database that this version has migrated
// (docs/protocol.md#tokens-and-owners).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { assertError, assertStatus, createRoom, get, put, remove } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { exportLines } from './harness/export_file.js';
import { runCommand } from './harness/command.js';
import { startServer } from './harness/server.js';
import { freshClaims, oldTokens } from './harness/tokens.js';

const run = promisify(execFile);

const SECRET_KEY = 'a key that this test knows';
const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);
const CREATED = NOW - 10 * DAY;

const HASH = '$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234';
const LOCKED = { id: 4, token_epoch: 7, password_hash: HASH };
const OPEN = { id: 5, token_epoch: 0, password_hash: '' };
const OWNERLESS = { id: 6, token_epoch: 0, password_hash: HASH };

/** The database of schema 1 with three rooms: private and owned, public and owned, private without an owner. */
const SCHEMA_1 = `
CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at_us INTEGER NOT NULL) STRICT;
INSERT INTO schema_versions VALUES (1, ${CREATED}000000);
CREATE TABLE rooms (id INTEGER PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL,
    visibility INTEGER NOT NULL, password_hash TEXT NOT NULL, owned INTEGER NOT NULL, token_epoch INTEGER NOT NULL,
    retention_s INTEGER NOT NULL, max_events INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL, purged_seq INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE events (room_id INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
    color TEXT NOT NULL, text TEXT NOT NULL, client_id TEXT NOT NULL, time_us INTEGER NOT NULL,
    name_key TEXT, PRIMARY KEY (room_id, seq)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sends ON events (room_id, name_key, client_id) WHERE name_key IS NOT NULL;
CREATE TABLE removals (room_id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('next_room_id', 7), ('room_changes', 3);
INSERT INTO rooms VALUES (4, 'Locked', '', 1, '${HASH}', 1, 7, 0, 0, ${CREATED}000000, ${CREATED}000000, 0);
INSERT INTO rooms VALUES (5, 'Open', '', 0, '', 1, 0, 0, 0, ${CREATED}000000, ${CREATED}000000, 0);
INSERT INTO rooms VALUES (6, 'Ownerless', '', 1, '${HASH}', 0, 0, 0, 0, ${CREATED}000000, ${CREATED}000000, 0);
INSERT INTO events VALUES (4, 1, 1, 'ada', '', 'from before', '', ${CREATED}000001, NULL);`;

async function oldDatabase(t) {
    const folder = await mkdtemp(join(tmpdir(), 'globes-old-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await run('sqlite3', [join(folder, 'globes.db'), SCHEMA_1]);
    return readFile(join(folder, 'globes.db'));
}

const startMigrated = async (t) =>
    startServer(t, { env: { SECRET_KEY }, files: { 'data/globes.db': await oldDatabase(t) } });

const owner = (room, iat = NOW - DAY) => oldTokens.owner(SECRET_KEY, room, { username: 'ada', iat });
const guest = (room, iat = NOW - DAY) => oldTokens.room(SECRET_KEY, room, { username: 'ben', iat });
const events = (server, room, token) => get(server, `/chats/${room.id}/events`, { token });
const change = (server, room, token) => put(server, `/chats/${room.id}`, { description: 'x' }, { token });
const renew = (server, room, token) => get(server, `/chats/${room.id}/token/renew`, { token });

test('tokens of a migrated database stay valid, and renew to new ones', async (t) => {
    const server = await startMigrated(t);
    for (const token of [owner(LOCKED), guest(LOCKED)]) {
        assert.equal((await events(server, LOCKED, token)).json.events[0].msg, 'from before');
        const client = await ChatClient.open(server, LOCKED, { token });
        client.socket.close();
    }
    const renewed = [];
    for (const [room, token] of [[LOCKED, owner(LOCKED)], [OPEN, owner(OPEN)]]) {
        assertStatus(await change(server, room, token), 200);
        const answer = await renew(server, room, token);
        assertStatus(answer, 201);
        renewed.push([room, answer.json.token]);
    }
    assertStatus(await renew(server, OWNERLESS, guest(OWNERLESS)), 201);
    assertStatus(await change(server, OWNERLESS, guest(OWNERLESS)), 200);
    assertError(await change(server, LOCKED, guest(LOCKED)), 401, 104);
    await server.stop();
    await run('sqlite3', [join(server.dataFolder, 'globes.db'), 'UPDATE rooms SET old_keys_until_us = 0']);
    await server.start({ files: {} }); // without the old database
    for (const [room, token] of renewed) {
        assertStatus(await change(server, room, token), 200);
        assertError(await change(server, room, owner(room)), 403, 403, 'token');
    }
});

test('a token under an old key counts only from the time in which the room had that key', async (t) => {
    const server = await startMigrated(t);
    for (const iat of [CREATED, NOW - 5 * DAY]) {
        assertStatus(await events(server, LOCKED, guest(LOCKED, iat)), 200);
        assertStatus(await change(server, LOCKED, owner(LOCKED, iat)), 200);
    }
    const later = Math.floor(Date.now() / 1000) + 60;
    for (const iat of [CREATED - 1, later]) {
        assertError(await events(server, LOCKED, guest(LOCKED, iat)), 403, 403, 'token');
        for (const room of [LOCKED, OPEN]) assertError(await change(server, room, owner(room, iat)), 403, 403, 'token');
    }
    assertError(await change(server, OWNERLESS, owner(OWNERLESS)), 403, 403, 'token');
    assertError(await change(server, LOCKED, owner(OPEN)), 403, 403, 'token');
    assertError(await events(server, LOCKED, oldTokens.room(SECRET_KEY, LOCKED, { iat: NOW - DAY, exp: NOW - 1 })), 403, 403, 'token');
});

test('a room that is created after the migration has no old keys', async (t) => {
    const server = await startMigrated(t);
    const made = await createRoom(server, { owner: true });
    for (const iat of [NOW - DAY, freshClaims(made).iat])
        assertError(await change(server, made, owner(made, iat)), 403, 403, 'token');
});

test('DELETE token ends the tokens under an old key too, and no room token', async (t) => {
    const server = await startMigrated(t);
    for (const room of [LOCKED, OPEN]) {
        const renewed = (await renew(server, room, owner(room))).json.token;
        const ended = await remove(server, `/chats/${room.id}/token`, { token: owner(room) });
        assertStatus(ended, 200);
        assert.equal(ended.json.name, 'ada');
        for (const token of [owner(room), renewed]) assertError(await change(server, room, token), 403, 403, 'token');
        assertStatus(await change(server, room, ended.json.token), 200);
    }
    assertStatus(await events(server, LOCKED, guest(LOCKED)), 200);
    await server.stop();
    await server.start({ files: {} }); // without the old database
    assertError(await change(server, LOCKED, owner(LOCKED)), 403, 403, 'token');
});

test('tokens of rooms of an older export stay valid after its import', async (t) => {
    const server = await startServer(t, { env: { SECRET_KEY } });
    await server.stop();
    const owned = exportLines({ events: 1, isOld: true }).join('').replace('"owned":false', '"owned":true');
    const { code, stderr } = await runCommand(server.folder, ['import'], owned);
    assert.equal(code, 0, stderr);
    await server.start();
    const room = { id: 2 };
    assertStatus(await change(server, room, owner(room)), 200);
    const later = Math.floor(Date.now() / 1000) + 60;
    assertError(await change(server, room, owner(room, later)), 403, 403, 'token');
});
