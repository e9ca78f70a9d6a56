// Cases that are too rare with a real server: each close code, errors of the store, events of a later version.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { globesAt, TestClient } from './support/test_client.js';
import { ScriptedServer } from './support/scripted_server.js';

const HOUR_MS = 3_600_000;
const PATIENT = { backoffBaseMs: HOUR_MS, backoffMaxMs: HOUR_MS, quickReconnectMs: 50, pauseMs: 2 * HOUR_MS };

/** The effect of a close with `code`: `[state, wait in ms, error]`. */
async function afterClose(t, server, code) {
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada', limits: PATIENT });
    const { socket } = await server.connections.next();
    await ada.find('welcome');
    socket.close(code);
    const { state, retryAt, error } = await ada.find('state', (event) => event.state !== 'online');
    assert.equal(error.closeCode, code);
    ada.connection.close();
    return [state, retryAt && retryAt - Date.now()];
}

test('close codes decide whether and when to reconnect', async (t) => {
    const server = await ScriptedServer.start(t);
    for (const code of [1003, 1007, 1008, 1009, 4500, 4501, 4502, 4503, 4504, 4599])
        assert.deepEqual(await afterClose(t, server, code), ['closed', null], `${code}`);
    for (const code of [1000, 1011, 1013, 4001, 4008, 4600]) {
        const [state, waitMs] = await afterClose(t, server, code);
        assert.ok(state === 'waiting' && waitMs <= HOUR_MS, `${code}: ${state} for ${waitMs} ms`);
    }
    const [, goingAwayMs] = await afterClose(t, server, 1001);
    assert.ok(goingAwayMs <= 50, `1001: quick, in ${goingAwayMs} ms`);
    const [, pauseMs] = await afterClose(t, server, 4009);
    assert.ok(pauseMs >= 2 * HOUR_MS - 1000, `4009: after a pause, in ${pauseMs} ms`);
});

test('after an error of the store (505) the same message is sent again, and later ones wait', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const { frames } = await server.connections.next();
    await ada.find('welcome');
    let seq = 0;
    let refusals = 0;
    server.onEvent = ({ event_type: type, id, msg }, reply) => {
        if (type !== 'send') return;
        const isRefused = msg !== 'first' && refusals < 3;
        refusals += isRefused;
        const error = { code: 505, error: 'Temporarily unavailable' };
        if (isRefused) reply({ event_type: 'error', room_id: 7, error, id });
        else reply({ event_type: 'ack', id, seq: ++seq, duplicate: false });
    };
    const acks = ['first', 'second', 'third'].map((text) => ada.say(text));
    assert.deepEqual(
        (await Promise.all(acks)).map((ack) => ack.seq),
        [1, 2, 3],
    );
    const sent = frames.all.filter(({ event_type: type }) => type === 'send').map(({ msg }) => msg);
    assert.deepEqual(sent, ['first', 'second', 'third', 'second', 'second', 'third']);
    assert.deepEqual(ada.all('problem'), []);
});

test('the reason of an error 505 is a problem with the id of the message, which is sent again', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    let refusals = 0;
    server.onEvent = ({ event_type: type, id }, reply) => {
        if (type !== 'send') return;
        refusals += 1;
        const error = { code: 505, error: 'Temporarily unavailable', reason: 'The disk is nearly full.' };
        if (refusals < 3) reply({ event_type: 'error', room_id: 7, error, id });
        else reply({ event_type: 'ack', id, seq: 1, duplicate: false });
    };
    const { id, acked } = ada.connection.send('hello');
    assert.equal((await acked).seq, 1);
    const problems = ada.all('problem').map(({ error, id: of }) => [error.name, error.reason, of]);
    assert.deepEqual(problems, Array(2).fill(['UnavailableError', 'The disk is nearly full.', id]));
});

test('a final refusal rejects that message alone', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    server.onEvent = ({ event_type: type, id, msg }, reply) => {
        if (type !== 'send') return;
        const error = { code: 599, error: 'Not on Sundays' };
        if (msg === 'bad') reply({ event_type: 'error', room_id: 7, error, id });
        else reply({ event_type: 'ack', id, seq: 1, duplicate: false });
    };
    const bad = ada.say('bad');
    const good = ada.say('good');
    await assert.rejects(bad, { name: 'GlobesError', code: 599, message: 'Not on Sundays' });
    assert.equal((await good).seq, 1);
});

