// Sends with an id: acked, and stored and delivered once however often they are sent (docs/protocol.md#repeated-sends).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom, get } from './harness/api.js';
import { ChatClient, roomWith } from './harness/chat_client.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

async function history(where, room) {
    return (await get(where, `/chats/${room.id}/events`)).json.events.map(({ seq, name, msg, id }) => [seq, name, msg, id]);
}

test('a globes.v1 client gets an ack for every send with an id', async () => {
    const room = await createRoom(server);
    const ada = await ChatClient.resume(server, room);
    ada.say('ada', 'without');
    ada.say('ada', 'with', { id: 'ü' });
    assert.equal((await ada.find(({ event_type }) => event_type === 'ack')).seq, 2);
    assert.ok(ada.frames.all.includes('{"event_type":"ack","id":"ü","seq":2,"duplicate":false}'));
    await ada.expectSilence('ada').catch(() => {});
    await ada.leave();
});

test('a repeat is acked as a duplicate with the original seq and not delivered again', async () => {
    const [room, ben] = await roomWith(server, 'ben');
    const ada = await ChatClient.resume(server, room);
    ada.say('ada', 'once', { id: 'c1' });
    await ada.find(({ event_type }) => event_type === 'ack');
    await ada.leave();
    await ben.find(({ event_type }) => event_type === 'leave');
    const again = await ChatClient.resume(server, room);
    again.say('ADA', 'other words', { id: 'c1' });
    assert.equal(await again.nextText(), '{"event_type":"ack","id":"c1","seq":1,"duplicate":true}');
    await ben.expectSilence('ben');
    assert.deepEqual(await history(server, room), [
        [1, 'ada', 'once', 'c1'],
        [2, 'ben', ben.received('send').at(-1).msg, undefined],
    ]);
    await Promise.all([again.leave(), ben.leave()]);
});

test('only a plain client that repeats a send gets the original frame again', async () => {
    const [room, ben] = await roomWith(server, 'ben');
    const ada = await ChatClient.open(server, room);
    ada.say('ada', 'once', { id: 'c1' });
    const original = await ada.nextText();
    ada.say('ada', 'twice', { id: 'c1' });
    assert.equal(await ada.nextText(), original);
    assert.equal(await ben.nextText(), original);
    await ben.expectSilence('ben');
    await Promise.all([ada.leave(), ben.leave()]);
});

test('the same id of another name, or in another room, is a new message', async () => {
    const [room, ada, ben] = await roomWith(server, 'ada', 'ben');
    const [other, cid] = await roomWith(server, 'ada');
    for (const [client, name] of [
        [ada, 'ada'],
        [ben, 'ben'],
        [cid, 'ada'],
    ])
        client.say(name, 'mine', { id: 'same' });
    await ada.find(({ seq }) => seq === 2);
    await cid.find(({ seq }) => seq === 1);
    assert.equal((await history(server, room)).length, 2);
    assert.equal((await history(server, other)).length, 1);
    await Promise.all([ada.leave(), ben.leave(), cid.leave()]);
});

test('many connections that send the same id at once store it once', async () => {
    const room = await createRoom(server);
    const first = await ChatClient.resume(server, room);
    first.send({ event_type: 'join', name: 'ada' });
    await first.find(({ event_type }) => event_type === 'join');
    for (let round = 0; round < 20; round += 1)
        for (let copy = 0; copy < 10; copy += 1) first.say('ada', `${copy}`, { id: `id ${round}` });
    const acks = [];
    while (acks.length < 200) acks.push(await first.find(({ event_type }) => event_type === 'ack'));
    assert.equal(acks.filter(({ duplicate }) => !duplicate).length, 20);
    assert.equal(new Set(acks.map(({ seq }) => seq)).size, 20);
    const stored = await history(server, room);
    assert.deepEqual(stored.map(([seq]) => seq), Array.from({ length: 20 }, (_, i) => i + 1));
    await first.leave();
});

test('ids are known after a kill and a restart', async (t) => {
    const own = await startServer(t);
    const room = await createRoom(own);
    const ada = await ChatClient.resume(own, room);
    ada.say('ada', 'once', { id: 'c1' });
    await ada.find(({ event_type }) => event_type === 'ack');
    await own.kill();
    await own.start();
    const again = await ChatClient.resume(own, room, '?after=1');
    again.say('ada', 'once', { id: 'c1' });
    assert.equal(await again.nextText(), '{"event_type":"ack","id":"c1","seq":1,"duplicate":true}');
    await again.leave();
});
