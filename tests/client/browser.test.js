// The library in a real browser, with its own fetch and WebSocket.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createPrivateRoom, createRoom, PASSWORD, takeToken } from '../api/harness/api.js';
import { openPage } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';

const web = fileURLToPath(new URL('../../web', import.meta.url));

/** A page of the server's origin, on which `globes` is the library and `events` collects a connection's events. */
async function openLibrary(t, server) {
    const page = await openPage(t, `${server.origin}/health`);
    await page.evaluate(async () => {
        const { Globes } = await import('/globes.js');
        window.globes = new Globes();
        window.follow = (connection) => {
            window.events = [];
            for (const type of ['state', 'event', 'problem', 'closed'])
                connection.addEventListener(type, ({ detail }) => window.events.push({ type, ...detail }));
            return connection;
        };
    });
    return page;
}

/** Resolves when the page has an event for which the function in this text returns true. */
const awaitEvent = (page, accepts) => page.waitForFunction(`window.events.some(${accepts})`);

test('a browser lists rooms, joins a private room, chats, and recovers from kill -9 and from being offline', async (t) => {
    const server = await startServer(t, { config: { Static: web } });
    const room = await createPrivateRoom(server);
    const page = await openLibrary(t, server);
    const listed = await page.evaluate(async () => (await window.globes.rooms.list()).map(({ title }) => title));
    assert.deepEqual(listed, ['Public Chat', room.title]);

    const answer = await page.evaluate(
        async ([id, secret]) => {
            const token = await window.globes.tokens.request(id, { name: 'ada', secret });
            const limits = { backoffBaseMs: 50, backoffMaxMs: 200 };
            window.connection = window.follow(window.globes.connect(id, { name: 'ada', color: 'teal', token, limits }));
            return window.connection.send('from a browser').acked;
        },
        [room.id, PASSWORD],
    );
    assert.deepEqual(answer, { seq: 1, duplicate: false });

    const { port } = server;
    await server.kill();
    await awaitEvent(page, `({ state }) => state === 'waiting'`);
    const acked = page.evaluate(() => window.connection.send('said while the server was down').acked);
    await server.start({ address: `127.0.0.1:${port}` });
    assert.deepEqual(await acked, { seq: 2, duplicate: false });

    await page.context().setOffline(true);
    await awaitEvent(page, `({ state }) => state === 'offline'`);
    const ben = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    ben.say('ben', 'said while the browser was offline');
    await ben.find(({ seq }) => seq === 3);
    await page.context().setOffline(false);
    await awaitEvent(page, `({ msg }) => msg === 'said while the browser was offline'`);
    const shown = await page.evaluate(() => window.events.filter(({ seq }) => seq).map(({ seq, isOwn }) => [seq, isOwn]));
    assert.deepEqual(shown, [
        [1, true],
        [2, true],
        [3, false],
    ]);
});

test('a browser distinguishes a refusal from an outage', async (t) => {
    const server = await startServer(t, { config: { Static: web } });
    const room = await createRoom(server);
    const page = await openLibrary(t, server);
    const closedBy = (ref) =>
        page.evaluate(async (where) => {
            const connection = window.follow(window.globes.connect(where, { name: 'ada' }));
            const { error } = await new Promise((resolve) =>
                connection.addEventListener('closed', ({ detail }) => resolve(detail)),
            );
            return [error.name, error.code];
        }, ref);
    assert.deepEqual(await closedBy('No such room'), ['NotFoundError', 101]);
    const locked = await createPrivateRoom(server);
    assert.deepEqual(await closedBy(locked.id), ['InvalidTokenError', 403]);
    await server.kill();
    await page.evaluate((id) => void window.follow(window.globes.connect(id, { name: 'ada' })), room.id);
    await awaitEvent(page, `({ state, error }) => state === 'waiting' && error.name === 'ConnectionError'`);
});
