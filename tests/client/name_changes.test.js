// Names that are refused, changed and lost while other events wait, with a server that only decides about names.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { globesAt, TestClient } from './support/test_client.js';
import { ScriptedServer } from './support/scripted_server.js';

const TIME = '2020-12-03T21:23:54.425318Z';

/** Answers every event as a server does in a room in which others have the names in `taken`. Returns its members' names. */
function decideNames(server, taken) {
    const names = new Map(); // by socket
    let seq = 0;
    server.onEvent = ({ event_type: type, name, msg, id }, reply, { socket }) => {
        const refuse = (code) => reply({ event_type: 'error', name, room_id: 7, msg: '', error: { code, error: '' }, id });
        const own = names.get(socket);
        if (type === 'leave' && !own) return refuse(201);
        if (own && own !== name) return refuse(204);
        if (!own && taken.has(name)) return refuse(202);
        if (type === 'leave') names.delete(socket);
        else names.set(socket, name);
        if (type === 'send') return reply({ event_type: 'send', name, room_id: 7, msg, time: TIME, seq: ++seq, id });
        if (type === 'leave' || !own) reply({ event_type: type, name, room_id: 7, msg: '', time: TIME, id });
    };
    return names;
}

/** The events of a connection without their ids, as `type name`. */
const eventsOf = ({ frames }) => frames.all.map(({ event_type: type, name }) => `${type} ${name}`);

test('a join that answers a refused name is sent, also if a message behind the refused one is not answered yet', async (t) => {
    const server = await ScriptedServer.start(t);
    decideNames(server, new Set(['ada']));
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada', limits: { unackedMessages: 1 } });
    const joined = new Promise((resolve, reject) => {
        ada.connection.addEventListener('problem', () => ada.rename({ name: 'ada 2' }).then(resolve, reject));
    });
    const acked = ada.say('hello');
    await joined;
    await acked;
    assert.equal((await ada.message('hello')).name, 'ada 2');
    assert.deepEqual(eventsOf(await server.connections.next()), ['join ada', 'send ada', 'join ada 2', 'send ada 2']);
});

test('a message that waits since a name was refused is sent under the new name', async (t) => {
    const server = await ScriptedServer.start(t);
    decideNames(server, new Set(['ada']));
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    await new Promise((resolve) => ada.connection.addEventListener('problem', resolve, { once: true }));
    const acked = ada.say('hello');
    await ada.rename({ name: 'ada 2' });
    await acked;
    assert.deepEqual(eventsOf(await server.connections.next()), ['join ada', 'join ada 2', 'send ada 2']);
});

test('a new name is requested at once if the old one, lost with the connection, is refused', async (t) => {
    const server = await ScriptedServer.start(t);
    const taken = new Set();
    decideNames(server, taken);
    const ada = await TestClient.join(t, globesAt(server), 7, 'ada', { limits: { unackedMessages: 1 } });
    (await server.connections.next()).socket.terminate();
    await ada.state('waiting');
    taken.add('ada');
    const acked = ada.say('hello');
    await ada.rename({ name: 'eve' });
    await acked;
    assert.deepEqual(eventsOf(await server.connections.next()), ['join ada', 'send ada', 'join eve', 'send eve']);
    assert.deepEqual(ada.all('problem'), []);
});

test('a change of color keeps a new name that still waits, and a change of name keeps a new color', async (t) => {
    const server = await ScriptedServer.start(t);
    const names = decideNames(server, new Set());
    const ada = await TestClient.join(t, globesAt(server), 7, 'ada');
    await Promise.all([ada.rename({ name: 'eve' }), ada.rename({ color: 'teal' })]);
    assert.deepEqual([ada.connection.name, ada.connection.color], ['eve', 'teal']);
    await Promise.all([ada.rename({ color: 'navy' }), ada.rename({ name: 'mia' })]);
    assert.deepEqual([ada.connection.name, ada.connection.color], ['mia', 'navy']);
    assert.deepEqual([...names.values()], ['mia']);
});

test('a color can be changed behind a first name that waits, and not without a name', async (t) => {
    const server = await ScriptedServer.start(t);
    decideNames(server, new Set(['ben']));
    const ada = TestClient.connect(t, globesAt(server), 7);
    await assert.rejects(ada.rename({ color: 'teal' }), { name: 'UnauthorizedError' });
    await Promise.all([ada.rename({ name: 'ada' }), ada.rename({ color: 'teal' })]);
    assert.deepEqual([ada.connection.name, ada.connection.color], ['ada', 'teal']);
    await assert.rejects(ada.rename({ name: null }), { name: 'UnauthorizedError' });
});

