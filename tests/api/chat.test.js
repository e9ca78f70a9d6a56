// Messages in a room and how everyone receives them (docs/protocol.md#what-everyone-receives).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom, get, usersOf } from './harness/api.js';
import { ChatClient, TIME, roomWith } from './harness/chat_client.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

/** The frame without its time, which is checked for its form. */
function timeless(text) {
    const { time } = JSON.parse(text);
    assert.match(time, TIME);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
    return text.replace(time, 'TIME');
}

test('join, send and leave reach everyone as the same bytes, in their order of fields', async () => {
    const room = await createRoom(server);
    const clients = await Promise.all(['a', 'b', 'c'].map(() => ChatClient.open(server, room)));
    const everyone = async () => {
        const texts = await Promise.all(clients.map((client) => client.nextText()));
        assert.equal(new Set(texts).size, 1, 'all get the same bytes');
        return timeless(texts[0]);
    };
    clients[0].send({ event_type: 'join', name: 'ada', color: 'red', msg: 'ignored' });
    assert.equal(
        await everyone(),
        `{"event_type":"join","name":"ada","room_id":${room.id},"color":"red","msg":"ada entered the room.","time":"TIME"}`,
    );
    clients[0].send({ event_type: 'send', name: 'ada', color: '#abcdef', msg: 'hello', id: 'my-id' });
    assert.equal(
        await everyone(),
        `{"event_type":"send","name":"ada","room_id":${room.id},"color":"#abcdef","msg":"hello","time":"TIME","seq":1,"id":"my-id"}`,
    );
    clients[0].send({ event_type: 'send', name: 'ada', color: 'blue', msg: 'again' });
    assert.equal(
        await everyone(),
        `{"event_type":"send","name":"ada","room_id":${room.id},"color":"blue","msg":"again","time":"TIME","seq":2}`,
    );
    clients[0].send({ event_type: 'leave', name: 'ada', color: 'red' });
    const { time, ...leave } = JSON.parse(await everyone());
    assert.deepEqual(
        Object.keys(leave).filter((key) => key !== 'color'),
        ['event_type', 'name', 'room_id', 'msg'],
    );
    assert.deepEqual([leave.event_type, leave.name, leave.msg], ['leave', 'ada', 'ada has left the room.']);
    assert.equal(time, 'TIME');
    for (const client of clients) await client.leave();
});

test('every connection receives everything, joined or not', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const lurker = await ChatClient.open(server, room);
    ada.say('ada', 'anyone?');
    assert.equal((await lurker.next()).msg, 'anyone?');
    assert.deepEqual(await usersOf(server, room), ['ada']);
    await lurker.leave();
    await ada.next();
    await ada.expectSilence('ada');
    await ada.leave();
});

test('a send without join takes the name silently, and its leave is announced', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const ben = await ChatClient.open(server, room);
    ben.say('ben', 'no join');
    assert.deepEqual((({ event_type, name, seq }) => [event_type, name, seq])(await ada.next()), ['send', 'ben', 1]);
    assert.deepEqual(await usersOf(server, room), ['ada', 'ben']);
    await ben.leave();
    const left = await ada.next();
    assert.deepEqual([left.event_type, left.msg], ['leave', 'ben has left the room.']);
    await ada.leave();
});

test('messages stay in their room', async () => {
    const [, ada] = await roomWith(server, 'ada');
    const [, ben] = await roomWith(server, 'ben');
    ada.say('ada', 'in my room');
    assert.equal((await ada.next()).seq, 1);
    assert.equal((await ben.expectSilence('ben')).seq, 1, 'each room counts for itself');
    await ada.leave();
    await ben.leave();
});

test('event_type is case-insensitive', async () => {
    const room = await createRoom(server);
    const ada = await ChatClient.open(server, room);
    for (const [type, plain] of [
        ['JOIN', 'join'],
        ['Send', 'send'],
        ['LeAvE', 'leave'],
    ]) {
        ada.send({ event_type: type, name: 'ada', msg: 'hi' });
        assert.equal((await ada.next()).event_type, plain);
    }
    await ada.leave();
});

