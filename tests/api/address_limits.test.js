// What one address may use (docs/configuration.md#limits-by-address), and that others do not notice when it is used up.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertError, assertStatus, createPrivateRoom, createRoom, freshTitle, get, post, request } from './harness/api.js';
import { ChatClient, errorEvent } from './harness/chat_client.js';
import { Connection, connect } from './harness/connection.js';
import { metricsOf } from './harness/metrics.js';
import { Server, sharedServer, startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

const server = sharedServer({
    config: {
        ExemptAddresses: ['127.0.0.1'],
        AddressConnections: 5,
        AddressConnectionsPerMinute: 300,
        AddressRequestsPerMinute: 200,
        AddressUpgradesPerMinute: 12,
        AddressRoomsPerHour: 3,
        AddressTokensPerMinute: 4,
        AddressJoinsPerMinute: 3,
        AddressEventsPerMinute: 400,
        AddressStoredBytesPerHour: 60_000,
        AddressHistoryPerMinute: 3,
        AddressGuessesPerMinute: 3,
        MessagesPerSecond: 0,
    },
});

let lastAddress = 1;
/** An address of the loopback that no other test uses. */
function newAddress() {
    lastAddress += 1;
    return `127.0.0.${lastAddress}`;
}

const refusedBy = async (limit) => (await metricsOf(server)).get(`globes_address_refusals_total{limit="${limit}"}`);

/** Repeats `ask` until it is refused with 429; resolves with the number of answers before that. */
async function answersBeforeRefusal(ask) {
    for (let count = 0; ; count += 1) {
        const answer = await ask(count);
        if (answer.status !== 429) continue;
        assertError(answer, 429, 503);
        assert.match(answer.headers['retry-after'], /^[1-9][0-9]*$/);
        return count;
    }
}

test('an address may create so many rooms, and others still can', async () => {
    const from = newAddress();
    const create = (options) => post(server, '/chats', { title: freshTitle(), visibility: 'public' }, options);
    assert.equal(await answersBeforeRefusal(() => create({ from })), 3);
    assertStatus(await create({ from: newAddress() }), 201);
    assert.equal(await refusedBy('rooms'), 1);
});

test('a room that is not created does not count', async (t) => {
    const from = newAddress();
    const own = await startServer(t, { config: { ExemptAddresses: ['127.0.0.1'], AddressRoomsPerHour: 3 } });
    const { title } = await createRoom(own);
    const taken = await post(own, '/chats', { title, visibility: 'public' }, { from });
    assertError(taken, 400, 102, 'title');
    const create = () => post(own, '/chats', { title: freshTitle(), visibility: 'public' }, { from });
    assert.equal(await answersBeforeRefusal(create), 3);
});

test('an address may ask for so many tokens, right or wrong', async () => {
    const room = await createPrivateRoom(server);
    const from = newAddress();
    const ask = (secret, options) => post(server, `/chats/${room.id}/token`, { name: 'ann', secret }, options);
    assert.equal(await answersBeforeRefusal((count) => ask(count % 2 ? PASSWORD : 'wrong', { from })), 4);
    assertStatus(await ask(PASSWORD, { from: newAddress() }), 201);
});

test('an address may read so many pages of history, over REST and by resuming', async () => {
    const room = await createRoom(server);
    const from = newAddress();
    const client = await ChatClient.resume(server, room, '?after=0', { from });
    await client.leave();
    assert.equal(await answersBeforeRefusal(() => get(server, `/chats/${room.id}/events`, { from })), 2);
    assertStatus(await get(server, `/chats/${room.id}/events`, { from: newAddress() }), 200);
});

test('a page of history counts once for each 100 messages that it may have', async () => {
    const room = await createRoom(server);
    for (const [limit, count] of [
        [100, 3],
        [101, 1],
        [200, 1],
        [1000, 1], // all that the limit has
    ]) {
        const from = newAddress();
        const read = () => get(server, `/chats/${room.id}/events?limit=${limit}`, { from });
        assert.equal(await answersBeforeRefusal(read), count, `limit=${limit}`);
    }
});

test('a page of history with a time counts before anything is read', async () => {
    const room = await createRoom(server);
    const ann = await ChatClient.join(server, room, 'ann');
    ann.say('ann', 'hi');
    const { seq } = await ann.find(({ event_type }) => event_type === 'send');
    await ann.leave();
    const from = newAddress();
    const at = '2001-01-01T00:00:00.000000Z';
    const ask = () => get(server, `/chats/${room.id}/events?after=${seq}&at=${at}`, { from });
    for (let count = 0; count < 3; count += 1) assertError(await ask(), 409, 105, 'at');
    assertError(await ask(), 429, 503);
});

test('an address may ask for so many rooms that do not exist; then an existing one is refused as well', async () => {
    const room = await createRoom(server, { visibility: 'hidden', password: PASSWORD });
    const from = newAddress();
    assert.equal(await answersBeforeRefusal((count) => get(server, `/chats/guess%20${count}`, { from })), 3);
    assertError(await get(server, `/chats/${room.id}`, { from }), 429, 503);
    assertStatus(await get(server, '/chats', { from }), 200);
    assertStatus(await get(server, `/chats/${room.id}`, { from: newAddress() }), 200);
});

const asBrowser = { accept: 'text/html' };
const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

test('a room that does not exist counts as a guess on every path, and an existing one on none', async () => {
    const room = await createRoom(server, { visibility: 'hidden', password: PASSWORD });
    const ways = [
        ['GET', ''],
        ['HEAD', ''],
        ['GET', '', asBrowser],
        ['HEAD', '', asBrowser],
        ['GET', '/entrance', asBrowser],
        ['PUT', ''],
        ['DELETE', ''],
        ['GET', '/events'],
        ['POST', '/token'],
        ['DELETE', '/token'],
        ['GET', '/token/renew'],
        ['GET', '/ws', handshake],
        ['GET', '/ws', { ...handshake, 'sec-websocket-protocol': 'e30.e30.A' }],
    ];
    for (const [method, path, headers] of ways) {
        const from = newAddress();
        const ask = (key) => request(server, method, `/chats/${key}${path}`, { from, headers, body: '{}' });
        for (let count = 0; count < 4; count += 1) {
            const { status } = await ask(encodeURIComponent(room.title));
            assert.ok(![404, 429].includes(status), `${method} ${path} ${status}`);
        }
        for (let count = 0; count < 3; count += 1) assert.equal((await ask(`guess${count}`)).status, 404);
        for (const key of ['guess', encodeURIComponent(room.title)]) {
            const answer = await ask(key);
            assert.equal(answer.status, 429, `${method} ${path}`);
            assert.match(answer.headers['retry-after'], /^[1-9][0-9]*$/);
        }
    }
});

test('guesses in parallel do not exceed the limit', async () => {
    const from = newAddress();
    const connections = await Promise.all(Array.from({ length: 5 }, () => Connection.open(server, { from })));
    const head = (number) => `GET /chats/guess${number} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    connections.forEach((connection, number) => connection.write(head(number)));
    const answers = await Promise.all(connections.map((connection) => connection.response()));
    connections.forEach((connection) => connection.close());
    assert.deepEqual(answers.map(({ status }) => status).sort(), [404, 404, 404, 429, 429]);
});

test('the title that a room gets counts as a guess, by POST and by PUT, whether it is taken or not', async () => {
    const hidden = await createRoom(server, { visibility: 'hidden', password: PASSWORD });
    const from = newAddress();
    const mine = (await post(server, '/chats', { title: freshTitle(), visibility: 'public' }, { from })).json;
    const rename = (title) => request(server, 'PUT', `/chats/${mine.id}`, { from, body: JSON.stringify({ title }) });
    assertError(await rename(hidden.title), 400, 102, 'title');
    assertStatus(await rename(`${mine.title} again`), 200);
    assertError(await rename(hidden.title), 429, 503);

    const other = newAddress();
    const create = (title) => post(server, '/chats', { title, visibility: 'public' }, { from: other });
    assert.equal((await get(server, '/chats/guess', { from: other })).status, 404);
    assertError(await create(hidden.title), 400, 102, 'title');
    assertError(await create(hidden.title), 400, 102, 'title');
    assertError(await create(hidden.title), 429, 503);
});

test('a browser that is refused gets the page, with 429 and the time to wait', async () => {
    const from = newAddress();
    for (let count = 0; count < 3; count += 1) await get(server, `/chats/guess${count}`, { from });
    for (const path of ['/chats/guess', '/chats/guess/entrance']) {
        const answer = await get(server, path, { from, headers: asBrowser });
        assert.equal(answer.status, 429);
        assert.match(answer.headers['content-type'], /^text\/html/);
        assert.match(answer.headers['retry-after'], /^[1-9][0-9]*$/);
        assert.match(answer.headers.vary, /Accept/);
        assert.match(answer.text, /<!doctype html>/i);
    }
});

test('an address may send so many requests; probes do not count', async () => {
    const from = newAddress();
    const count = await answersBeforeRefusal(() => get(server, '/chats?limit=1', { from }));
    assert.ok(count >= 200 && count < 230, `${count}`);  // the limit refills meanwhile
    assertStatus(await get(server, '/health', { from }), 200);
    assertStatus(await get(server, '/ready', { from }), 200);
    assertStatus(await get(server, '/chats?limit=1', { from: newAddress() }), 200);
});

test('a list that counts as the whole limit is answered', async (t) => {
    const small = await startServer(t, { config: { ExemptAddresses: [], AddressRequestsPerMinute: 5 } });
    assertStatus(await get(small, '/chats?limit=1000', { from: newAddress() }), 200);
    const from = newAddress();
    assertStatus(await get(small, '/chats', { from }), 200);
    for (let i = 0; i < 5; i += 1) assertError(await get(small, '/chats?limit=500', { from }), 429, 503);
    assertError(await get(small, '/chats', { from }), 429, 503); // The refused ones have counted as requests.
});

test('a list counts as often as it may have 100 rooms', async () => {
    const from = newAddress();
    assert.equal(await answersBeforeRefusal(() => get(server, '/chats?limit=1000', { from })), 20);
    assertStatus(await get(server, '/chats?limit=1000', { from: newAddress() }), 200);
});

test('a refusal closes the connection, and later requests on it are not served', async () => {
    const room = await createRoom(server);
    const from = newAddress();
    const connection = await Connection.open(server, { from });
    connection.write(`GET /chats/${room.id}/events HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\n\r\n`.repeat(10));
    for (let count = 0; count < 3; count += 1) assert.equal((await connection.response()).status, 200);
    const refusal = await connection.response();
    assert.equal(refusal.status, 429);
    assert.equal(refusal.headers.connection, 'close');
    assert.equal((await connection.ended()).length, 0);
});

test('an address may open so many WebSockets a minute', async () => {
    const room = await createRoom(server);
    const from = newAddress();
    for (let count = 0; count < 12; count += 1) await (await ChatClient.open(server, room, { from })).leave();
    const answer = await get(server, `/chats/${room.id}/ws`, {
        from,
        headers: {
            Connection: 'Upgrade',
            Upgrade: 'websocket',
            'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
    });
    assertError(answer, 429, 503);
    await (await ChatClient.open(server, room, { from: newAddress() })).leave();
});

test('an address may have so many connections open; the next one is answered 503 and closed', async () => {
    const from = newAddress();
    const open = [];
    for (let count = 0; count < 5; count += 1) open.push(await connect(server, { from }));
    const next = await Connection.open(server, { from });
    const answer = await next.response();
    assert.equal(answer.status, 503);
    assert.equal(JSON.parse(answer.text).error.code, 505);
    assert.equal(answer.headers['retry-after'], '1');
    await next.ended();
    assertStatus(await get(server, '/chats?limit=1', { from: newAddress() }), 200);
    for (const socket of open) socket.destroy();
    await eventually(
        async () => (await get(server, '/chats?limit=1', { from }).catch(() => null))?.status === 200,
        'the address may connect again',
    );
});

test('a WebSocket counts as an open connection until it is closed', async () => {
    const room = await createRoom(server);
    const from = newAddress();
    const clients = [];
    for (let count = 0; count < 5; count += 1) clients.push(await ChatClient.open(server, room, { from }));
    const next = await Connection.open(server, { from });
    assert.equal((await next.response()).status, 503);
    for (const client of clients) await client.leave();
    await (await ChatClient.open(server, room, { from })).leave();
});

test('an address may send so many events with all its connections, and others still can', async () => {
    const room = await createRoom(server);
    const from = newAddress();
    const [ann, ben] = [await ChatClient.open(server, room, { from }), await ChatClient.open(server, room, { from })];
    for (let count = 0; count < 45; count += 1) {
        ann.say('ann', `${count}`);
        ben.say('ben', `${count}`);
    }
    const refusal = await ann.find(({ event_type }) => event_type === 'error');
    const { retry_after_ms, ...rest } = refusal;
    const reason = 'This address has sent as many messages as it may for now.';
    const { error, ...expected } = JSON.parse(errorEvent(room, { code: 503, name: 'ann' }));
    assert.deepEqual(rest, { ...expected, msg: reason, error: { ...error, reason } });
    assert.ok(retry_after_ms > 0 && retry_after_ms <= 60_000, `${retry_after_ms}`);
    const eve = await ChatClient.join(server, room, 'eve', { from: newAddress() });
    eve.say('eve', 'still here');
    await eve.find(({ msg }) => msg === 'still here');
    for (const client of [ann, ben, eve]) await client.leave();
});

test('an address may join so often', async () => {
    const room = await createRoom(server);
    const from = newAddress();
    for (const name of ['a', 'b', 'c']) await (await ChatClient.join(server, room, name, { from })).leave();
    const late = await ChatClient.open(server, room, { from });
    late.send({ event_type: 'join', name: 'd' });
    const { error } = await late.find(({ event_type }) => event_type === 'error');
    assert.equal(error.code, 503);
    assert.equal(error.reason, 'This address has entered rooms as often as it may for now.');
    await late.leave();
});

test('a name that is taken by a send counts as a join, once until the next leave', async () => {
    const room = await createRoom(server);
    const ann = await ChatClient.open(server, room, { from: newAddress() });
    for (let count = 0; count < 3; count += 1) {
        for (const msg of ['one', 'two']) {
            ann.say('ann', msg);
            await ann.find(({ event_type }) => event_type === 'send');
        }
        ann.send({ event_type: 'leave', name: 'ann' });
        await ann.find(({ event_type }) => event_type === 'leave');
    }
    ann.say('ann', 'too often');
    const { error } = await ann.find(({ event_type }) => event_type === 'error');
    assert.equal(error.code, 503);
    await ann.leave();
});

test('an address may store so many bytes, as its messages are sent to all', async () => {
    for (const [msg, fewest, most] of [
        ['x'.repeat(4000), 13, 15],
        ['\u0001'.repeat(2000), 4, 5],
    ]) {
        const room = await createRoom(server);
        const ann = await ChatClient.open(server, room, { from: newAddress() });
        for (let count = 0; count < 30; count += 1) ann.say('ann', msg);
        const { error } = await ann.find(({ event_type }) => event_type === 'error');
        assert.equal(error.code, 503);
        const { json } = await get(server, `/chats/${room.id}/events`);
        assert.ok(json.last_seq >= fewest && json.last_seq <= most, `${json.last_seq} messages were stored`);
        await ann.leave();
    }
});

test('of the default limit of bytes, an address may store half a MiB at once', async (t) => {
    const roomy = new Server({ config: { ExemptAddresses: ['127.0.0.1'], MessagesPerSecond: 0 } });
    await roomy.start();
    t.after(() => roomy.finish());
    const room = await createRoom(roomy);
    const ann = await ChatClient.open(roomy, room, { from: newAddress() });
    const msg = '\u20AC'.repeat(4000);
    for (let count = 0; count < 80; count += 1) ann.say('ann', msg);
    const { error } = await ann.find(({ event_type }) => event_type === 'error');
    assert.equal(error.code, 503);
    // The error comes before the last of them are stored.
    const storedSoFar = async () => (await get(roomy, `/chats/${room.id}/events?limit=1`)).json.last_seq;
    await eventually(async () => (await storedSoFar()) >= 40, '40 messages are stored');
    assert.ok((await storedSoFar()) <= 50);
    await ann.leave();
});

test('an exempt address has no limits', async () => {
    for (let count = 0; count < 10; count += 1) await createRoom(server);
    for (let count = 0; count < 250; count += 1) assertStatus(await get(server, '/chats?limit=1'), 200);
});

test('an address may ask for /health and /ready more often than any monitor does, but not without end', async (t) => {
    const own = await startServer(t, { config: { ExemptAddresses: ['127.0.0.1'], AddressRequestsPerMinute: 10 } });
    const connection = await Connection.open(own, { from: '127.0.0.2' });
    const probes = 6000;
    const ask = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    connection.write((ask('/health') + ask('/ready')).repeat(probes / 2));
    for (let count = 0; count < probes; count += 1) assert.equal((await connection.response()).status, 200);
    connection.write(ask('/health').repeat(probes));
    for (let status = 200; status !== 429; status = (await connection.response()).status) assert.equal(status, 200);
    await connection.ended();
    for (let count = 0; count < 50; count += 1) assertStatus(await get(own, '/health', { from: '127.0.0.1' }), 200);
    assertStatus(await get(own, '/health', { from: '127.0.0.3' }), 200);
    assertStatus(await get(own, '/chats', { from: '127.0.0.2' }), 200, 'other requests have their own limit');
});

test('the refusals of an address do not fill the log', async (t) => {
    const own = await startServer(t, { config: { ExemptAddresses: ['127.0.0.1'], AddressRequestsPerMinute: 1 } });
    const from = '127.0.0.2';
    let refused = 0;
    for (let count = 0; count < 200; count += 1) refused += (await get(own, '/chats', { from })).status === 429 ? 1 : 0;
    await own.logged(/level=warning event=refusals_left_out count=1 peer=127\.0\.0\.2$/m);
    await own.stop();
    const lines = own.log.match(/ status=429 .* peer=127\.0\.0\.2 limit=requests$/gm).length;
    assert.ok(lines >= 60 && lines < 100, `${lines} lines`);
    const counts = [...own.log.matchAll(/event=refusals_left_out count=(\d+) /g)].map(([, count]) => Number(count));
    assert.equal(lines + counts.reduce((sum, count) => sum + count), refused, 'none is forgotten at the end');
});
