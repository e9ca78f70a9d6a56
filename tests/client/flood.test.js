// The server's flood limit, and how the library adapts to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { startServer } from '../api/harness/server.js';
import { WebSocket } from '../api/harness/websocket.js';
import { globesAt, TestClient } from './support/test_client.js';

/** A library whose sockets count the refusals that they receive. */
function watchedGlobes(server) {
    const seen = { refusals: 0 };
    class WatchedSocket extends WebSocket {
        constructor(...how) {
            super(...how);
            this.on('message', (data) => {
                seen.refusals += JSON.parse(data.toString()).error?.code === 503;
            });
        }
    }
    return [globesAt(server, { WebSocket: WatchedSocket }), seen];
}

/** Sends that many messages at once and returns their sequence numbers. */
async function sayAll(client, count) {
    const texts = Array.from({ length: count }, (_, index) => `${index + 1}`);
    const answers = await Promise.all(texts.map((text) => client.say(text)));
    await client.find('event', ({ seq }) => seq === count);
    assert.deepEqual([...client.texts].sort(), [...texts].sort(), 'each is shown once');
    assert.equal(client.all('welcome').length, 1, 'on one connection');
    assert.deepEqual(client.all('problem'), []);
    return answers.map(({ seq }) => seq);
}

const inOrder = (count) => Array.from({ length: count }, (_, index) => index + 1);

/** A library that does not know the server's limit adapts to it. */
async function floodAsServer(t, limits) {
    const server = await startServer(t, { config: { MessagesPerSecond: 100, MessageBurst: 5 } });
    const [globes, seen] = watchedGlobes(server);
    const room = await createRoom(server);
    const ada = await TestClient.join(t, globes, room, 'ada', { limits: { messagesPerSecond: 0, ...limits } });
    const places = await sayAll(ada, 80);
    assert.ok(seen.refusals > 0, 'there was something to live with');
    assert.ok(seen.refusals < 60, `${seen.refusals} refusals; 100 within 10 s would close`);
    return places;
}

test('messages that the server refuses temporarily are sent again, each once', async (t) => {
    assert.deepEqual((await floodAsServer(t, {})).sort((a, b) => a - b), inOrder(80));
});

test('one by one they keep their order, whatever the server refuses', async (t) => {
    assert.deepEqual(await floodAsServer(t, { unackedMessages: 1 }), inOrder(80));
});

test('the default pace stays below the default limit, and so keeps the order', async (t) => {
    const server = await startServer(t);
    const [globes, seen] = watchedGlobes(server);
    const ada = await TestClient.join(t, globes, await createRoom(server), 'ada');
    assert.deepEqual(await sayAll(ada, 70), inOrder(70));
    assert.equal(seen.refusals, 0);
});
