// Names in a room (docs/protocol.md#what-everyone-receives).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, createRoom, get, takeToken, usersOf } from './harness/api.js';
import { ChatClient, TIME, roomWith } from './harness/chat_client.js';
import { sharedServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

test('a name that is in use is refused, in any case and script', async () => {
    const room = await createRoom(server);
    const pairs = [
        ['ada', 'ADA'],
        ['Größe', 'gRÖßE'],
        ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
        ['Ёлка', 'ёЛКА'],
        ['K', '\u212a'],
        ['𐐀', '𐐨'],
    ];
    for (const [first, second] of pairs) {
        const holder = await ChatClient.join(server, room, first);
        const rival = await ChatClient.open(server, room);
        for (const event_type of ['join', 'send']) {
            rival.send({ event_type, name: second, msg: 'hi' });
            await rival.expectError(room, 202, 'name');
        }
        await holder.expectSilence(first);
        assert.equal((await rival.next()).name, first);
        await holder.leave();
        assert.equal((await rival.next()).event_type, 'leave');
        rival.send({ event_type: 'join', name: second });
        assert.equal(
            (await rival.next()).msg,
            `${second} entered the room.`,
            'free as soon as the leave was delivered',
        );
        await rival.leave();
        await eventually(async () => (await usersOf(server, room)).length === 0, 'the room is empty');
    }
});

test('a name that looks like one in use is refused, and says so', async () => {
    const room = await createRoom(server);
    for (const [first, second] of [
        ['paypal', 'p\u0430ypal'],
        ['paypal', 'paypaI'],
        ['user1', 'userl'],
        ['Ann Lee', 'Ann  Lee '],
        ['admin', 'ad\u200bmin'],
        ['admin', '\uff41dmin'],
        ['José', 'Jose\u0301'],
    ]) {
        const holder = await ChatClient.join(server, room, first);
        const rival = await ChatClient.open(server, room);
        for (const event_type of ['join', 'send']) {
            rival.send({ event_type, name: second, msg: 'hi' });
            const { msg, error } = await rival.next();
            assert.deepEqual([error.code, error.field], [202, 'name']);
            // A name that differs only in what the comparison removes is the same one.
            assert.match(msg, /^That name (is taken|looks like the name of somebody who is here)\.$/);
        }
        holder.say(first, 'still here');
        assert.equal((await rival.next()).msg, 'still here');
        await holder.leave();
        assert.equal((await rival.next()).event_type, 'leave');
        rival.send({ event_type: 'join', name: second });
        assert.equal((await rival.next()).name, second, 'it is passed on unchanged');
        await rival.leave();
        await eventually(async () => (await usersOf(server, room)).length === 0, 'the room is empty');
    }
});

test('a connection keeps its first name', async () => {
    const [room, ada, witness] = await roomWith(server, 'ada', 'witness');
    for (const event_type of ['join', 'send', 'leave']) {
        ada.send({ event_type, name: 'eve', msg: 'hi' });
        await ada.expectError(room, 204, 'name');
    }
    await witness.expectSilence('witness');
    const quiet = await ChatClient.open(server, room);
    quiet.say('quiet', 'no join');
    await quiet.next();
    quiet.send({ event_type: 'join', name: 'loud' });
    await quiet.expectError(room, 204, 'name');
    for (const client of [ada, witness, quiet]) await client.leave();
});

test('leave and join change the name in a public room', async () => {
    const [room, ada, witness] = await roomWith(server, 'ada', 'witness');
    ada.send({ event_type: 'leave', name: 'ada' });
    ada.send({ event_type: 'join', name: 'eve' });
    assert.equal((await witness.next()).msg, 'ada has left the room.');
    assert.equal((await witness.next()).msg, 'eve entered the room.');
    assert.deepEqual(await usersOf(server, room), ['witness', 'eve']);
    ada.send({ event_type: 'send', name: 'ada', msg: 'my old name' });
    await ada.find((event) => event.event_type === 'error' && event.error.code === 204);
    await ada.leave();
    assert.equal((await witness.next()).msg, 'eve has left the room.');
    await witness.leave();
});

test('a client that has not joined cannot leave', async () => {
    const [room, ada] = await roomWith(server, 'ada');
    const guest = await ChatClient.open(server, room);
    guest.send({ event_type: 'leave', name: 'guest' });
    await guest.expectError(room, 201, 'name');
    guest.send({ event_type: 'leave', name: 'ada' });
    await guest.expectError(room, 201, 'name');
    ada.send({ event_type: 'leave', name: 'ada' });
    await ada.next();
    ada.send({ event_type: 'leave', name: 'ada' });
    await ada.expectError(room, 201, 'name');
    await guest.leave();
    await ada.leave();
});

test('a second join changes only the color', async () => {
    const [room, ada, witness] = await roomWith(server, 'ada', 'witness');
    ada.send({ event_type: 'join', name: 'ada', color: 'blue' });
    const colorOf = async () => (await get(server, `/chats/${room.id}`)).json.users[0].color;
    await eventually(async () => (await colorOf()) === 'blue', 'the color is blue');
    await witness.expectSilence('witness');
    assert.deepEqual(await usersOf(server, room), ['ada', 'witness']);
    await ada.leave();
    assert.equal((await witness.next()).msg, 'ada has left the room.');
    await witness.leave();
});

for (const visibility of ['private', 'hidden']) {
    test(`in a ${visibility} room the name is the token's`, async () => {
        const room = await createPrivateRoom(server, { visibility });
        const ada = await ChatClient.open(server, room, { token: await takeToken(server, room, 'ada') });
        for (const event_type of ['join', 'send']) {
            ada.send({ event_type, name: 'ben', msg: 'hi' });
            await ada.expectError(room, 204, 'name');
        }
        ada.send({ event_type: 'join', name: 'ada' });
        assert.equal((await ada.next()).msg, 'ada entered the room.');
        ada.send({ event_type: 'leave', name: 'ada' });
        await ada.next();
        ada.send({ event_type: 'join', name: 'ben' });
        await ada.expectError(room, 204, 'name');
        await ada.leave();
    });
}

test('users are listed in order of arrival, with color and last activity', async () => {
    const [room, ada, ben] = await roomWith(server, 'zoe', 'ben');
    const users = async () => (await get(server, `/chats/${room.id}`)).json.users;
    const before = await users();
    assert.deepEqual(
        before.map(({ username }) => username),
        ['zoe', 'ben'],
    );
    for (const user of before) assert.match(user.last_activity, TIME);
    ada.say('zoe', 'active');
    await ben.next();
    const after = await users();
    assert.ok(after[0].last_activity > before[0].last_activity);
    assert.equal(after[1].last_activity, before[1].last_activity);
    await ada.leave();
    await ben.leave();
});
