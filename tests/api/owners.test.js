// Rooms with an owner (docs/protocol.md#tokens-and-owners).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    PASSWORD,
    assertError,
    assertStatus,
    createPrivateRoom,
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

const endTokens = (room, token, on = server) => remove(on, `/chats/${room.id}/token`, { token });

test('DELETE token ends all owner tokens of the room and answers with a new one', async () => {
    for (const room of [await createOwned({ name: 'ada' }), await createOwnedPrivate()]) {
        const path = `/chats/${room.id}`;
        const renewed = (await get(server, `${path}/token/renew`, { token: room.owner_token })).json.token;
        const other = await createOwned();
        const ended = await endTokens(room, renewed);
        assertStatus(ended, 200);
        assert.deepEqual(Object.keys(ended.json), ['status', 'name', 'room_id', 'token']);
        const { username, room_id, role, iat, exp } = openToken(ended.json.token).claims;
        assert.deepEqual(
            { username, room_id, role, days: (exp - iat) / 86_400 },
            { username: openToken(room.owner_token).claims.username, room_id: room.id, role: 'owner', days: 30 },
        );
        for (const token of [room.owner_token, renewed]) {
            assertError(await put(server, path, { description: 'x' }, { token }), 403, 403, 'token');
            assertError(await remove(server, path, { token }), 403, 403, 'token');
            assertError(await endTokens(room, token), 403, 403, 'token');
        }
        assertStatus(await put(server, path, { description: 'x' }, { token: ended.json.token }), 200);
        assertStatus(await endTokens(room, ended.json.token), 200);
        assertStatus(await put(server, `/chats/${other.id}`, { description: 'x' }, { token: other.owner_token }), 200);
    }
});

test('DELETE token needs a valid owner token of the room', async () => {
    const owned = await createOwned();
    assertError(await endTokens(owned, undefined), 401, 104);
    assertError(await endTokens(owned, 'nonsense'), 403, 403, 'token');
    assertError(await endTokens(owned, (await createOwned()).owner_token), 403, 403, 'token');
    const locked = await createOwnedPrivate();
    assertError(await endTokens(locked, undefined), 403, 403, 'token');
    assertError(await endTokens(locked, 'nonsense'), 403, 403, 'token');
    assertError(await endTokens(locked, await takeToken(server, locked, 'ben')), 401, 104);
    for (const room of [owned, locked])
        assertStatus(await put(server, `/chats/${room.id}`, { description: 'x' }, { token: room.owner_token }), 200);

    const open = await createRoom(server);
    assertError(await endTokens(open, undefined), 401, 104);
    assertError(await endTokens(open, owned.owner_token), 403, 403, 'token');
    const ownerless = await createPrivateRoom(server);
    assertError(await endTokens(ownerless, undefined), 403, 403, 'token');
    assertError(await endTokens(ownerless, await takeToken(server, ownerless, 'ben')), 401, 104);
    for (const token of [undefined, owned.owner_token]) {
        assertError(await endTokens({ id: 1 }, token), 401, 104);
        assertError(await endTokens({ id: 4711 }, token), 404, 101);
    }
});

test('4501: DELETE token closes the connections of owners where a room needs a token, and no other', async () => {
    const room = await createOwnedPrivate();
    const guest = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    const owner = await ChatClient.join(server, room, 'owner', { token: room.owner_token });
    assert.equal((await guest.next()).msg, 'owner entered the room.');
    const { token } = (await endTokens(room, room.owner_token)).json;
    assert.equal((await owner.closed()).code, 4501);
    assert.equal((await guest.next()).msg, 'owner has left the room.');
    const back = await ChatClient.join(server, room, 'owner', { token });
    await back.leave();
    await guest.leave();
});

test('in a public room the connections of owners stay, and close as all others when it becomes private', async () => {
    const room = await createOwned();
    const before = await ChatClient.join(server, room, 'owner', { token: room.owner_token });
    const { token } = (await endTokens(room, room.owner_token)).json;
    before.say('owner', 'still here');
    assert.equal((await before.next()).msg, 'still here');
    const after = await ChatClient.open(server, room, { token });
    assertStatus(await put(server, `/chats/${room.id}`, { visibility: 'private', password: PASSWORD }, { token }), 200);
    assert.equal((await before.closed()).code, 4501);
    assert.equal((await after.next()).msg, 'owner has left the room.');
    await after.leave();
});

test('of requests at the same time that end the owner tokens with one of them, one succeeds', async () => {
    for (let round = 0; round < 5; round += 1) {
        const room = round % 2 ? await createOwned() : await createOwnedPrivate();
        const path = `/chats/${room.id}`;
        const change = (description) => put(server, path, { description }, { token: room.owner_token });
        const answers = await Promise.all([
            endTokens(room, room.owner_token),
            change('x'),
            endTokens(room, room.owner_token),
            change('y'),
        ]);
        const [ended, changed] = [[answers[0], answers[2]], [answers[1], answers[3]]];
        assert.deepEqual(ended.map(({ status }) => status).sort(), [200, 403]);
        for (const answer of changed) assert.ok([200, 403].includes(answer.status), answer.text);
        const { token } = ended.find(({ status }) => status === 200).json;
        assertStatus(await put(server, path, { description: 'z' }, { token }), 200);
        assertError(await change('too late'), 403, 403, 'token');
    }
});

test('ended owner tokens stay invalid after a restart', async (t) => {
    const own = await startServer(t);
    const room = await createRoom(own, { owner: true });
    const { token } = (await endTokens(room, room.owner_token, own)).json;
    await own.kill();
    await own.start();
    assertError(await put(own, `/chats/${room.id}`, { description: 'x' }, { token: room.owner_token }), 403, 403, 'token');
    assertStatus(await put(own, `/chats/${room.id}`, { description: 'x' }, { token }), 200);
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
    const warning = /level=warning event=rooms_without_owner rooms=0 reason=".*set RequireOwner to true in config\.json, .*"/;
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

test('the warning counts the rooms that RequireOwner does not protect, because they are older', async (t) => {
    const server = await startServer(t);
    await createRoom(server);
    await createRoom(server);
    await createRoom(server, { owner: true });
    await server.stop();
    assert.doesNotMatch(server.log, /rooms_without_owner/);
    const begin = server.log.length;
    await server.start({ address: '0.0.0.0:0', config: { RequireOwner: true } });
    await server.logged(/event=rooms_without_owner rooms=2 reason=".*RequireOwner protects only rooms that are created with it"/, begin);
});

test('a public name shows that strangers reach a server on loopback', async (t) => {
    for (const config of [{ Hosts: ['chat.example.org'] }, { AllowedOrigins: ['https://chat.example.org'] }]) {
        const server = await startServer(t, { config });
        await server.logged(/event=rooms_without_owner/);
    }
    const local = await startServer(t, { config: { Hosts: ['localhost:3000', '127.0.0.1', '[::1]'], AllowedOrigins: ['http://app.localhost:3000'] } });
    await local.stop();
    assert.doesNotMatch(local.log, /rooms_without_owner/);
});
