// 200 clients chat through kills and network cuts. At the end each was shown every message of its room, once and in
// order, and every ack was true. One round of all faults; a minute of them with GLOBES_LONG=1.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, createRoom, PASSWORD } from '../../api/harness/api.js';
import { Random } from '../../api/harness/random.js';
import { startServer } from '../../api/harness/server.js';
import { storedEvents } from '../../api/harness/store.js';
import { eventually, within } from '../../api/harness/wait.js';
import { assertRoom } from '../support/checker.js';
import { globesAt, TestClient } from '../support/test_client.js';
import { TcpProxy } from '../support/tcp_proxy.js';

const LONG = process.env.GLOBES_LONG === '1';
const DURATION_MS = LONG ? 60_000 : 0; // at least; a round is always completed
const ROOMS = 10;
const CLIENTS_PER_ROOM = 20;
const PAUSE_MS = 2000; // between two messages of one client, on average
const SETTLE_MS = 30_000;

// Faults are detected within seconds, as an hour of real time is compressed to a minute; but a busy machine must not
// count as a fault.
const LIMITS = {
    backoffBaseMs: 50,
    backoffMaxMs: 1000,
    quickReconnectMs: 100,
    openTimeoutMs: 5000,
    ackTimeoutMs: 2500,
    probeAfterMs: 1500,
    probeTimeoutMs: 2500,
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A room whose users have all joined before the first message. */
async function fillRoom(t, server, globes, isPrivate) {
    const room = await (isPrivate ? createPrivateRoom(server) : createRoom(server));
    const enter = async (index) => {
        const name = `${room.id}.${index}`;
        const token = await globes.tokens.request(room, { name, secret: PASSWORD });
        return TestClient.join(t, globes, room, name, { token, limits: LIMITS });
    };
    const clients = await Promise.all(Array.from({ length: CLIENTS_PER_ROOM }, (_, index) => enter(index)));
    return { room, clients, promised: new Map(), acks: [] };
}

/** Sends messages from time to time as long as faults are injected. */
async function talk({ promised, acks }, client, random, isOver) {
    const { name } = client.connection;
    for (let count = 1; !isOver(); count += 1) {
        const text = `${name}/${count}`;
        acks.push(
            client.connection.send(text).acked.then(({ seq }) => {
                promised.set(text, { name, seq });
            }),
        );
        await pause(random.between(0, 2 * PAUSE_MS));
    }
}

/** One fault after the other: a whole round, and more until the time is over. */
async function trouble(server, proxy, random) {
    const end = Date.now() + DURATION_MS;
    const faults = { kill: 0, freeze: 0, refuse: 0, cutAll: 0, cutOne: 0 };
    const acts = {
        async kill() {
            await server.kill();
            await pause(random.between(0, 500));
            await server.start();
        },
        async freeze() {
            proxy.freeze();
            await pause(random.between(2000, 4500)); // shorter or longer than its detection takes
            proxy.thaw();
        },
        async refuse() {
            proxy.refuse();
            await pause(random.between(100, 800));
            await proxy.accept();
        },
        async cutAll() {
            proxy.cut();
        },
        async cutOne() {
            for (let count = 0; count < 10; count += 1) {
                proxy.cutOne(random);
                await pause(random.between(0, 100));
            }
        },
    };
    const order = ['cutOne', 'kill', 'freeze', 'refuse', 'kill', 'cutAll'];
    for (let index = 0; index < order.length || Date.now() < end; index += 1) {
        const fault = order[index % order.length];
        await acts[fault]();
        faults[fault] += 1;
        await pause(random.between(100, 500));
    }
    return faults;
}

test(`${ROOMS * CLIENTS_PER_ROOM} clients through kills and cuts: no message is lost, repeated or out of order`, async (t) => {
    const random = new Random(20201203);
    const server = await startServer(t);
    const proxy = await TcpProxy.start(t, server);
    const globes = globesAt(proxy);
    const rooms = [];
    // One after the other: 200 simultaneous joins would test the machine, not the client.
    while (rooms.length < ROOMS) rooms.push(await fillRoom(t, server, globes, rooms.length === 0));
    const all = rooms.flatMap(({ clients }) => clients);

    let isOver = false;
    const talks = rooms.flatMap((room) => room.clients.map((client) => talk(room, client, random, () => isOver)));
    const faults = await trouble(server, proxy, random);
    isOver = true;
    await Promise.all(talks);

    const acks = rooms.flatMap((room) => room.acks);
    await within(Promise.all(acks), () => 'every message is confirmed', SETTLE_MS);
    for (const { clients, acks: sent } of rooms) {
        const isShown = () => clients.every(({ connection }) => connection.seq === sent.length);
        await eventually(isShown, `all ${sent.length} messages are shown to all`, SETTLE_MS);
    }
    for (const { room, clients, promised } of rooms)
        assertRoom(clients, await storedEvents(server.dataFolder, room.id), promised);

    const losses = all.reduce((sum, client) => sum + client.all('state').filter(isLoss).length, 0);
    t.diagnostic(`${acks.length} messages, ${losses} lost connections, faults ${JSON.stringify(faults)}`);
    assert.ok(faults.kill >= 2 && faults.freeze >= 1, 'there was something to survive');
    assert.ok(losses > all.length, 'and it was felt');
});

function isLoss({ state, error }) {
    return state === 'waiting' && error !== null;
}