test('events of later versions are ignored, and errors about nothing known are reported', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const { socket } = await server.connections.next();
    const tell = (event) => socket.send(JSON.stringify(event));
    tell({ event_type: 'reaction', seq: 1, time: '2020-12-03T21:23:54.000001Z', emoji: '🎈' });
    tell({ event_type: 'error', room_id: 7, error: { code: 303, error: 'Invalid JSON' } });
    tell({ event_type: 'error', room_id: 7, error: { code: 599, error: 'Later' }, id: 'elsewhere' });
    const problems = [await ada.find('problem'), await ada.find('problem')];
    assert.deepEqual(
        problems.map(({ error, id }) => [error.code, id]),
        [
            [303, undefined],
            [599, 'elsewhere'],
        ],
    );
    assert.deepEqual([ada.connection.state, ada.all('event').length], ['online', 0]);
    tell({ event_type: 'send', name: 'ben', room_id: 7, msg: 'two', time: '2020-12-03T21:23:54.000002Z', seq: 2 });
    await ada.message('two');
    assert.deepEqual(ada.all('gap'), [], 'events of unknown types have numbers too');
    assert.deepEqual([ada.connection.seq, ada.connection.at], [2, '2020-12-03T21:23:54.000002Z']);
});

test('a hole in the delivered messages is a gap, and late messages are not shown', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const { socket } = await server.connections.next();
    for (const seq of [1, 2, 2, 5, 4, 5, 6]) {
        const event = { event_type: 'send', name: 'ben', room_id: 7, msg: `${seq}`, time: '', seq };
        socket.send(JSON.stringify(event));
    }
    await ada.message('6');
    assert.deepEqual(ada.texts, ['1', '2', '5', '6']);
    const gap = { from: 3, to: 4, reset: false, reason: 'hole', before: 2, now: 5 };
    assert.deepEqual(ada.all('gap'), [{ type: 'gap', ...gap }]);
});

test('another user’s message with the same id is not an own one', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const { socket, frames } = await server.connections.next();
    const { id, acked } = ada.connection.send('mine');
    await frames.find((frame) => frame.id === id);
    const event = { event_type: 'send', name: 'eve', room_id: 7, msg: 'not yours', time: '', seq: 1, id };
    socket.send(JSON.stringify(event));
    assert.equal((await ada.message('not yours')).isOwn, false);
    assert.equal(ada.connection.queued, 1);
    socket.send(JSON.stringify({ ...event, name: 'ada', msg: 'mine', seq: 2 }));
    assert.equal((await ada.message('mine')).isOwn, true);
    assert.deepEqual(await acked, { seq: 2, duplicate: false }, 'a delivered message is stored, with or without an ack');
});

test('another user’s join and leave under the same name are not own ones, and a refusal is reported at once', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const presence = (type, id) => ({ event_type: type, name: 'ada', room_id: 7, msg: '', time: '', id });
    server.onEvent = ({ event_type: type, id }, reply) => {
        if (type !== 'join') return;
        // They joined just before this connection.
        reply(presence('join', 'theirs'));
        reply({ event_type: 'error', room_id: 7, error: { code: 202, error: 'Duplicate', field: 'name' }, id });
        reply(presence('leave'));
    };
    const { error } = await ada.find('problem');
    assert.equal(error.code, 202);
    await ada.find('event', (event) => event.event_type === 'leave');
    assert.deepEqual(
        ada.all('event').map(({ event_type: type, isOwn }) => [type, isOwn]),
        [
            ['join', false],
            ['leave', false],
        ],
    );
    server.onEvent = ({ event_type: type, id }, reply) => type === 'join' && reply(presence('join', id));
    const joined = ada.rename({ name: 'ada' });
    assert.equal((await ada.find('event', (event) => event.event_type === 'join' && event.isOwn)).name, 'ada');
    await joined;
});

