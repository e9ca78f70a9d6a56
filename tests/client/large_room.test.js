// Rooms of which the server lists only some users: `online` of a connection counts all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { globesAt, TestClient } from './support/test_client.js';
import { ScriptedServer } from './support/scripted_server.js';

const LISTED = ['first', 'second'];
const usersNamed = (...names) => names.map((username) => ({ username, color: '', last_activity: '' }));

/** A listener in a room that lists `LISTED`; `online` undefined: on a server without that field. */
async function enter(t, online) {
    const server = await ScriptedServer.start(t);
    Object.assign(server, { users: usersNamed(...LISTED), online });
    const ada = TestClient.connect(t, globesAt(server), 7, { name: null });
    const { socket } = await server.connections.next();
    const welcome = await ada.find('welcome');
    await ada.find('users');
    let seq = 0;
    const tell = async (type, name) => {
        const event = { event_type: type, name, room_id: 7, msg: type, time: '2020-12-03T21:23:54.000001Z' };
        if (type === 'send') event.seq = ++seq;
        socket.send(JSON.stringify(event));
        await ada.find('event', (shown) => shown.event_type === type && shown.name === name);
        const { users } = ada.connection;
        return [ada.connection.online, users.map(({ username }) => username).join(' ')];
    };
    return { server, ada, socket, welcome, tell };
}

test('online is the number of all users, and follows joins and leaves, listed or not', async (t) => {
    const { ada, welcome, tell } = await enter(t, 230);
    assert.deepEqual([welcome.online, welcome.users.length], [230, 2]);
    assert.equal(ada.all('users').at(-1).online, 230);
    assert.deepEqual(await tell('join', 'new'), [231, 'first second new']);
    assert.equal(ada.all('users').at(-1).online, 231);
    assert.deepEqual(await tell('leave', 'somebody'), [230, 'first second new'], 'one who was not listed');
    assert.equal(ada.all('users').at(-1).online, 230, 'the users event tells');
    assert.deepEqual(await tell('leave', 'first'), [229, 'second new']);
});

test('a message by a user who is not listed lists and does not count the author', async (t) => {
    const { tell } = await enter(t, 4);
    assert.deepEqual(await tell('send', 'third'), [4, 'first second third']);
    assert.deepEqual(await tell('send', 'third'), [4, 'first second third']);
    assert.deepEqual(await tell('send', 'fourth'), [4, 'first second third fourth']);
    assert.deepEqual(await tell('send', 'fifth'), [5, 'first second third fourth fifth'], 'all were listed: this one is new');
    assert.deepEqual(await tell('leave', 'fifth'), [4, 'first second third fourth']);
});

test('a server that sends no online lists all users', async (t) => {
    const { welcome, tell } = await enter(t, undefined);
    assert.equal(welcome.online, 2);
    assert.deepEqual(await tell('send', 'third'), [3, 'first second third'], 'the author came without a join');
    assert.deepEqual(await tell('join', 'fourth'), [4, 'first second third fourth']);
    assert.deepEqual(await tell('join', 'fourth'), [4, 'first second third fourth'], 'nobody is here twice');
    assert.deepEqual(await tell('leave', 'nobody'), [4, 'first second third fourth'], 'all who are listed are still here');
    assert.deepEqual(await tell('leave', 'first'), [3, 'second third fourth']);
});

test('a new welcome replaces the list and the number', async (t) => {
    const { server, ada, socket, tell } = await enter(t, 230);
    await tell('join', 'new');
    Object.assign(server, { users: usersNamed('second'), online: 7 });
    socket.terminate();
    assert.equal((await ada.find('welcome')).online, 7);
    assert.equal((await ada.find('users')).online, 7);
    assert.deepEqual([ada.connection.online, ada.connection.users], [7, usersNamed('second')]);
});
