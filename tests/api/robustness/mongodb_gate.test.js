// A MongoDB that refuses the login or some commands, or leaves one connection without a reply.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, get } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { freshDatabase, startFerretdb, withoutFerretdb } from '../harness/mongodb.js';
import { MongodbGate } from '../harness/mongodb_gate.js';
import { metricsOf } from '../harness/metrics.js';
import { Server, runToEnd, startServer } from '../harness/server.js';
import { eventually } from '../harness/wait.js';

const skip = withoutFerretdb();
const WELCOME = { ok: 1, conversationId: 1, done: true, payload: '' };

async function startGate(t) {
    return MongodbGate.start(t, (await startFerretdb(t)).uri);
}

/** A connection string with a user and a database. */
function login(gate, options = '') {
    const uri = freshDatabase(gate.uri.replace('://', '://anna:topsecret@'));
    return { uri: uri + options, database: uri.slice(uri.lastIndexOf('/') + 1) };
}

for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN']) {
    test(`a wrong password (${mechanism}): exit code 1, host and reason, no credentials`, { skip }, async (t) => {
        const gate = await startGate(t);
        gate.answer('saslStart', { ok: 0, errmsg: 'Authentication failed.', code: 18, codeName: 'AuthenticationFailed' });
        const { uri, database } = login(gate, `?authMechanism=${mechanism}`);
        const { code, output } = await runToEnd({ env: { MONGODB_URI: uri } });
        assert.equal(code, 1, output);
        const words = `globes: MongoDB at ${gate.host}, database ${database}: wrong password, or no such user: `;
        assert.ok(output.startsWith(words), output);
        assert.match(output, /Authentication failed/i);
        assert.doesNotMatch(output, /topsecret|anna/);
    });
}

for (const command of ['createIndexes', 'listIndexes', 'findAndModify', 'find']) {
    test(`no right to ${command} at the start: exit code 1, host and command, no credentials`, { skip }, async (t) => {
        const gate = await startGate(t);
        gate.answer('saslStart', WELCOME);
        gate.refuse(command);
        const { uri, database } = login(gate, '?authMechanism=PLAIN');
        const { code, output } = await runToEnd({ env: { MONGODB_URI: uri } });
        assert.equal(code, 1, output);
        const words = `globes: MongoDB at ${gate.host}, database ${database}: the user lacks rights: `;
        assert.ok(output.startsWith(words), output);
        assert.match(output, new RegExp(`not authorized on chat_server to execute command { ${command}: `));
        assert.doesNotMatch(output, /topsecret|anna/);
    });
}

test('no user if the server requires one: exit code 1, and the reason', { skip }, async (t) => {
    const gate = await startGate(t);
    gate.answer('createIndexes', {
        ok: 0,
        errmsg: 'command createIndexes requires authentication',
        code: 13,
        codeName: 'Unauthorized',
    });
    const { code, output } = await runToEnd({ env: { MONGODB_URI: freshDatabase(gate.uri) } });
    assert.equal(code, 1, output);
    assert.match(output, /: no user name is set, and the server requires one: .*requires authentication$/m);
});

/** A server behind the gate, with a room in which ada has sent a message. */
async function startBehind(t, gate) {
    const server = await startServer(t, { env: { MONGODB_URI: freshDatabase(gate.uri) } });
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    await receives(ada, 'before');
    return { server, room, ada };
}

async function receives(client, text) {
    client.say('ada', text);
    assert.equal((await client.next()).msg, text);
}

/** A room whose last write timed out answers 503 until the outcome is known. */
function isReadable(server, room) {
    const read = async () => (await get(server, `/chats/${room.id}/events`)).status === 200;
    return eventually(read, 'the room can be read');
}

const count = (log, event) => log.split('\n').filter((line) => line.includes(`event=${event} `)).length;

