// Changing a room (docs/protocol.md#create-and-change).
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
import { cpuMs } from './harness/proc.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer();

test('PUT does not change absent fields', async () => {
    const room = await createRoom(server, { description: 'before' });
    const path = `/chats/${room.id}`;
    const { json } = await put(server, path, { description: 'after' });
    assert.deepEqual(json, { ...room, description: 'after', updatedAt: json.updatedAt });
    assert.ok(json.updatedAt > room.updatedAt);
    assert.equal(
        (await put(server, path, { title: null, description: null, visibility: null })).json.description,
        'after',
    );
    assert.equal((await put(server, path, {})).json.title, room.title);
    assert.equal((await put(server, path, { description: '' })).json.description, '');
    assert.deepEqual((await get(server, path)).json.createdAt, room.createdAt);
});

test('PUT ignores empty texts, except that an empty description clears it', async () => {
    const room = await createRoom(server, { description: 'before', retention: 60, max_events: 5 });
    const empty = { title: '', visibility: '', password: '', retention: '', max_events: '' };
    const { json } = await put(server, `/chats/${room.id}`, empty);
    assert.deepEqual(json, { ...room, updatedAt: json.updatedAt });
    assert.equal((await put(server, `/chats/${room.id}`, { description: '' })).json.description, '');

    const locked = await createPrivateRoom(server);
    const token = await takeToken(server, locked, 'ada');
    assertStatus(await put(server, `/chats/${locked.id}`, { ...empty, description: 'x' }, { token }), 200);
    assertStatus(await get(server, `/chats/${locked.id}/events`, { token }), 200);
    const needsPassword = { visibility: 'private', password: '' };
    assertError(await put(server, `/chats/${room.id}`, needsPassword), 400, 105, 'password');
});

test('a renamed room is found by its id and new title at once, and its old title is free', async () => {
    const room = await createRoom(server);
    const title = freshTitle('Renamed');
    assert.equal((await put(server, `/chats/${encodeURIComponent(room.title)}`, { title })).json.title, title);
    assert.equal((await get(server, `/chats/${room.id}`)).json.title, title);
    assert.equal((await get(server, `/chats/${encodeURIComponent(title.toUpperCase())}`)).json.id, room.id);
    assertError(await get(server, `/chats/${encodeURIComponent(room.title)}`), 404, 101);
    const heir = await createRoom(server, { title: room.title });
    assert.notEqual(heir.id, room.id);
});

test('a room may change the case of its own title', async () => {
    const room = await createRoom(server);
    assert.equal(
        (await put(server, `/chats/${room.id}`, { title: room.title.toUpperCase() })).json.title,
        room.title.toUpperCase(),
    );
    assertStatus(await put(server, `/chats/${room.id}`, { title: room.title.toUpperCase() }), 200);
});

test('PUT follows the rules of POST', async () => {
    const room = await createRoom(server);
    const path = `/chats/${room.id}`;
    assertError(await put(server, path, { title: 'x' }), 400, 105, 'title');
    assertError(await put(server, path, { title: '2020' }), 400, 105, 'title');
    assertError(await put(server, path, { description: 'x'.repeat(71) }), 400, 105, 'description');
    assertError(await put(server, path, { visibility: 'open' }), 400, 105, 'visibility');
    assertError(await put(server, path, { password: 'long enough' }), 400, 105, 'visibility');
    assertError(await put(server, path, { visibility: 'private' }), 400, 105, 'password');
    assertError(await put(server, path, { visibility: 'private', password: 'short' }), 400, 105, 'password');
    assert.deepEqual((await get(server, path)).json, room, 'a refused change changes nothing');
    assertError(await put(server, '/chats/4711', {}), 404, 101);
});

test('public becomes private with a password, and public again without one', async () => {
    const room = await createRoom(server);
    const path = `/chats/${room.id}`;
    assertStatus(await put(server, path, { visibility: 'private', password: PASSWORD }), 200);
    assertError(await put(server, path, { description: 'x' }), 403, 403, 'token');
    const token = await takeToken(server, room, 'ada');
    assertStatus(await put(server, path, { visibility: 'public' }, { token }), 200);
    assert.equal((await post(server, `${path}/token`, { secret: PASSWORD, name: 'ada' })).text, '{"status":true}');
    assertStatus(await put(server, path, { description: 'free for all' }), 200);
    assertError(await put(server, path, { visibility: 'private' }), 400, 105, 'password');
});

test('private and hidden rooms need a token to be changed', async () => {
    for (const visibility of ['private', 'hidden']) {
        const room = await createPrivateRoom(server, { visibility });
        const path = `/chats/${room.id}`;
        assertError(await put(server, path, { description: 'x' }), 403, 403, 'token');
        assertError(await remove(server, path), 403, 403, 'token');
        const token = await takeToken(server, room, 'ada');
        assert.equal((await put(server, path, { description: 'x' }, { token })).json.description, 'x');
        assert.equal((await remove(server, path, { token })).text, '{"status":true}');
    }
});

test('new passwords in parallel cost one hash each', async () => {
    const room = await createPrivateRoom(server, { owner: true });
    const setPassword = (number) =>
        put(server, `/chats/${room.id}`, { password: `${PASSWORD} ${number}` }, { token: room.owner_token });
    const count = 10;
    const costOf = async (run) => {
        const before = cpuMs(server.pid);
        for (const answer of await run()) assertStatus(answer, 200);
        return cpuMs(server.pid) - before;
    };
    const numbers = Array.from({ length: count }, (_, number) => number);
    const oneByOne = await costOf(async () => {
        const answers = [];
        for (const number of numbers) answers.push(await setPassword(number));
        return answers;
    });
    const together = await costOf(() => Promise.all(numbers.map(setPassword)));
    assert.ok(together < 2 * oneByOne, `${together} ms instead of ${oneByOne} ms`);
});
