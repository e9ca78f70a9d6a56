// Two servers on one database: the one that was started last is the writer; the older one stops writing, logs that, and
// is not ready. No delivered message is missing, repeated or reordered.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, get, post } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { assertInHistory, assertOnce, history } from '../harness/history.js';
import {
    freshDatabase,
    startFerretdb,
    startMongoJavaServer,
    withoutFerretdb,
    withoutMongoJavaServer,
} from '../harness/mongodb.js';
import { startServer } from '../harness/server.js';
import { Talker } from '../harness/talker.js';

const ROUNDS = process.env.GLOBES_LONG === '1' ? 10 : 2;
const DEADLINE_MS = 60_000;
const DATABASES = [
    ['FerretDB', startFerretdb, withoutFerretdb()],
    ['mongo-java-server', startMongoJavaServer, withoutMongoJavaServer()],
];

/** Two clients that send all the time in each room of a server. */
async function talkIn(server, rooms, names, round) {
    const clients = [];
    const talkers = [];
    for (const room of rooms) {
        for (const name of names) {
            clients.push(await ChatClient.open(server, room));
            talkers.push(new Talker(clients.at(-1), name, round));
        }
    }
    return { clients, talkers };
}

const allReceive = (talkers, more) => Promise.all(talkers.map((talker) => talker.receives(more, DEADLINE_MS)));

async function assertOrder(server, rooms, sides) {
    for (const [index, room] of rooms.entries()) {
        const events = await history(server, room);
        assertOnce(events);
        for (const { clients } of sides) assertInHistory(events, clients.slice(index * 2, index * 2 + 2));
    }
}

async function assertFencedOff(older, room) {
    await older.logged(/event=second_writer writer=\d+ own=\d+/);
    assertError(await get(older, '/ready'), 503, 505);
    assertStatus(await get(older, '/health'), 200);
    assertError(await post(older, '/chats', { title: 'Of the older one', visibility: 'public' }), 503, 505);
    const eve = await ChatClient.open(older, room);
    eve.say('eve', 'into the void', { id: 'eve' });
    // The older one may still read, and deliver, what the newer one has stored.
    const refusal = await eve.find((event) => event.event_type === 'error', DEADLINE_MS);
    assert.equal(refusal.id, 'eve');
    assert.equal(refusal.error.code, 505);
    assert.ok(!eve.received('send').some(({ name }) => name === 'eve'));
}

for (const [name, startDatabase, skip] of DATABASES) {
    test(`the server that starts last takes over while both are busy (${name}), ${ROUNDS} times`, { skip }, async (t) => {
        const database = await startDatabase(t);
        const options = { config: { MessagesPerSecond: 0 }, env: { MONGODB_URI: freshDatabase(database.uri) } };
        let older = await startServer(t, options);
        const rooms = [await createRoom(older), await createRoom(older)];
        const sides = [];
        for (let round = 1; round <= ROUNDS; round += 1) {
            const before = await talkIn(older, rooms, ['ada', 'bea'], round);
            await allReceive(before.talkers, 5);
            const newer = await startServer(t, options);
            const after = await talkIn(newer, rooms, ['cleo', 'dora'], round);
            sides.push(before, after);
            await allReceive(after.talkers, 10);
            await assertFencedOff(older, rooms[0]);
            assertStatus(await get(newer, '/ready'), 200);
            for (const talker of before.talkers) talker.stop();
            await Promise.all(after.talkers.map((talker) => talker.finish()));
            await assertOrder(newer, rooms, sides);
            await older.stop();
            older = newer;
        }
    });

    test(`an older server that was suspended and wakes up writes nothing more (${name}), ${ROUNDS} times`, { skip }, async (t) => {
        const database = await startDatabase(t);
        for (let round = 1; round <= ROUNDS; round += 1) {
            const options = { config: { MessagesPerSecond: 0 }, env: { MONGODB_URI: freshDatabase(database.uri) } };
            const older = await startServer(t, options);
            const rooms = [await createRoom(older), await createRoom(older)];
            const before = await talkIn(older, rooms, ['ada', 'bea'], round);
            await allReceive(before.talkers, 5);
            older.signal('SIGSTOP');
            const newer = await startServer(t, options);
            const after = await talkIn(newer, rooms, ['cleo', 'dora'], round);
            await allReceive(after.talkers, 5);
            older.signal('SIGCONT');
            await assertFencedOff(older, rooms[0]);
            await allReceive(after.talkers, 5);
            for (const talker of before.talkers) talker.stop();
            await Promise.all(after.talkers.map((talker) => talker.finish()));
            await assertOrder(newer, rooms, [before, after]);
            await Promise.all([older.stop(), newer.stop()]);
        }
    });
}
