// Room ids that are used again: by a restarted memory store, and after a restored backup. A token of the earlier room
// is worth nothing in the later one (docs/protocol.md#tokens-and-owners).
import assert from 'node:assert/strict';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import {
    PASSWORD,
    assertError,
    assertStatus,
    createPrivateRoom,
    createRoom,
    get,
    put,
    remove,
    takeToken,
} from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { runCommand } from './harness/command.js';
import { exchange } from './harness/connection.js';
import { handshake } from './harness/raw_socket.js';
import { startServer } from './harness/server.js';

const SECRET_KEY = 'a key that this test knows';
const SECRETLY = { visibility: 'private', password: PASSWORD };

/** The kinds of rooms, by what they are: fields for `createRoom`. */
const KINDS = {
    'private, without an owner': { ...SECRETLY },
    'private, with an owner': { ...SECRETLY, owner: true },
    'public, with an owner': { owner: true },
    'public, without an owner': {},
};

async function tokensOf(server, room) {
    const renewed = await get(server, `/chats/${room.id}/token/renew`, { token: room.owner_token });
    assertStatus(renewed, 201);
    return [room.owner_token, renewed.json.token, await takeToken(server, room, 'mallory')];
}

async function assertWorthless(server, room, token) {
    const path = `/chats/${room.id}`;
    const isPublic = room.visibility === 'public';
    const isOpen = isPublic && room.owner_token === undefined;
    assertError(await remove(server, `${path}/token`, { token }), 403, 403, 'token');
    if (!isOpen) {
        assertError(await put(server, path, { description: 'taken' }, { token }), 403, 403, 'token');
        assertError(await remove(server, path, { token }), 403, 403, 'token');
    }
    if (isPublic) {
        assert.equal((await get(server, `${path}/token/renew`, { token })).text, '{"status":true}');
        // Under any name: it is not bound to that of the token.
        const anyone = await ChatClient.join(server, room, 'anyone', { token });
        await anyone.leave();
    } else {
        assertError(await get(server, `${path}/events`, { token }), 403, 403, 'token');
        assertError(await get(server, `${path}/token/renew`, { token }), 403, 403, 'token');
        for (const headers of [{ Authorization: `Bearer ${token}` }, { 'Sec-WebSocket-Protocol': token }])
            assert.equal((await exchange(server, handshake(server, `${path}/ws`, headers))).status, 403);
        const seen = await get(server, path, { token });
        assert.deepEqual(seen.json.users, []);
    }
    assert.equal((await get(server, path)).json.description, room.description);
}

test('a restarted memory store gives ids again, and no token of the rooms before counts', async (t) => {
    const server = await startServer(t, { config: { Store: 'memory' }, env: { SECRET_KEY } });
    const earlier = [];
    for (let count = 0; count < Object.keys(KINDS).length; count += 1) {
        const room = await createRoom(server, { ...SECRETLY, owner: true });
        earlier.push({ id: room.id, tokens: await tokensOf(server, room) });
    }
    await server.stop();
    await server.start();
    for (const [index, [what, fields]] of Object.entries(KINDS).entries()) {
        const room = await createRoom(server, fields);
        assert.equal(room.id, earlier[index].id, 'the attack needs the same id');
        await t.test(what, async () => {
            for (const token of earlier[index].tokens) await assertWorthless(server, room, token);
        });
    }
});

test('a connection with an owner token of an earlier room is not that of an owner', async (t) => {
    const server = await startServer(t, { config: { Store: 'memory' }, env: { SECRET_KEY } });
    const { id, owner_token: earlier } = await createRoom(server, { owner: true });
    await server.stop();
    await server.start();
    const room = await createRoom(server, { owner: true });
    assert.equal(room.id, id);
    const stranger = await ChatClient.open(server, room, { token: earlier });
    assertStatus(await put(server, `/chats/${id}`, SECRETLY, { token: room.owner_token }), 200);
    assert.equal((await stranger.closed()).code, 4501);
});

test('a restored backup gives ids again, and no token of the lost rooms counts', async (t) => {
    const server = await startServer(t, { env: { SECRET_KEY } });
    const kept = await createRoom(server, { ...SECRETLY, owner: true });
    const keptTokens = await tokensOf(server, kept);
    const { code, stderr } = await runCommand(server.folder, ['backup', 'backup.db']);
    assert.equal(code, 0, stderr);
    const lost = await createRoom(server, { ...SECRETLY, owner: true });
    const lostTokens = await tokensOf(server, lost);
    await server.stop();
    for (const suffix of ['-wal', '-shm']) await rm(join(server.dataFolder, `globes.db${suffix}`), { force: true });
    await copyFile(join(server.folder, 'backup.db'), join(server.dataFolder, 'globes.db'));
    await server.start();

    for (const token of keptTokens) assertStatus(await get(server, `/chats/${kept.id}/events`, { token }), 200);
    const room = await createPrivateRoom(server);
    assert.equal(room.id, lost.id);
    for (const token of lostTokens) await assertWorthless(server, room, token);
});