test('after a loss, the server decides about a new name that is in the room', async (t) => {
    for (const isOwn of [true, false]) {
        const server = await ScriptedServer.start(t);
        const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
        server.onEvent = ({ event_type: type, name, id }, reply, { socket }) => {
            const refuse = (code) => reply({ event_type: 'error', name, room_id: 7, msg: '', error: { code, error: '' }, id });
            if (type === 'leave' && server.users.length) return refuse(isOwn ? 204 : 201);
            if (type === 'leave') return reply({ event_type: 'leave', name, room_id: 7, msg: '', time: '', id });
            if (name !== 'eve') return;
            if (server.users.length) return isOwn || refuse(202);
            server.users = [{ username: 'eve', color: '', last_activity: '' }];
            socket.terminate();
        };
        await ada.find('welcome');
        const renamed = ada.rename({ name: 'eve' });
        if (isOwn) await renamed;
        else await assert.rejects(renamed, { code: 202 });
        assert.equal(ada.connection.name, isOwn ? 'eve' : 'ada');
        await server.connections.next();
        const { frames } = await server.connections.next();
        const { id, ...leave } = await frames.next();
        assert.deepEqual(leave, { event_type: 'leave', name: 'ada' });
        const join = { event_type: 'join', name: 'eve', id };
        assert.deepEqual(await frames.next(), join);
        const last = await frames.next();
        if (isOwn) assert.deepEqual(last, { event_type: 'leave', name: id, id: `probe-${id}` });
        else assert.deepEqual([last.event_type, last.name], ['join', 'ada']);
    }
});

test('a new color is done once the server has decided about it, and sent again if it was refused for a while', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const { frames } = await server.connections.next();
    await ada.find('welcome');
    let questions = 0;
    server.onEvent = ({ event_type: type, id }, reply) => {
        if (type === 'join') return;
        questions += 1;
        const error = { code: questions === 1 ? 503 : 204, error: '' };
        reply({ event_type: 'error', room_id: 7, error, retry_after_ms: 10, id });
    };
    await ada.rename({ color: 'teal' });
    assert.equal(ada.connection.color, 'teal');
    assert.equal(frames.all.filter(({ event_type: type, color }) => type === 'join' && color === 'teal').length, 2);
    assert.deepEqual(ada.all('problem'), []);
});

test('a server that refuses the upgrade and then does not answer counts as an outage, in time', async (t) => {
    const silent = http.createServer(() => {}).listen(0, '127.0.0.1');
    silent.on('upgrade', (request, socket) => socket.destroy());
    await once(silent, 'listening');
    t.after(() => {
        silent.closeAllConnections();
        silent.close();
    });
    const origin = `http://127.0.0.1:${silent.address().port}`;
    const ada = TestClient.connect(t, globesAt({ origin }), 7, { name: 'ada', limits: { openTimeoutMs: 50 } });
    for (let tries = 0; tries < 2; tries += 1) {
        const { error } = await ada.state('waiting');
        assert.equal(error.name, 'ConnectionError');
    }
});

test('a listener may close the connection at any moment, and nothing is opened after that', async (t) => {
    const server = await ScriptedServer.start(t);
    for (const [type, accepts] of [
        ['state', ({ state }) => state === 'waiting'],
        ['state', ({ state }) => state === 'connecting'],
        ['state', ({ state }) => state === 'online'],
        ['welcome', () => true],
        ['users', () => true],
    ]) {
        const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
        const first = await server.connections.next();
        await ada.find('welcome');
        ada.connection.addEventListener(type, ({ detail }) => accepts(detail) && ada.connection.close());
        first.socket.terminate();
        assert.equal((await ada.find('closed')).error, null);
        const { length } = server.connections.all;
        await new Promise((resolve) => setTimeout(resolve, 50)); // an attempt would come within 20 ms
        server.connections.drain();
        assert.ok(server.connections.all.length <= length, `closed in ${type}`);
    }
});

test('a change of name waits for the answers to everything sent under the old one', async (t) => {
    const server = await ScriptedServer.start(t);
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada' });
    const { frames, socket } = await server.connections.next();
    const { id, acked } = ada.connection.send('as ada');
    const renamed = ada.connection.join({ name: 'eve' });
    renamed.catch(() => {}); // it is never answered here
    await frames.find((frame) => frame.id === id);
    ada.connection.close();
    await assert.rejects(acked);
    await new Promise((resolve) => socket.once('close', resolve));
    assert.deepEqual(
        frames.all.map(({ event_type: type, name }) => [type, name]),
        [
            ['join', 'ada'],
            ['send', 'ada'],
        ],
    );
});

