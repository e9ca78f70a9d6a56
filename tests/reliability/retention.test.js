// Messages that expire: gone for readers at once, purged behind their backs, and no seq is ever given again.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { startServer } from '../api/harness/server.js';
import { countEvents, oldestSeq } from '../api/harness/store.js';
import { eventually } from '../api/harness/wait.js';
import { fillRoom } from './fill.js';
import { readPage } from './history.js';
import { Load } from './load.js';

const IS_LONG = process.env.GLOBES_LONG === '1';
const EXPIRED = IS_LONG ? 1_000_000 : 30_000;
const config = { MessagesPerSecond: 0 };

const seqOf = (text) => JSON.parse(text).seq;

test('an expired message is gone at once, and the next one goes on counting', async (t) => {
    const server = await startServer(t, { config });
    const room = await createRoom(server, { retention: 1 });
    const load = new Load(t, server, room, { senders: 1, window: 1 });
    load.record.expires = true;
    await load.welcomed();
    await load.talk(20);
    await load.quiet();
    const isEmpty = async () => {
        const expired = Date.now() - 1000;
        const page = await readPage(server, room, 'limit=1000');
        assert.equal(page.last_seq, 20);
        for (const text of page.events) {
            const { seq, time } = JSON.parse(text);
            assert.ok(Date.parse(time) >= expired, `seq ${seq} of ${time} was shown at ${new Date().toISOString()}`);
        }
        return page.events.length === 0;
    };
    await eventually(isEmpty, 'all of them expire');
    const late = load.join('who has seen them all', 20);
    const early = load.join('who has missed some', 10);
    await Promise.all([late, early].map((client) => client.until(() => client.isWelcomed)));
    assert.deepEqual(late.complaints, []);
    assert.deepEqual(early.complaints, ['not resumed after 10'], 'a gap is not passed over in silence');
    await load.talk(21);
    await load.quiet();
    assert.equal(seqOf((await readPage(server, room, 'limit=1000')).events[0]), 21);
    await Promise.all([late, early].map((client) => client.until(() => client.last === 21)));
    await Promise.all([late, early, ...load.all].map((client) => client.leave()));
    await eventually(async () => (await countEvents(server.dataFolder, room.id)) === 0, 'the store has removed them');
    await server.stop();
    await server.start();
    assert.deepEqual(await readPage(server, room, 'limit=1000'), { first_seq: 22, last_seq: 21, events: [] });
});

test('of a room with max_events the newest are shown, after each send', async (t) => {
    const server = await startServer(t, { config: { ...config, MaxEvents: 10 } });
    const rooms = [await createRoom(server), await createRoom(server, { max_events: 3 })];
    for (const [index, room] of rooms.entries()) {
        const kept = [10, 3][index];
        const load = new Load(t, server, room, { senders: 1, window: 1 });
        load.record.expires = true;
        await load.welcomed();
        for (let sent = 1; sent <= 25; sent += 1) {
            await load.talk(sent);
            await load.quiet();
            const page = await readPage(server, room, 'limit=1000');
            const first = Math.max(1, sent - kept + 1);
            assert.deepEqual([page.first_seq, page.last_seq], [first, sent]);
            assert.deepEqual(page.events.map(seqOf), Array.from({ length: sent - first + 1 }, (_, at) => first + at));
        }
        await load.settle();
    }
});

test(`${EXPIRED} expired messages are purged under load, through kills, and the sequence goes on`, async (t) => {
    const retention = 3600;
    const server = await startServer(t, { config });
    const room = await createRoom(server, { retention });
    await server.stop();
    await fillRoom(server.dataFolder, room, EXPIRED, { age_s: 2 * retention });
    await server.start();
    const stored = () => countEvents(server.dataFolder, room.id);
    const oldest = () => oldestSeq(server.dataFolder, room.id);
    assert.deepEqual((await readPage(server, room, 'limit=10')).events, [], 'nothing that expired is shown');

    const load = new Load(t, server, room, { senders: 4, receivers: 4, window: 1, after: EXPIRED });
    load.record.expires = true;
    await load.welcomed();
    load.talk();
    await load.acks(10);
    for (let kill = 0; kill < 2; kill += 1) {
        const before = await oldest();
        if (before <= EXPIRED) await eventually(async () => (await oldest()) > before, 'the purge goes on');
        load.down();
        await server.kill();
        await server.start();
        load.up();
        await load.acks(10);
    }
    await load.quiet();
    await eventually(async () => (await stored()) === load.sent, 'exactly the expired messages are removed');
    const { history } = await load.settle();
    assert.deepEqual([history.first_seq, history.last_seq], [EXPIRED + 1, EXPIRED + load.sent]);
});
