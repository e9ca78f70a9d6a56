// Tokens of a private room that expire while a user is inside: renewed in time, or requested again without losing a
// message.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom, takeToken } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';
import { forgeRoomToken, openToken } from '../api/harness/tokens.js';
import { connected, enter, pageConfig, sharedBrowser } from '../api/harness/visitor.js';
import { eventually } from '../api/harness/wait.js';

const SECRET_KEY = 'a key that this test knows';
const EXPIRED = 'Your access to this room has expired. Join again. Your unsent messages are kept.';
const CHANGED = 'Access to this room has changed. Join again.';
const visit = sharedBrowser();

async function comeIn(page, server, room, name) {
    await page.goto(`${server.origin}/chats/${room.id}/entrance`);
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await enter(page, name);
    await connected(page);
}

async function say(page, text) {
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.fill(text);
    await field.press('Enter');
}

/** The token in the identity that the page has stored for a reload. */
const keptToken = (page, room) =>
    page.evaluate((id) => JSON.parse(sessionStorage.getItem(`globes.seat.${id}`)).token, room.id);

/** Invalidates all tokens, as if they had expired: the server restarts with another key. */
async function endTokens(server) {
    const { port } = server;
    await server.stop();
    await server.start({ address: `127.0.0.1:${port}`, env: { SECRET_KEY: 'another key of the server' } });
}

test('a token is renewed before it expires, without a visible change, and the new one survives a reload', async (t) => {
    const server = await startServer(t, { ...pageConfig, env: { SECRET_KEY } });
    const room = await createPrivateRoom(server);
    const ben = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    const now = Math.floor(Date.now() / 1000);
    const late = await forgeRoomToken(server, room, {
        secretKey: SECRET_KEY,
        claims: { username: 'ada', room_id: room.id, iat: now - 3300, exp: now + 300 }, // renewed at 85 % of its lifetime at the latest
    });
    const page = await visit(t, 'about:blank');
    await page.route('**/token', (route) =>
        route.fulfill({ status: 201, json: { status: true, name: 'ada', room_id: room.id, token: late } }),
    );
    await comeIn(page, server, room, 'ada');
    await eventually(async () => (await keptToken(page, room)) !== late, 'the key is renewed');
    const { claims } = openToken(await keptToken(page, room));
    assert.deepEqual([claims.username, claims.exp > now + 3000], ['ada', true]);
    await say(page, 'with a new key');
    await ben.find(({ msg }) => msg === 'with a new key');
    assert.equal(ben.received('leave').length, 0, 'the connection is the same');
    await page.reload();
    await say(page, 'after a reload');
    assert.equal((await ben.find(({ msg }) => msg === 'after a reload')).name, 'ada');
    await ben.leave();
});

test('after a token has expired, the page asks for the password, and sends the waiting messages', async (t) => {
    const server = await startServer(t, { ...pageConfig, env: { SECRET_KEY } });
    const room = await createPrivateRoom(server);
    const page = await visit(t, 'about:blank');
    await page.clock.install();
    await comeIn(page, server, room, 'ada');
    await say(page, 'before');
    await page.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });

    await page.context().setOffline(true);
    await page.locator('.room-state').getByText('You are offline').waitFor();
    await say(page, 'written in a tunnel');
    await page.getByText('Sending', { exact: true }).waitFor({ state: 'attached' });
    await page.getByRole('textbox', { name: 'Your message' }).fill('half a thought');
    await endTokens(server);
    await page.clock.fastForward('02:00:00');
    await page.context().setOffline(false);
    await page.getByText(EXPIRED).waitFor();
    assert.equal(new URL(page.url()).pathname, `/chats/${room.id}`, 'in place');
    assert.ok(await page.getByText('before', { exact: true }).isVisible(), 'the messages stay');

    const ben = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    await page.getByLabel('Password of this room').fill('not this one');
    await page.keyboard.press('Enter');
    await page.getByText('The password is wrong.').waitFor();
    await page.locator('.room-head .language').selectOption('de');
    await page.getByRole('textbox', { name: 'Deine Nachricht' }).waitFor();
    await page.locator('.room-head .language').selectOption('en');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await ben.find(({ msg }) => msg === 'written in a tunnel');
    assert.equal(await page.getByRole('textbox', { name: 'Your message' }).inputValue(), 'half a thought');
    await page.getByText('written in a tunnel', { exact: true }).waitFor();
    await say(page, 'and done');
    await ben.find(({ msg }) => msg === 'and done');
    await page.getByText('and done', { exact: true }).waitFor();
    assert.deepEqual(await page.locator('.message .text').allTextContents(), ['before', 'written in a tunnel', 'and done']);
    assert.equal(await page.getByLabel('Password of this room').count(), 0);
    const kept = await keptToken(page, room);
    assert.ok(openToken(kept).claims.exp > Date.now() / 1000, 'a reload has the new key');
    await ben.leave();
});

test('a reload with an invalid token leads to the entrance and keeps the draft', async (t) => {
    const server = await startServer(t, { ...pageConfig, env: { SECRET_KEY } });
    const room = await createPrivateRoom(server);
    const page = await visit(t, 'about:blank');
    await comeIn(page, server, room, 'ada');
    await page.getByRole('textbox', { name: 'Your message' }).fill('half a thought');
    await page.goto('about:blank');
    await endTokens(server);
    await page.goto(`${server.origin}/chats/${room.id}`);
    await page.waitForURL(`**/chats/${room.id}/entrance`);
    await page.getByText(CHANGED).waitFor();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await enter(page, 'ada');
    assert.equal(await page.getByRole('textbox', { name: 'Your message' }).inputValue(), 'half a thought');
});

test('messages that were in flight at a reload are sent afterwards, once', async (t) => {
    const server = await startServer(t, pageConfig);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const page = await visit(t, 'about:blank');
    let swallows = true;
    await page.routeWebSocket(/./, (socket) => {
        const upstream = socket.connectToServer();
        socket.onMessage((message) => {
            if (!swallows || !message.includes('"event_type":"send"')) upstream.send(message);
        });
    });
    await page.goto(`${server.origin}/chats/${room.id}/entrance`);
    await enter(page, 'ada');
    await say(page, 'on its way');
    await page.getByText('Sending', { exact: true }).waitFor({ state: 'attached' });
    swallows = false;
    await page.reload();
    await ben.find(({ msg }) => msg === 'on its way');
    await say(page, 'there');
    await ben.find(({ msg }) => msg === 'there');
    assert.equal(ben.received('send').filter(({ msg }) => msg === 'on its way').length, 1);
    await ben.leave();
});