test('an old name that somebody else takes during a refused change of name is requested until it is free', async (t) => {
    const server = await ScriptedServer.start(t);
    const taken = new Set(['ben']);
    decideNames(server, taken);
    const ada = await TestClient.join(t, globesAt(server), 7, 'ada');
    const { frames } = await server.connections.next();
    const decide = server.onEvent;
    server.onEvent = (event, ...rest) => {
        decide(event, ...rest);
        if (event.event_type === 'leave') taken.add('ada');
        if (event.event_type === 'send') taken.delete('ada'); // behind the refused join
    };
    const refused = ada.rename({ name: 'ben' });
    const acked = ada.say('hello');
    await assert.rejects(refused, { code: 202 });
    await acked;
    assert.deepEqual(eventsOf({ frames }).slice(0, 5), ['join ada', 'leave ada', 'join ben', 'join ada', 'send ada']);
    assert.deepEqual([(await ada.message('hello')).name, ada.all('problem')], ['ada', []]);
});

test('an old name is not requested while a new one is, however late the answer comes', async (t) => {
    const server = await ScriptedServer.start(t);
    const taken = new Set();
    decideNames(server, taken);
    const ada = await TestClient.join(t, globesAt(server), 7, 'ada');
    (await server.connections.next()).socket.terminate();
    await ada.state('waiting');
    taken.add('ada');
    const connection = await server.connections.next();
    await connection.frames.find(({ event_type: type }) => type === 'join'); // refused; the next one follows after 250 ms
    connection.socket.send(JSON.stringify({ event_type: 'leave', name: 'ben', time: TIME }));
    await ada.find('event', (event) => event.name === 'ben');
    const decide = server.onEvent;
    const later = (reply) => (answer) => setTimeout(() => reply(answer), 400); // as a slow network does
    server.onEvent = (event, reply, from) => decide(event, later(reply), from);
    await ada.rename({ name: 'eve' });
    await ada.say('hello');
    assert.deepEqual(eventsOf(connection), ['join ada', 'join eve', 'send eve']);
    assert.deepEqual(ada.all('problem'), []);
});

test('a join in a listener of the welcome changes the name, as at any other time', async (t) => {
    for (const type of ['state', 'welcome', 'users']) {
        const server = await ScriptedServer.start(t);
        decideNames(server, new Set());
        const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
        const renamed = new Promise((resolve, reject) => {
            ada.connection.addEventListener(type, () => ada.rename({ name: 'eve' }).then(resolve, reject), { once: true });
        });
        await renamed;
        await ada.say('hello');
        assert.equal((await ada.message('hello')).name, 'eve');
        assert.deepEqual(ada.all('problem'), [], type);
    }
});

test('messages keep their order if a name becomes free between two of them', async (t) => {
    const server = await ScriptedServer.start(t);
    const taken = new Set(['ada']);
    decideNames(server, taken);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const decide = server.onEvent;
    server.onEvent = (event, ...rest) => {
        decide(event, ...rest);
        if (event.msg === 'one') taken.delete('ada');
    };
    ada.connection.addEventListener('problem', () => ada.rename({ name: 'ada' }));
    await Promise.all(['one', 'two', 'three'].map((text) => ada.say(text)));
    assert.deepEqual(ada.texts, ['one', 'two', 'three']);
});

test('a message that is accepted behind a refused join has taken the name', async (t) => {
    const server = await ScriptedServer.start(t);
    const taken = new Set(['ada']);
    const names = decideNames(server, taken);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const decide = server.onEvent;
    server.onEvent = (event, ...rest) => {
        decide(event, ...rest);
        taken.delete('ada'); // behind the join
    };
    const renamed = new Promise((resolve, reject) => {
        ada.connection.addEventListener('problem', () => ada.rename({ name: 'eve' }).then(resolve, reject));
    });
    await ada.say('one');
    await renamed;
    assert.deepEqual(eventsOf(await server.connections.next()), ['join ada', 'send ada', 'leave ada', 'join eve']);
    assert.deepEqual([...names.values()], ['eve']);
});
