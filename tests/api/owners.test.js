// Rooms with an owner (docs/protocol.md#tokens-and-owners).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    PASSWORD,
    assertError,
    assertStatus,
    createRoom,
    freshTitle,
    get,
    post,
    put,
    remove,
    takeToken,
} from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { sharedServer, startServer } from './harness/server.js';
import { openToken } from './harness/tokens.js';

const server = sharedServer();

const createOwned = (fields = {}) => createRoom(server, { owner: true, ...fields });
const createOwnedPrivate = () => createOwned({ visibility: 'private', password: PASSWORD });

test('the creator of an owned room gets a token of 30 days', async () => {
    const room = await createOwned();
    const { username, room_id, role, iat, exp } = openToken(room.owner_token).claims;
    assert.deepEqual(
        { username, room_id, role, days: (exp - iat) / 86_400 },
        { username: 'owner', room_id: room.id, role: 'owner', days: 30 },
    );
    assert.ok(!(await get(server, `/chats/${room.id}`)).text.includes('owner_token'));
});

test('the body gives the name of the owner', async () => {
    const { owner_token } = await createOwned({ name: 'ada' });
    assert.equal(openToken(owner_token).claims.username, 'ada');
});

test('an owner with an empty name is called owner', async () => {
    const { owner_token } = await createOwned({ name: '', password: '' });
    assert.equal(openToken(owner_token).claims.username, 'owner');
});

test('a room has no owner unless one is requested', async () => {
    for (const owner of [false, null, '']) assert.ok(!('owner_token' in (await createRoom(server, { owner }))));
});

test('only the owner changes or deletes an owned public room', async () => {
    const room = await createOwned();
    const path = `/chats/${room.id}`;
    assertError(await put(server, path, { description: 'x' }), 401, 104);
    assertError(await remove(server, path), 401, 104);
    assertError(await put(server, path, { description: 'x' }, { token: 'nonsense' }), 403, 403, 'token');
    assertError(await remove(server, path, { token: (await createOwned()).owner_token }), 403, 403, 'token');
    const changed = await put(server, path, { description: 'x' }, { token: room.owner_token });
    assertStatus(changed, 200);
    assert.equal(changed.json.description, 'x');
    assert.equal((await remove(server, path, { token: room.owner_token })).text, '{"status":true}');
});

test('only the owner changes or deletes an owned private room', async () => {
    const room = await createOwnedPrivate();
    const path = `/chats/${room.id}`;
    assertError(await put(server, path, { description: 'x' }), 403, 403, 'token');
    assertError(await remove(server, path), 403, 403, 'token');
    const token = await takeToken(server, room, 'ben');
    assertError(await put(server, path, { description: 'x' }, { token }), 401, 104);
    assertError(await remove(server, path, { token }), 401, 104);
    assertError(await remove(server, path, { token: 'nonsense' }), 403, 403, 'token');
    assertStatus(await remove(server, path, { token: room.owner_token }), 200);
});

test("the owner's token admits to the room under its name", async () => {
    const room = await createOwnedPrivate();
    const owner = await ChatClient.join(server, room, 'owner', { token: room.owner_token });
    assert.equal((await get(server, `/chats/${room.id}`, { token: room.owner_token })).json.users[0].username, 'owner');
    await owner.leave();
});

test("the owner's token stays valid after a new password", async () => {
    const room = await createOwnedPrivate();
    const path = `/chats/${room.id}`;
    const guest = await takeToken(server, room, 'ben');
    assertStatus(await put(server, path, { password: 'another secret' }, { token: room.owner_token }), 200);
    assertError(await get(server, `${path}/token/renew`, { token: guest }), 403, 403, 'token');
    assertStatus(await put(server, path, { visibility: 'public' }, { token: room.owner_token }), 200);
    assertStatus(await put(server, path, { description: 'still mine' }, { token: room.owner_token }), 200);
});

test("the owner's token can be renewed, also in a public room", async () => {
    for (const room of [await createOwned(), await createOwnedPrivate()]) {
        const path = `/chats/${room.id}`;
        const renewed = await get(server, `${path}/token/renew`, { token: room.owner_token });
        assertStatus(renewed, 201);
        assert.deepEqual(Object.keys(renewed.json), ['status', 'name', 'room_id', 'token']);
        const { role, iat, exp } = openToken(renewed.json.token).claims;
        assert.deepEqual({ role, days: (exp - iat) / 86_400 }, { role: 'owner', days: 30 });
        assertStatus(await put(server, path, { description: 'x' }, { token: renewed.json.token }), 200);
    }
});

test('a renewed room token does not make an owner', async () => {
    const room = await createOwnedPrivate();
    const token = await takeToken(server, room, 'owner');
    const renewed = (await get(server, `/chats/${room.id}/token/renew`, { token })).json.token;
    assert.equal(openToken(renewed).claims.role, undefined);
    assertError(await remove(server, `/chats/${room.id}`, { token: renewed }), 401, 104);
});

test('RequireOwner gives every new room an owner', async (t) => {
    const own = await startServer(t, { config: { RequireOwner: true } });
    const answer = await post(own, '/chats', { title: freshTitle(), visibility: 'public' });
    assertStatus(answer, 201);
    const { id, owner_token } = answer.json;
    assertError(await put(own, `/chats/${id}`, { description: 'x' }), 401, 104);
    assertStatus(await put(own, `/chats/${id}`, { description: 'x' }, { token: owner_token }), 200);
    await own.stop();
    await own.start();
    assertError(await remove(own, `/chats/${id}`), 401, 104);
    assertStatus(await remove(own, `/chats/${id}`, { token: owner_token }), 200);
});

test('a server that listens beyond loopback warns if its rooms belong to anybody', async (t) => {
    const warning = /level=warning event=rooms_without_owner reason=".*set RequireOwner to true in config\.json"/;
    const open = await startServer(t, { address: '0.0.0.0:0' });
    await open.logged(warning);
    assert.equal(open.log.match(/rooms_without_owner/g).length, 1);
    const owned = await startServer(t, { address: '0.0.0.0:0', config: { RequireOwner: true } });
    const local = await startServer(t);
    for (const quiet of [owned, local]) {
        await quiet.stop();
        assert.doesNotMatch(quiet.log, /rooms_without_owner/);
    }
});
