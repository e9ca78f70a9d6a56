// Rooms over REST: create, find, delete, persist (docs/protocol.md#rooms).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    assertError,
    assertStatus,
    createPrivateRoom,
    createRoom,
    freshTitle,
    get,
    post,
    put,
    remove,
    request,
    takeToken,
} from './harness/api.js';
import { ChatClient, TIME } from './harness/chat_client.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer();

test('room 1 is the public chat and belongs to the server', async () => {
    const { json } = await get(server, '/chats/1');
    assert.deepEqual(
        { ...json, createdAt: '', updatedAt: '' },
        {
            title: 'Public Chat',
            description: 'This is the default chat, available to everyone!',
            visibility: 'public',
            createdAt: '',
            updatedAt: '',
            id: 1,
            users: [],
            online: 0,
        },
    );
    assertError(await put(server, '/chats/1', { title: 'Mine now' }), 401, 104);
    assertError(await remove(server, '/chats/1'), 401, 104);
    assert.equal((await get(server, '/chats/Public%20Chat')).text, (await get(server, '/chats/1')).text);
});

test('a room has its fields in order and its times in UTC', async () => {
    const created = await post(server, '/chats', { visibility: 'public', description: 'd', title: freshTitle() });
    assertStatus(created, 201);
    const order = ['title', 'description', 'visibility', 'createdAt', 'updatedAt', 'id', 'users', 'online'];
    assert.deepEqual(Object.keys(created.json), order);
    assert.match(created.json.createdAt, TIME);
    assert.equal(created.json.updatedAt, created.json.createdAt);
    assert.ok(Math.abs(Date.parse(created.json.createdAt) - Date.now()) < 60_000);
    assert.equal(created.headers.location, `/chats/${created.json.id}`);
    assert.equal((await get(server, `/chats/${created.json.id}`)).text, created.text);
});

test('the description is optional', async () => {
    assert.equal((await createRoom(server)).description, '');
    assert.equal((await createRoom(server, { description: null })).description, '');
});

test('unknown fields are ignored', async () => {
    const room = await createRoom(server, { id: 7777, users: ['x'], createdAt: 'never', theme: { deep: [1] } });
    assert.notEqual(room.id, 7777);
    assert.deepEqual(room.users, []);
});

test('a room is found by id and by title, without regard to case', async () => {
    const title = freshTitle('Ääkköset ΣΑΣ Ёлка');
    const room = await createRoom(server, { title });
    for (const name of [title, title.toLowerCase(), title.toUpperCase(), title.replace('ΣΑΣ', 'σας')]) {
        const answer = await get(server, `/chats/${encodeURIComponent(name)}`);
        assertStatus(answer, 200);
        assert.equal(answer.json.id, room.id, name);
    }
    assertError(await get(server, '/chats/no%20such%20room'), 404, 101);
    assertError(await get(server, '/chats/987654321'), 404, 101);
    assertError(await get(server, '/chats/0'), 404, 101);
    assertError(await get(server, '/chats/99999999999999999999999999'), 404, 101);
});

test('a percent-encoded title finds its room', async () => {
    const titles = [
        'one/two/three',
        'what? #1 & more = 100%',
        '.. and .',
        'plus + sign',
        'a%2Fb',
        'emoji 🎈 世界',
        '"quoted"\\',
    ];
    for (const title of titles) {
        const room = await createRoom(server, { title });
        const path = `/chats/${encodeURIComponent(title)}`;
        const found = await get(server, path);
        assertStatus(found, 200);
        assert.equal(found.json.id, room.id, title);
        assertStatus(await put(server, path, { description: 'by title' }), 200);
        assertStatus(await post(server, `${path}/token`, {}), 200);
        const lower = path.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
        assert.equal((await get(server, lower)).json.id, room.id);
    }
    assertError(await get(server, '/chats/one/two/three'), 404, 501);
});

test('a path with invalid percent encoding or invalid UTF-8 finds no room', async () => {
    for (const path of ['/chats/%', '/chats/%zz', '/chats/a%2', '/chats/%ff%fe', '/chats/%c3%28', '/chats/%00']) {
        const { status } = await get(server, path);
        assert.ok(status === 400 || status === 404, `${path} answers ${status}`);
    }
});

test('HEAD is answered as GET, without the body', async () => {
    const room = await createRoom(server);
    const paths = [
        '/',
        '/chats',
        `/chats/${room.id}`,
        `/chats/${room.id}/token/renew`,
        '/health',
        '/ready',
        '/nowhere',
        '/chats/4711',
    ];
    for (const path of paths) {
        const whole = await get(server, path);
        const head = await request(server, 'HEAD', path);
        assert.equal(head.status, whole.status, path);
        assert.equal(head.text, '');
        assert.equal(head.headers['content-type'], whole.headers['content-type'], path);
        assert.equal(head.headers['content-length'], whole.headers['content-length'], path);
    }
});

test('an additional slash is another path', async () => {
    const { id } = await createRoom(server);
    for (const path of [
        '/chats/',
        `/chats/${id}/`,
        `//chats`,
        `/chats//${id}`,
        `/chats/${id}/token/`,
        `/chats/${id}/ws/`,
        '/health/',
    ]) {
        assertError(await get(server, path), 404, 501);
    }
    assertError(await post(server, '/chats/', { title: freshTitle(), visibility: 'public' }), 404, 501);
});

