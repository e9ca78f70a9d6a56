// globes.v1: the welcome, resuming, and taking over one's own name (docs/protocol.md#resuming-globesv1).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createPrivateRoom, createRoom, get, takeToken, usersOf } from './harness/api.js';
import { ChatClient, roomWith } from './harness/chat_client.js';
import { RawSocket } from './harness/raw_socket.js';
import { sharedServer, startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

/** A room in which ada has sent 1 … count. */
async function roomWithTexts(count, where = server) {
    const [room, ada] = await roomWith(where, 'ada');
    await sayNext(ada, count);
    return [room, ada];
}

/** ada continues to count; resolves when all of it was received. */
async function sayNext(ada, count, first = 1) {
    for (let number = first; number < first + count; number += 1) ada.say('ada', `${number}`);
    await ada.find(({ msg }) => msg === `${first + count - 1}`);
}

async function nextSeqs(client, count) {
    const seqs = [];
    while (seqs.length < count) seqs.push((await client.next()).seq);
    return seqs;
}

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('the welcome is the first frame and has the newest seq, the users and a session', async () => {
    const [room, ada] = await roomWithTexts(3);
    const ben = await ChatClient.open(server, room, { resume: '' });
    assert.equal(ben.socket.protocol, 'globes.v1');
    const text = await ben.nextText();
    const { at, session, users } = JSON.parse(text);
    assert.match(session, /^[0-9a-f]{32}$/);
    assert.deepEqual(users.map(({ username, color }) => [username, color]), [['ada', 'red']]);
    assert.equal(
        text,
        `{"event_type":"welcome","room_id":${room.id},"seq":3,"at":"${at}","users":${JSON.stringify(users)},"online":1,"resumed":false,"session":"${session}"}`,
    );
    const { events } = (await get(server, `/chats/${room.id}/events?limit=1`)).json;
    assert.equal(at, events[0].time, 'the time of the newest event');
    await ben.expectSilence('ben');
    await Promise.all([ada.leave(), ben.leave()]);
});

test('a large room lists its first 200 members, and counts all', async () => {
    const own = await roomWith(server, 'member 1');
    const [room] = own;
    const members = [own[1]];
    for (let number = 2; number <= 205; number += 1) members.push(await ChatClient.join(server, room, `member ${number}`));
    const names = range(1, 200).map((number) => `member ${number}`);
    const onlooker = await ChatClient.resume(server, room, '');
    assert.deepEqual([onlooker.welcome.users.map(({ username }) => username), onlooker.welcome.online], [names, 205]);
    const late = await ChatClient.resume(server, room, '');
    late.send({ event_type: 'join', name: 'late' });
    await late.find(({ event_type, name }) => event_type === 'join' && name === 'late');
    const again = await ChatClient.resume(server, room, `?session=${late.welcome.session}`);
    const listed = [...names.slice(0, 199), 'late'];
    assert.deepEqual([again.welcome.users.map(({ username }) => username), again.welcome.online], [listed, 206]);
    await again.leave();
    await eventually(async () => (await get(server, `/chats/${room.id}`)).json.online === 205, 'it has left');
    const answer = (await get(server, `/chats/${room.id}`)).json;
    assert.deepEqual([answer.users.map(({ username }) => username), answer.online], [names, 205]);
    const { json: list } = await get(server, `/chats?after=${room.id - 1}&limit=1`);
    assert.equal(list[0].online, 205);
    // The leave of a listed member makes room for the next member.
    await members[0].leave();
    await eventually(async () => (await get(server, `/chats/${room.id}`)).json.online === 204, 'the first has left');
    assert.deepEqual(await usersOf(server, room), range(2, 201).map((number) => `member ${number}`));
});

test('a plain client gets no welcome, no ack and no earlier messages', async () => {
    const [room, ada] = await roomWithTexts(3);
    const ben = await ChatClient.open(server, room);
    ben.say('ben', 'hello', { id: 'c1' });
    assert.equal((await ben.next()).msg, 'hello');
    await ben.expectSilence('ben');
    await Promise.all([ada.leave(), ben.leave()]);
});

test('globes.v1 and a token go together, in any order', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    for (const protocols of [[token, 'globes.v1'], ['globes.v1', token]]) {
        const { default: WebSocket } = await import('ws');
        const url = `${server.origin.replace('http', 'ws')}/chats/${room.id}/ws`;
        const socket = new WebSocket(url, protocols, { rejectUnauthorized: false });
        const client = new ChatClient(socket);
        assert.equal((await client.next()).event_type, 'welcome');
        assert.equal(socket.protocol, 'globes.v1');
        await client.leave();
    }
});

