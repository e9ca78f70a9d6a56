// Delivered implies stored: kill -9 in the middle of traffic, repeatedly on the same data.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { Random } from '../harness/random.js';
import { startServer } from '../harness/server.js';
import { assertContiguous, assertStored, storedEvents } from '../harness/store.js';
import { within, withResolvers } from '../harness/wait.js';

const ROUNDS = 20;
const SENDERS = 4;
const IN_FLIGHT = 5;

/** Keeps `IN_FLIGHT` messages in flight until the connection ends. */
function keepTalking(client, name, round) {
    let count = 0;
    const next = () => {
        count += 1;
        if (client.isOpen) client.say(name, `${round}/${name}/${count}`);
    };
    for (let started = 0; started < IN_FLIGHT; started += 1) next();
    client.socket.on('message', (data) => {
        const event = JSON.parse(data.toString());
        if (event.event_type === 'send' && event.name === name) next();
    });
}

/** Resolves when the client has received that many messages. */
function received(client, count) {
    const { promise, resolve } = withResolvers();
    let seen = 0;
    client.socket.on('message', () => {
        seen += 1;
        if (seen === count) resolve();
    });
    return within(promise, () => `${count} messages; ${seen} came`);
}

test(`kill -9 in the middle of traffic, ${ROUNDS} times: every delivered message is stored, once, in order`, async (t) => {
    const random = new Random(20201203);
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const rooms = [await createRoom(server), await createRoom(server)];
    const delivered = rooms.map(() => new Map());

    for (let round = 1; round <= ROUNDS; round += 1) {
        const readers = [];
        const senders = [];
        for (const room of rooms) {
            readers.push(await ChatClient.open(server, room), await ChatClient.open(server, room));
            for (let index = 0; index < SENDERS; index += 1) senders.push(await ChatClient.open(server, room));
        }
        const enough = received(readers[0], random.between(50, 2000));
        senders.forEach((sender, index) => keepTalking(sender, `sender ${index}`, round));
        await enough;
        await server.kill();
        await Promise.all([...readers, ...senders].map((client) => client.closed()));

        for (const client of [...readers, ...senders]) {
            for (const event of client.received('send')) {
                const known = delivered[rooms.findIndex(({ id }) => id === event.room_id)];
                const earlier = known.get(event.seq);
                assert.ok(!earlier || earlier.msg === event.msg, `seq ${event.seq} was given twice`);
                known.set(event.seq, event);
            }
        }
        await server.start();
        for (const [index, room] of rooms.entries()) {
            const rows = await storedEvents(server.dataFolder, room.id);
            assertContiguous(rows);
            assertStored(rows, delivered[index].values());
            const texts = new Set(rows.map(({ text }) => text));
            assert.equal(texts.size, rows.length, 'nothing is stored twice');
        }
    }

    for (const [index, room] of rooms.entries()) {
        const stored = (await storedEvents(server.dataFolder, room.id)).length;
        const ada = await ChatClient.open(server, room);
        ada.say('ada', 'after all that');
        assert.equal((await ada.next()).seq, stored + 1);
        assert.ok(delivered[index].size > 0, 'there were messages to lose');
        await ada.leave();
    }
});
