// The server's flood limit, and how the library lives with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { startServer } from '../api/harness/server.js';
import { WebSocket } from '../api/harness/websocket.js';
import { globesAt, Person } from './support/people.js';

/** A library whose sockets count the refusals that they are told. */
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

/** Says that many messages at once and answers with the places that they were given. */
async function sayAll(person, count) {
    const texts = Array.from({ length: count }, (_, index) => `${index + 1}`);
    const answers = await Promise.all(texts.map((text) => person.say(text)));
    await person.find('event', ({ seq }) => seq === count);
    assert.deepEqual([...person.texts].sort(), [...texts].sort(), 'each is shown once');
    assert.equal(person.all('welcome').length, 1, 'on one connection');
    assert.deepEqual(person.all('problem'), []);
    return answers.map(({ seq }) => seq);
}

const inOrder = (count) => Array.from({ length: count }, (_, index) => index + 1);

/** A library that knows nothing of the server's limit finds it out. */
async function floodAsServer(t, limits) {
    const server = await startServer(t, { config: { MessagesPerSecond: 100, MessageBurst: 5 } });
    const [globes, seen] = watchedGlobes(server);
    const room = await createRoom(server);
    const ada = await Person.join(t, globes, room, 'ada', { limits: { messagesPerSecond: 0, ...limits } });
    const places = await sayAll(ada, 80);
    assert.ok(seen.refusals > 0, 'there was something to live with');
    assert.ok(seen.refusals < 60, `${seen.refusals} refusals; 100 within 10 s would close`);
    return places;
}

test('messages that the server refuses for a while are sent again by themselves, each once', async (t) => {
    assert.deepEqual((await floodAsServer(t, {})).sort((a, b) => a - b), inOrder(80));
});

test('one by one they keep their order, whatever the server refuses', async (t) => {
    assert.deepEqual(await floodAsServer(t, { unackedMessages: 1 }), inOrder(80));
});

test('own pace keeps below the default limit, and so in order', async (t) => {
    const server = await startServer(t);
    const [globes, seen] = watchedGlobes(server);
    const ada = await Person.join(t, globes, await createRoom(server), 'ada');
    assert.deepEqual(await sayAll(ada, 70), inOrder(70));
    assert.equal(seen.refusals, 0);
});