test('after replays everything since then, once and in order, and then live events', async () => {
    const [room, ada] = await roomWithTexts(30);
    const ben = await ChatClient.resume(server, room, '?after=10');
    assert.deepEqual([ben.welcome.resumed, ben.welcome.seq], [true, 30]);
    assert.deepEqual(await nextSeqs(ben, 20), range(11, 30));
    await sayNext(ada, 5, 31);
    assert.deepEqual(await nextSeqs(ben, 5), range(31, 35));
    await Promise.all([ada.leave(), ben.leave()]);
});

test('replayed frames have the original bytes', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    ada.send({ event_type: 'send', name: 'ada', color: '#abc', msg: 'quoted "\\u00e9" \\ / \u2028', id: 'c1' });
    ada.say('ada', 'second');
    const live = [await ada.nextText(), await ada.nextText()];
    const ben = await ChatClient.resume(server, room, '?after=0');
    assert.deepEqual([await ben.nextText(), await ben.nextText()], live);
    await Promise.all([ada.leave(), ben.leave()]);
});

test('last replays the newest few', async () => {
    const [room, ada] = await roomWithTexts(30);
    for (const [query, first] of [
        ['?last=3', 28],
        ['?last=1000', 1],
        ['?last=30', 1],
    ]) {
        const ben = await ChatClient.resume(server, room, query);
        assert.equal(ben.welcome.resumed, false);
        assert.deepEqual(await nextSeqs(ben, 31 - first), range(first, 30));
        await ben.leave();
    }
    const none = await ChatClient.resume(server, room, '?last=0');
    await none.expectSilence('ben');
    await Promise.all([ada.leave(), none.leave()]);
});

test('a resume point beyond the newest event, or no resume point, gives only live events', async () => {
    const [room, ada] = await roomWithTexts(3);
    for (const query of ['', '?after=4', '?after=9007199254740993', '?after=18446744073709551615']) {
        const ben = await ChatClient.resume(server, room, query);
        assert.deepEqual([ben.welcome.resumed, ben.welcome.seq], [false, 3], query);
        await ben.leave();
    }
    const ben = await ChatClient.resume(server, room, '?after=3');
    assert.equal(ben.welcome.resumed, true, 'nothing was missed');
    await ben.expectSilence('ben');
    await Promise.all([ada.leave(), ben.leave()]);
});

test('the welcome of a room without messages has no time', async () => {
    const client = await ChatClient.resume(server, await createRoom(server));
    assert.deepEqual(Object.keys(client.welcome), ['event_type', 'room_id', 'seq', 'users', 'online', 'resumed', 'session']);
    await client.leave();
});

test('after with the time of that event resumes; with another time it gives only live events', async () => {
    const [room, ada] = await roomWithTexts(30);
    const { events } = (await get(server, `/chats/${room.id}/events`)).json;
    for (const seq of [1, 10, 29, 30]) {
        const ben = await ChatClient.resume(server, room, `?after=${seq}&at=${events[seq - 1].time}`);
        assert.equal(ben.welcome.resumed, true, `after ${seq}`);
        if (seq < 30) assert.equal((await ben.next()).seq, seq + 1);
        await ben.leave();
    }
    const other = '2020-12-03T21:23:54.421318Z';
    for (const query of [`?after=10&at=${other}`, `?after=30&at=${other}`, `?after=99&at=${events[29].time}`]) {
        const ben = await ChatClient.resume(server, room, query);
        assert.equal(ben.welcome.resumed, false, query);
        await ben.expectSilence('ben');
        await ben.leave();
    }
    await ada.leave();
});

test('history after an event of another time is refused', async () => {
    const [room, ada] = await roomWithTexts(10);
    const path = `/chats/${room.id}/events`;
    const { events } = (await get(server, path)).json;
    const next = await get(server, `${path}?after=7&at=${events[6].time}`);
    assert.deepEqual(next.json.events.map(({ seq }) => seq), [8, 9, 10]);
    assert.deepEqual((await get(server, `${path}?after=10&at=${events[9].time}`)).json.events, []);
    const other = '2020-12-03T21:23:54.421318Z';
    for (const query of [`after=7&at=${other}`, `after=11&at=${events[9].time}`])
        assertError(await get(server, `${path}?${query}`), 409, 105, 'at');
    await ada.leave();
});

