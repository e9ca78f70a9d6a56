// SIGTERM in the middle of it all.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { startServer } from '../api/harness/server.js';
import { Load } from './load.js';

const ROUNDS = process.env.GLOBES_LONG === '1' ? 20 : 3;
const GOING_AWAY = 1001;

test('SIGTERM under load: every connection is closed with 1001, nothing acked is lost, and it ends within 10 s', async (t) => {
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(server);
    const load = new Load(t, server, room, { senders: 8, receivers: 40, window: 8, padding: 300 });
    load.talk();
    for (let round = 1; round <= ROUNDS; round += 1) {
        await load.welcomed();
        await load.acks(200);
        load.down();
        // Fails by itself where the server takes longer, or ends with another code than 0.
        await server.stop();
        await Promise.all(load.all.map((client) => client.until(() => client.codes.length === round)));
        for (const { name, codes } of load.all) assert.equal(codes.at(-1), GOING_AWAY, `round ${round}, ${name}`);
        await server.start();
        load.up();
    }
    await load.acks(100);
    await load.settle();
});