/** Errors that are thrown out of a handler of a socket. */
function thrownErrors(t) {
    const errors = [];
    const note = (error) => errors.push(error);
    process.on('uncaughtException', note);
    t.after(() => process.off('uncaughtException', note));
    return errors;
}

test('events with fields of other types are ignored or reported, and the connection goes on', async (t) => {
    const thrown = thrownErrors(t);
    const server = await ScriptedServer.start(t);
    server.welcome = { room_id: {}, users: [null, {}, { username: 5 }], online: 'many', at: 'soon', session: 7, seq: 1 };
    const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada', last: 0 });
    const { socket } = await server.connections.next();
    const tell = (event) => socket.send(JSON.stringify(event));
    const odd = [{}, { error: null, id: null }, { error: 'no' }, { error: { code: 'constructor', error: {}, field: 5 }, id: 5, msg: 5 }];
    for (const fields of odd) tell({ event_type: 'error', ...fields });
    for (const fields of [{}, { name: null }, { name: 5, id: {} }])
        for (const type of ['join', 'leave', 'ack', 'send', 5]) tell({ event_type: type, ...fields });
    tell({ event_type: 'send', seq: 2, time: 'noon' });
    tell({ event_type: 'send', name: 'ben', room_id: 7, msg: 'good', time: 'noon', seq: 3 });
    await ada.message('good');
    const { state, users, online, roomId, at } = ada.connection;
    assert.deepEqual([state, users.map(({ username }) => username), online, roomId, at], ['online', ['ben'], 1, 7, null]);
    assert.deepEqual(ada.all('event').map(({ msg, isOwn }) => [msg, isOwn]), [['good', false]]);
    assert.deepEqual(
        ada.all('problem').map(({ error, id }) => [error.name, error.code, error.field, error.msg, id]),
        odd.map(() => ['GlobesError', null, null, null, undefined]),
    );
    socket.terminate();
    const { url, offers } = await server.connections.next();
    assert.deepEqual([...new URL(url, server.origin).searchParams], [['after', '3']], 'without a time');
    assert.deepEqual(offers, ['globes.v1'], 'without a session');
    assert.deepEqual([ada.all('gap'), thrown], [[], []]);
});

test('secrets are offered as subprotocols and stand in no URL', async (t) => {
    const server = await ScriptedServer.start(t);
    const claims = Buffer.from('{"iat":1,"exp":9999999999}').toString('base64url');
    const token = `eyJhbGciOiJIUzI1NiJ9.${claims}.c2lnbmF0dXJl`;
    TestClient.connect(t, globesAt(server), 7, { name: 'ada', token, renew: false });
    const first = await server.connections.next();
    assert.deepEqual(first.offers, ['globes.v1', token]);
    first.socket.terminate();
    const second = await server.connections.next();
    assert.deepEqual(second.offers, ['globes.v1', token, 'globes.session.secret']);
    assert.deepEqual([...new URL(second.url, server.origin).searchParams.keys()], ['after']);
});

test('an invalid wait, or one of 0, causes no loop, and a long one is cut to the maximum of a timer', async (t) => {
    const warnings = [];
    const note = ({ name }) => warnings.push(name);
    process.on('warning', note);
    t.after(() => process.off('warning', note));
    for (const asked of [-5, 0, 'soon', null, {}, 1e15, Number.MAX_VALUE])
        for (const code of [503, 505]) {
            const server = await ScriptedServer.start(t);
            const ada = TestClient.connect(t, globesAt(server), 7, { name: 'ada', limits: { messagesPerSecond: 0 } });
            server.onEvent = ({ event_type: type, id }, reply) => {
                if (type !== 'send') return;
                reply({ event_type: 'error', room_id: 7, error: { code, error: '' }, retry_after_ms: asked, id });
            };
            ada.connection.send('patience');
            const { frames } = await server.connections.next();
            await frames.find(({ msg }) => msg === 'patience');
            await new Promise((resolve) => setTimeout(resolve, 120)); // a loop would send hundreds
            const sends = frames.all.filter(({ msg }) => msg === 'patience').length;
            assert.equal(sends, 1, `sends for ${JSON.stringify(asked)}, code ${code}`);
            ada.connection.close();
        }
    assert.ok(!warnings.includes('TimeoutOverflowWarning'), 'every timer can be set');
});