test('the time of an event that is not stored any more is not compared', async () => {
    const room = await createRoom(server, { max_events: 5 });
    const ada = await ChatClient.join(server, room, 'ada');
    await sayNext(ada, 20);
    const other = '2020-12-03T21:23:54.421318Z';
    await eventually(async () => {
        const ben = await ChatClient.resume(server, room, `?after=15&at=${other}`);
        await ben.leave();
        return ben.welcome.resumed;
    }, 'the event is removed');
    assertStatus(await get(server, `/chats/${room.id}/events?after=15&at=${other}`), 200);
    await ada.leave();
});

test('an invalid resume point is refused before the upgrade', async () => {
    const room = await createRoom(server);
    const headers = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol': 'globes.v1',
    };
    for (const [query, field] of [
        ['after=', 'after'],
        ['after=-1', 'after'],
        ['after=x', 'after'],
        ['after=1.5', 'after'],
        ['after=18446744073709551616', 'after'],
        ['last=1001', 'last'],
        ['last=-1', 'last'],
        ['after=1&last=1', 'last'],
        ['at=2020-12-03T21:23:54.421318Z', 'at'],
        ['last=1&at=2020-12-03T21:23:54.421318Z', 'at'],
        ['after=0&at=2020-12-03T21:23:54.421318Z', 'at'],
        ['after=1&at=', 'at'],
        ['after=1&at=now', 'at'],
        ['after=1&at=2020-12-03T21:23:54.421Z', 'at'],
        ['after=1&at=2020-12-03T21:23:54.421318', 'at'],
        ['after=1&at=2020-13-03T21:23:54.421318Z', 'at'],
    ]) {
        assertError(await get(server, `/chats/${room.id}/ws?${query}`, { headers }), 400, 105, field);
    }
});

test('many reconnects in a busy room see every send once, in order', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const total = 600;
    const talking = (async () => {
        for (let number = 1; number <= total; number += 20) await sayNext(ada, 20, number);
    })();
    const readers = range(1, 10).map(async (reader) => {
        const seen = [];
        while (seen.length < total) {
            const client = await ChatClient.resume(server, room, `?after=${seen.length}`);
            const until = Math.min(total, seen.length + 20 * reader);
            while (seen.length < until) seen.push((await client.find(({ event_type }) => event_type === 'send')).seq);
            client.drop();
        }
        return seen;
    });
    for (const seen of await Promise.all(readers)) assert.deepEqual(seen, range(1, total));
    await talking;
    await ada.leave();
});

test('a long replay from the store reaches the live log without gap or repeat', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const [room, ada] = await roomWithTexts(1500, own);
    await ada.leave();
    await own.kill();
    await own.start();
    const ben = await ChatClient.join(own, room, 'ben');
    const cid = await ChatClient.resume(own, room, '?after=100');
    assert.equal(cid.welcome.resumed, true);
    for (let number = 1; number <= 300; number += 1) ben.say('ben', `${number}`);
    assert.deepEqual(await nextSeqs(cid, 1700), range(101, 1800));
    await Promise.all([ben.leave(), cid.leave()]);
});

test('a reader that misses a join also misses its leave: the users stay correct through a replay', async () => {
    const [room, ada] = await roomWithTexts(400);
    const users = new Set();
    const ben = await ChatClient.resume(server, room, '?after=0');
    for (const { username } of ben.welcome.users) users.add(username);
    const cid = await ChatClient.join(server, room, 'cid');
    await ada.leave();
    await cid.find(({ event_type, name }) => event_type === 'leave' && name === 'ada');
    cid.say('cid', 'end');
    for (;;) {
        const { event_type, name, msg } = await ben.next();
        if (event_type === 'join') users.add(name);
        if (event_type === 'leave') users.delete(name);
        if (msg === 'end') break;
    }
    assert.deepEqual([...users], ['cid']);
    await Promise.all([cid.leave(), ben.leave()]);
});

// --- sessions --------------------------------------------------------------------------------------------------------

test('a client that resumes with its session takes over its name at once, without leave or join', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const old = await ChatClient.resume(server, room);
    old.send({ event_type: 'join', name: 'ben', color: 'blue' });
    await ada.find(({ name }) => name === 'ben');
    const back = await ChatClient.resume(server, room, `?after=0&session=${old.welcome.session}`);
    assert.deepEqual(back.welcome.users.map(({ username }) => username), ['ada', 'ben']);
    assert.equal((await old.closed()).code, 4502);
    back.say('ben', 'me again');
    assert.equal((await ada.next()).msg, 'me again', 'neither a leave nor a join came before');
    assert.deepEqual(await usersOf(server, room), ['ada', 'ben']);
    await Promise.all([ada.leave(), back.leave()]);
});