test('without the right to write, sends answer 505 and the log says why once; with the right again, all is well', { skip }, async (t) => {
    const gate = await startGate(t);
    const { server, room, ada } = await startBehind(t, gate);
    gate.refuse('insert');
    for (const id of ['first', 'second', 'third']) {
        ada.say('ada', `refused: ${id}`, { id });
        await ada.expectError(room, 505, undefined, id);
        await isReadable(server, room);
    }
    assert.equal(count(server.log, 'store_failed'), 1, server.log);
    assert.match(server.log, /event=store_failed cause="not authorized/);
    assert.doesNotMatch(server.log, /secret/, 'a command that the server quotes');
    assertStatus(await get(server, '/ready'), 200);
    gate.allow('insert');
    await receives(ada, 'after');
    await server.logged(/event=store_recovered/);
    const { events } = (await get(server, `/chats/${room.id}/events`)).json;
    assert.deepEqual(events.map(({ seq, msg }) => [seq, msg]), [
        [1, 'before'],
        [2, 'after'],
    ]);
    ada.say('ada', 'refused: first', { id: 'first' });
    assert.equal((await ada.next()).seq, 3, 'it was not stored');
});

test('a connection that is stuck blocks its own rooms only', { skip }, async (t) => {
    const gate = await startGate(t);
    const server = await startServer(t, { env: { MONGODB_URI: freshDatabase(gate.uri) } });
    // Each of four connections writes the rooms whose id modulo 4 is its index.
    const rooms = [];
    for (let i = 0; i < 5; i += 1) rooms.push(await createRoom(server));
    const [stuck, other, , , neighbor] = await Promise.all(rooms.map((room) => ChatClient.join(server, room, 'ada')));
    const isStuck = gate.holdUp('insert');
    stuck.say('ada', 'stuck', { id: 'stuck' });
    await isStuck;
    await stuck.expectError(rooms[0], 505, undefined, 'stuck');

    const begun = performance.now();
    for (const text of ['one', 'two', 'three']) await receives(other, text);
    t.diagnostic(`another room took ${Math.round(performance.now() - begun)} ms for three messages`);
    neighbor.say('ada', 'of the same connection');
    await neighbor.expectError(rooms[4], 505);
    await receives(other, 'four');
    assertError(await get(server, `/chats/${rooms[0].id}/events`), 503, 505);
    assertStatus(await get(server, `/chats/${rooms[1].id}/events`), 200);

    gate.letGo();
    await isReadable(server, rooms[0]);
    stuck.say('ada', 'stuck', { id: 'stuck' });
    await stuck.find(({ msg }) => msg === 'stuck');
    await receives(neighbor, 'after');
    const { events } = (await get(server, `/chats/${rooms[0].id}/events`)).json;
    assert.deepEqual(events.map(({ seq, msg }) => [seq, msg]), [[1, 'stuck']]);
    assert.ok((await metricsOf(server)).get('globes_store_batches_total{outcome="unknown"}') >= 1);
});

test('without the right to read, history answers 503 and the log says why once; with the right again, all is well', { skip }, async (t) => {
    const gate = await startGate(t);
    const { server, room, ada } = await startBehind(t, gate);
    gate.refuse('find');
    for (let i = 0; i < 3; i += 1) {
        assertError(await get(server, `/chats/${room.id}/events`), 503, 505);
        assertError(await get(server, '/ready'), 503, 505);
    }
    assert.equal(count(server.log, 'store_read_failed'), 1, server.log);
    assert.match(server.log, /event=store_read_failed cause="not authorized/);
    await receives(ada, 'written without reading');
    gate.allow('find');
    assertStatus(await get(server, '/ready'), 200);
    await server.logged(/event=store_read_recovered/);
    assert.equal((await get(server, `/chats/${room.id}/events`)).json.events.length, 2);
});

for (const [signal, code] of [['SIGTERM', 0], ['SIGINT', 0], ['SIGXCPU', 1]]) {
    test(`${signal} ends a start that hangs on its database, with exit code ${code}`, { skip }, async (t) => {
        const gate = await startGate(t);
        const isStuck = gate.holdUp('findAndModify');
        const server = new Server({ env: { MONGODB_URI: freshDatabase(gate.uri) } });
        t.after(() => server.finish());
        const ended = server.runToEnd();
        await isStuck;
        server.signal(signal);
        assert.deepEqual(await ended, { code, signal: null }, server.log);
        assert.match(server.log, new RegExp(`event=stopping signal=${signal}\\n.*event=start_given_up\\n`));
    });
}
