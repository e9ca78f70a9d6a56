// kill -9 at random moments under load: nothing that was acked or delivered is lost, nothing comes twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { Random } from '../api/harness/random.js';
import { startServer } from '../api/harness/server.js';
import { Load } from './load.js';
import { fillRoom } from './fill.js';

const IS_LONG = process.env.GLOBES_LONG === '1';
const KILLS = IS_LONG ? 100 : 4;
const STORED = IS_LONG ? 1_000_000 : 0;
const SENDERS = 8;
const RECEIVERS = 40;

test(`kill -9 under load, ${KILLS} times: senders repeat, receivers resume, nothing is lost`, async (t) => {
    const random = new Random(4);
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(server);
    if (STORED > 0) {
        await server.stop();
        await fillRoom(server.dataFolder, { id: 1 }, STORED);
        await server.start();
    }
    const load = new Load(t, server, room, { senders: SENDERS, receivers: RECEIVERS });
    await load.welcomed();
    load.talk();
    let slowest = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
        // 0: while everyone is still coming back.
        await load.acks(random.between(0, 1000));
        load.down();
        await server.kill();
        const begin = performance.now();
        await server.start();
        slowest = Math.max(slowest, performance.now() - begin);
        load.up();
    }
    await load.acks(100);
    const { history } = await load.settle();
    let repeats = 0;
    for (const { tries, messages } of load.record.senders.values()) repeats += tries.length - messages.size;
    t.diagnostic(`${history.last_seq} messages, ${repeats} repeats, slowest start ${slowest.toFixed(0)} ms`);
    assert.ok(repeats > 0, 'some messages had to be repeated');
    assert.ok(load.receivers.every(({ connections }) => connections > 1), 'every receiver resumed');
});