test('a client may keep its first session: it takes over its name also after a return and a restart', async (t) => {
    const own = await startServer(t);
    const room = await createRoom(own);
    const first = await ChatClient.resume(own, room);
    const comeBack = async () => {
        const client = await ChatClient.resume(own, room, `?session=${first.welcome.session}`);
        client.say('ben', 'here');
        assert.equal((await client.find(({ event_type }) => event_type === 'send')).name, 'ben');
        return client;
    };
    await first.leave();
    const returned = await comeBack();
    const again = await comeBack();
    assert.equal((await returned.closed()).code, 4502);
    await own.kill();
    await again.closed();
    await own.start();
    const restarted = await comeBack();
    const last = await comeBack();
    assert.equal((await restarted.closed()).code, 4502);
    assert.deepEqual(await usersOf(own, room), ['ben']);
    await last.leave();
});

test('a client with the token of an open connection takes over its name', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const old = await ChatClient.resume(server, room, '', { token });
    old.send({ event_type: 'join', name: 'ada' });
    await old.find(({ event_type }) => event_type === 'join');
    const back = await ChatClient.resume(server, room, '', { token });
    assert.equal((await old.closed()).code, 4502);
    back.say('ada', 'here');
    assert.equal((await back.next()).msg, 'here');
    await back.leave();
});

test('a client with a token takes over its name, whatever other names it has under the same session', async () => {
    const room = await createPrivateRoom(server);
    const tokens = { ada: await takeToken(server, room, 'ada'), ben: await takeToken(server, room, 'ben') };
    const join = async (name, query) => {
        const client = await ChatClient.resume(server, room, query, { token: tokens[name] });
        client.send({ event_type: 'join', name });
        return client;
    };
    const ada = await join('ada', '');
    await ada.find(({ event_type }) => event_type === 'join');
    const ben = await join('ben', `?session=${ada.welcome.session}`);
    await ada.find(({ name }) => name === 'ben');
    const renewed = await takeToken(server, room, 'ada');
    for (const token of [tokens.ada, renewed]) {
        const back = await ChatClient.resume(server, room, `?session=${ada.welcome.session}`, { token });
        back.say('ada', token);
        await ben.find(({ msg }) => msg === token);
        assert.deepEqual(await usersOf(server, room, token), ['ada', 'ben']);
    }
    assert.equal((await ada.closed()).code, 4502);
    assert.ok(ben.isOpen);
});

test('a session may be offered as a subprotocol, in any position, and is never selected', async () => {
    const room = await createRoom(server);
    let old = await RawSocket.open(server, room, { headers: { 'Sec-WebSocket-Protocol': 'globes.v1' } });
    let { session } = await old.nextEvent();
    old.sendEvent({ event_type: 'join', name: 'ada' });
    assert.equal((await old.nextEvent()).event_type, 'join');
    const offers = [
        (secret) => `globes.v1, globes.session.${secret}`,
        (secret) => `globes.session.${secret}, globes.v1`,
        (secret) => [`chat, globes.session.${secret}`, 'globes.v1'],
    ];
    for (const offer of offers) {
        // A session in the URL does not count beside an offered one.
        const next = await RawSocket.open(server, room, {
            query: '?session=other',
            headers: { 'Sec-WebSocket-Protocol': offer(session) },
        });
        assert.equal(next.opening.headers['sec-websocket-protocol'], 'globes.v1');
        ({ session } = await next.nextEvent());
        assert.equal(await old.closeCode(), 4502);
        old.close();
        old = next;
    }
    assert.deepEqual(await usersOf(server, room), ['ada']);
    await old.leave();
});

test('a session that the server has not issued takes over nothing, even from one who presents it too', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const { welcome } = await ChatClient.resume(server, room);
    const madeUp = ['0'.repeat(32), welcome.session.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))];
    for (const session of madeUp) {
        const ben = await ChatClient.resume(server, room, `?session=${session}`);
        ben.say('ben', 'me');
        await ben.find(({ msg }) => msg === 'me');
        const other = await ChatClient.resume(server, room, `?session=${session}`);
        for (const name of ['ada', 'ben']) {
            other.say(name, 'not me');
            await other.expectError(room, 202, 'name');
        }
        assert.equal((await ada.next()).msg, 'me');
        await other.leave();
        await ben.leave();
        assert.equal((await ada.next()).event_type, 'leave');
    }
    await ada.expectSilence('ada');
    await ada.leave();
});
