// Connections that are lost again and again while the room goes on, and crowds that come back at the same moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { Random } from '../api/harness/random.js';
import { startServer } from '../api/harness/server.js';
import { within } from '../api/harness/wait.js';
import { Load } from './load.js';

const IS_LONG = process.env.GLOBES_LONG === '1';
const CLIENTS = IS_LONG ? 50 : 10;
const RECONNECTS = IS_LONG ? 20 : 4;
const MESSAGES = IS_LONG ? 50_000 : 2_000;
/** How many messages later a client comes back; the last is more than the room keeps in memory. */
const LAGS = [0, 5, 100, MESSAGES / 5];
const CROWD = IS_LONG ? 5_000 : 300;
const STORM_MS = 120_000;
const MISSED = 300;
const config = { MessagesPerSecond: 0 };

/** Loses its connection `RECONNECTS` times, evenly over all messages, and comes back when `newest` is a lag further. */
async function comeAndGo(client, newest, lags, random) {
    const step = Math.floor(MESSAGES / (RECONNECTS + 1));
    for (let round = 1; round <= RECONNECTS; round += 1) {
        const place = round * step + random.below(step) - step / 2;
        // It is back from the last loss, too: a batch may lead past several places at once.
        await client.until(() => client.connections >= round && client.last >= place);
        const back = place + random.pick(lags);
        client.drop(newest.until(() => newest.last >= Math.min(back, MESSAGES)));
    }
}

test(`${CLIENTS} clients lose their connections ${RECONNECTS} times while ${MESSAGES} messages pass`, async (t) => {
    const server = await startServer(t, { config });
    const room = await createRoom(server);
    const load = new Load(t, server, room, {
        senders: CLIENTS / 5,
        receivers: (CLIENTS * 4) / 5,
        padding: IS_LONG ? 200 : 1_500,
    });
    const newest = load.join('stays');
    await load.welcomed();
    load.talk(MESSAGES);
    // If all senders waited for messages of others, no message would be sent.
    const lagsOf = (client) => (load.senders.includes(client) ? [0] : LAGS);
    const journeys = load.all.map((client, index) =>
        comeAndGo(client, newest, lagsOf(client), new Random(index + 1)),
    );
    await within(Promise.all(journeys), () => `each client came back as often as wanted\n${load.describe()}`, STORM_MS);
    await newest.until(() => newest.last >= MESSAGES);
    const { history } = await load.settle([newest]);
    assert.equal(history.last_seq, MESSAGES);
    for (const { name, connections } of load.all) assert.ok(connections > RECONNECTS, `${name}: ${connections}`);
});

test(`${CROWD} clients resume at once after a restart, and all of them catch up`, async (t) => {
    const server = await startServer(t, { config });
    const room = await createRoom(server);
    const load = new Load(t, server, room, { senders: 4, window: 20, padding: 60 });
    await load.welcomed();
    await load.talk(MISSED);
    await load.quiet();
    load.down();
    await server.stop();
    await server.start();

    // Each at its own place, and the room goes on while they read.
    const crowd = Array.from({ length: CROWD }, (_, index) => load.join(`resumer ${index}`, index % 50));
    load.up();
    await load.talk(MISSED + 200);
    const { history } = await load.settle(crowd);
    assert.equal(history.last_seq, MISSED + 200);
    assert.ok(crowd.every(({ connections }) => connections === 1), 'nobody was turned away');
});