test('405 lists the allowed methods', async () => {
    const { id } = await createRoom(server);
    const cases = [
        ['PATCH', '/chats', ['GET', 'HEAD', 'POST']],
        ['DELETE', '/chats', ['GET', 'HEAD', 'POST']],
        ['POST', `/chats/${id}`, ['GET', 'HEAD', 'PUT', 'DELETE']],
        ['GET', `/chats/${id}/token`, ['POST', 'DELETE']],
        ['POST', `/chats/${id}/token/renew`, ['GET', 'HEAD']],
        ['POST', `/chats/${id}/ws`, ['GET']],
        ['BREW', '/health', ['GET', 'HEAD']],
        ['TRACE', '/', ['GET', 'HEAD']],
    ];
    for (const [method, path, allowed] of cases) {
        // Content-Length keeps Node from sending a chunked body with unusual methods.
        const answer = await request(server, method, path, { body: '' });
        assertError(answer, 405, 502);
        const listed = (answer.headers.allow ?? '').split(',').map((name) => name.trim());
        for (const name of allowed) assert.ok(listed.includes(name), `${method} ${path}: Allow is ${listed}`);
        assert.ok(!listed.includes(method), `${method} ${path}: Allow is ${listed}`);
    }
});

test('unknown paths answer with JSON', async () => {
    for (const path of ['/nowhere', '/chat', '/chats/1/nothing', '/chats/1/token/renew/x', '/Chats', '/health/x']) {
        assertError(await get(server, path), 404, 501);
    }
});

test('a deleted room does not exist and its title is free', async () => {
    const room = await createRoom(server);
    const answer = await remove(server, `/chats/${encodeURIComponent(room.title)}`);
    assert.deepEqual([answer.status, answer.text], [200, '{"status":true}']);
    assertError(await get(server, `/chats/${room.id}`), 404, 101);
    assertError(await remove(server, `/chats/${room.id}`), 404, 101);
    assertError(await post(server, `/chats/${room.id}/token`, {}), 404, 101);
    assertError(await get(server, `/chats/${room.id}/token/renew`), 404, 101);
    await createRoom(server, { title: room.title });
});

test('the users of a private room are visible only with its token', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const ada = await ChatClient.join(server, room, 'ada', { token });
    const toStrangers = (await get(server, `/chats/${room.id}`)).json;
    assert.deepEqual([toStrangers.users, toStrangers.online], [[], 1], 'nobody is named, but the number is as in the list');
    const { users, online } = (await get(server, `/chats/${room.id}`, { token })).json;
    assert.equal(online, 1);
    assert.deepEqual(Object.keys(users[0]), ['username', 'color', 'last_activity']);
    assert.deepEqual([users.length, users[0].username, users[0].color], [1, 'ada', 'red']);
    assert.match(users[0].last_activity, TIME);
    await ada.leave();
});

test('ids are never used again, not even after a restart', async (t) => {
    const own = await startServer(t);
    const first = await createRoom(own);
    const second = await createRoom(own);
    assert.deepEqual([first.id, second.id], [2, 3]);
    await remove(own, '/chats/3');
    await createPrivateRoom(own, { visibility: 'hidden', title: 'Out of the count' });
    const third = await createRoom(own);
    assert.equal(third.id, 4);
    await remove(own, '/chats/4');
    await own.stop();
    await own.start();
    assert.equal((await createRoom(own)).id, 5);
    assert.deepEqual((await get(own, '/chats/2')).json, first, 'a room survives the restart unchanged');
    assertError(await get(own, '/chats/4'), 404, 101);
});

test('rooms survive kill -9', async (t) => {
    const own = await startServer(t);
    const room = await createPrivateRoom(own);
    await own.kill();
    await own.start();
    assert.deepEqual((await get(own, `/chats/${room.id}`)).json, room);
    await takeToken(own, room, 'ada');
});

test('two requests for the same title at once create one room', async () => {
    const title = freshTitle('Contested');
    const answers = await Promise.all(
        Array.from({ length: 20 }, () => post(server, '/chats', { title, visibility: 'public' })),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    for (const answer of answers.filter(({ status }) => status !== 201)) assertError(answer, 400, 102, 'title');
});

test('no response and no log has a password or its hash', async (t) => {
    const own = await startServer(t);
    const password = 'unmistakable-password-1';
    const changed = 'unmistakable-password-2';
    const answers = [];
    const note = (answer) => (answers.push(answer.text), answer);
    const room = note(await post(own, '/chats', { title: 'Quiet', visibility: 'private', password })).json;
    const { token } = note(await post(own, `/chats/${room.id}/token`, { secret: password, name: 'ada' })).json;
    note(await post(own, `/chats/${room.id}/token`, { secret: 'unmistakable-password-3', name: 'ada' }));
    note(await put(own, `/chats/${room.id}`, { password: changed }, { token }));
    note(await get(own, `/chats/${room.id}`));
    note(await get(own, '/chats'));
    note(await get(own, '/', { headers: { Accept: 'text/html' } }));
    await own.stop();
    for (const text of [...answers, own.log]) assert.doesNotMatch(text, /unmistakable-password|\$2[aby]\$/);
    assert.ok(!own.log.includes(token), 'no token in the log');
});
