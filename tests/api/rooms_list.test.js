// The list of rooms, and hidden rooms, which it never has (docs/protocol.md#the-list).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
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
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

const FIRST_RANDOM_ID = 2 ** 48;
const createHiddenRoom = (fields) => createPrivateRoom(server, { visibility: 'hidden', ...fields });

test('a hidden room has a random id and is never listed', async () => {
    const rooms = [await createHiddenRoom(), await createHiddenRoom(), await createHiddenRoom()];
    for (const { id } of rooms) {
        assert.ok(Number.isSafeInteger(id) && id >= FIRST_RANDOM_ID, `id ${id}`);
    }
    assert.equal(new Set(rooms.map(({ id }) => id)).size, 3);
    const listed = await get(server, '/chats?limit=1000');
    for (const { id, title } of rooms) {
        assert.ok(!listed.json.some((room) => room.id === id || room.title === title));
        assert.equal((await get(server, `/chats/${id}`)).json.title, title);
        assert.equal((await get(server, `/chats/${encodeURIComponent(title)}`)).json.id, id);
    }
    assert.ok((await createRoom(server)).id < FIRST_RANDOM_ID, 'counting continues as before');
});

test('a room that becomes hidden keeps its id and leaves the list', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const hidden = await put(server, `/chats/${room.id}`, { visibility: 'hidden' }, { token });
    assert.deepEqual([hidden.json.id, hidden.json.visibility], [room.id, 'hidden']);
    assert.ok(!(await get(server, '/chats?limit=1000')).json.some(({ id }) => id === room.id));
    await takeToken(server, room, 'ada');
});

test('the list has the number of users online instead of their names', async () => {
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    const ben = await ChatClient.join(server, room, 'ben');
    const lurker = await ChatClient.open(server, room);
    const listed = (await get(server, `/chats?after=${room.id - 1}&limit=1`)).json[0];
    const order = ['title', 'description', 'visibility', 'createdAt', 'updatedAt', 'id', 'online'];
    assert.deepEqual(Object.keys(listed), order);
    assert.deepEqual([listed.id, listed.online], [room.id, 2]);
    for (const client of [ada, ben, lurker]) await client.leave();
});

test('the list is paged in ascending order of id', async (t) => {
    const own = await startServer(t);
    for (let count = 0; count < 130; count += 1) await createRoom(own);
    const first = (await get(own, '/chats')).json;
    assert.deepEqual(
        first.map(({ id }) => id),
        Array.from({ length: 100 }, (_, index) => index + 1),
    );
    assert.equal((await get(own, '/chats?limit=1000')).json.length, 131);
    await remove(own, '/chats/50');
    const seen = [];
    for (let after = 0; ;) {
        const page = (await get(own, `/chats?limit=13&after=${after}`)).json;
        if (page.length === 0) break;
        assert.ok(page.length <= 13);
        seen.push(...page.map(({ id }) => id));
        after = seen.at(-1);
    }
    assert.deepEqual(
        seen,
        Array.from({ length: 131 }, (_, index) => index + 1).filter((id) => id !== 50),
    );
    assert.equal((await get(own, '/chats?after=49&limit=1')).json[0].id, 51);
    assert.equal(
        (await get(own, '/chats?after=50&limit=1')).json[0].id,
        51,
        'the room in `after` need not exist',
    );
    assert.equal((await get(own, '/chats?after=5000')).text, '[]');
});

test('query values out of range are refused, and the error names the parameter', async () => {
    for (const limit of ['0', '1001', '-1', 'abc', '', '1.5', '99999999999999999999']) {
        assertError(await get(server, `/chats?limit=${limit}`), 400, 105, 'limit');
    }
    for (const after of ['-1', 'abc', '', '1.5']) {
        assertError(await get(server, `/chats?after=${after}`), 400, 105, 'after');
    }
    assertStatus(await get(server, '/chats?limit=1000&unknown=x'), 200);
});

test('GET /chats answers a browser with the page and programs with JSON', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
    const html = ['text/html', browser, 'application/json;q=0.5, text/html'];
    const json = [
        undefined,
        '*/*',
        'application/json',
        'application/json, text/html;q=0.5',
        'text/html;q=0, */*',
        'text/plain',
    ];
    for (const accept of html) {
        const { headers } = await get(server, '/chats', { headers: { Accept: accept } });
        assert.match(headers['content-type'], /^text\/html\b/, accept);
    }
    for (const accept of json) {
        const { headers } = await get(server, '/chats', { headers: accept ? { Accept: accept } : {} });
        assert.match(headers['content-type'], /^application\/json\b/, accept);
    }
});