test('every text arrives unchanged', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const reader = await ChatClient.open(server, room);
    const texts = [
        '"quoted" \\ and / slashed',
        'line\nbreak\ttab\r\b\f',
        '\u0000\u0001\u001f\u007f\u2028\u2029',
        'Grüße, 世界, 🎈👩‍👩‍👧‍👧',
        '<script>alert(1)</script>&amp;',
        ' ',
        '{"event_type":"leave"}',
        '\ufeff\uffff\u{10ffff}',
        'e\u0301 é',
        '4'.repeat(4096),
        '🎈'.repeat(4096),
    ];
    for (const msg of texts) {
        ada.say('ada', msg);
        assert.equal((await reader.next()).msg, msg);
    }
    ada.send('{"event_type":"send","name":"\\u0061da","msg":"\\u00fc \\ud83c\\udf88 \\/"}');
    assert.equal((await reader.next()).msg, 'ü 🎈 /');
    await ada.leave();
    await reader.leave();
});

test('secrets and unknown fields are never passed on', async () => {
    const [, ada] = await roomWith(server, 'ada');
    ada.say('ada', 'hi', {
        secret: 'open sesame',
        seq: 99,
        time: 'now',
        room_id: 7,
        role: 'owner',
        nested: { a: [1, null] },
    });
    const event = await ada.next();
    assert.deepEqual(Object.keys(event), ['event_type', 'name', 'room_id', 'color', 'msg', 'time', 'seq']);
    assert.equal(event.seq, 1);
    await ada.leave();
});

test('a color is a CSS name or number, and any other text is dropped', async () => {
    const [, ada] = await roomWith(server, 'ada');
    for (const color of ['red', 'rebeccapurple', '#abc', '#ABC', '#a0b1c2']) {
        ada.say('ada', 'hi', { color });
        assert.equal((await ada.next()).color, color);
    }
    const texts = [
        '',
        'no such color',
        '#ab',
        '#abcd1',
        '#ggg',
        'red;background:url(x)',
        '"><script>',
        'rgb(1,2,3)',
        '#',
        'x'.repeat(1000),
    ];
    for (const color of texts) {
        ada.say('ada', 'hi', { color });
        const event = await ada.next();
        assert.ok(!event.color, `${JSON.stringify(color)} is passed on as ${JSON.stringify(event.color)}`);
    }
    ada.send({ event_type: 'send', name: 'ada', msg: 'no color' });
    assert.ok(!(await ada.next()).color);
    await ada.leave();
});

test('seq counts 1, 2, 3 … over all senders, the same for everybody', async () => {
    const [room, ...members] = await roomWith(server, 'ada', 'ben', 'eve');
    const names = ['ada', 'ben', 'eve'];
    const each = 100;
    for (let count = 0; count < each; count += 1)
        members.forEach((member, index) => member.say(names[index], `${count}`));
    const logs = [];
    for (const member of members) {
        const log = [];
        while (log.length < 3 * each) log.push(await member.nextText());
        logs.push(log);
    }
    assert.deepEqual(logs[1], logs[0]);
    assert.deepEqual(logs[2], logs[0]);
    const events = logs[0].map((text) => JSON.parse(text));
    assert.deepEqual(
        events.map(({ seq }) => seq),
        Array.from({ length: 3 * each }, (_, index) => index + 1),
    );
    for (const name of names) {
        const said = events.filter((event) => event.name === name).map(({ msg }) => Number(msg));
        assert.deepEqual(
            said,
            Array.from({ length: each }, (_, index) => index),
            'messages of one sender keep their order',
        );
    }
    for (const member of members) await member.leave();
    assert.deepEqual(await usersOf(server, room), []);
});

test('seq continues after a restart, and joins do not count', async (t) => {
    const own = await startServer(t);
    const room = await createRoom(own);
    for (const [restart, seq] of [
        ['stop', 1],
        ['kill', 3],
        ['stop', 5],
    ]) {
        const ada = await ChatClient.join(own, room, 'ada');
        for (const expected of [seq, seq + 1]) {
            ada.say('ada', `number ${expected}`);
            assert.equal((await ada.next()).seq, expected);
        }
        await own[restart]();
        await own.start();
    }
});
