// Two independent WebSocket implementations talk to each other: Node's `ws` and the browser's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, takeToken } from '../api/harness/api.js';
import { BrowserSocket, openPage } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';

const server = sharedServer();

test('a browser and Node chat in a private room, each with a token as subprotocol', async (t) => {
    const room = await createPrivateRoom(server);
    const browserToken = await takeToken(server, room, 'ada');
    const node = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    const browser = new BrowserSocket(await openPage(t, `${server.origin}/`));

    assert.equal(await browser.open(`/chats/${room.id}/ws`, [browserToken]), browserToken);
    await browser.send({ event_type: 'join', name: 'ada', color: '#0a0' });
    assert.equal((await browser.next()).msg, 'ada entered the room.');
    assert.equal((await node.next()).msg, 'ada entered the room.');

    node.say('ben', 'Grüße, 世界 🎈');
    const fromNode = await node.nextText();
    assert.equal(await browser.nextText(), fromNode, 'both get the same bytes');
    assert.equal(JSON.parse(fromNode).msg, 'Grüße, 世界 🎈');

    await browser.send({ event_type: 'send', name: 'ada', color: '#0a0', msg: '<b>hello</b>' });
    const fromBrowser = await node.nextText();
    assert.equal(await browser.nextText(), fromBrowser);
    assert.deepEqual(
        [JSON.parse(fromBrowser).seq, JSON.parse(fromBrowser).msg, JSON.parse(fromBrowser).color],
        [2, '<b>hello</b>', '#0a0'],
    );

    await browser.close();
    assert.equal(await browser.closed(), 1000);
    assert.equal((await node.next()).msg, 'ada has left the room.');
    await node.leave();
});

test('a browser without a token is refused', async (t) => {
    const room = await createPrivateRoom(server);
    const browser = new BrowserSocket(await openPage(t, `${server.origin}/`));
    await assert.rejects(browser.open(`/chats/${room.id}/ws`, []), /could not open/);
});

test('a browser is told why its connection ended', async (t) => {
    const room = await createPrivateRoom(server);
    const browser = new BrowserSocket(await openPage(t, `${server.origin}/`));
    await browser.open(`/chats/${room.id}/ws`, [await takeToken(server, room, 'ada')]);
    server.signal('SIGTERM');
    assert.equal(await browser.closed(), 1001);
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
    await server.start();
});
