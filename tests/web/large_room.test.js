// A room of which the server lists only some users: the page and the element show the number of all. Between browser and
// server, the answers become those about such a room.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { createPrivateRoom, createRoom } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';
import { DESKTOP, PHONE, assertAccessible, assertFits, connected, enter, pageConfig, sharedBrowser } from '../api/harness/visitor.js';

const visit = sharedBrowser();

const LISTED = 200;
const COLORS = ['#2f84c6', '#c07a12', 'teal', 'purple', ''];
const listed = Array.from({ length: LISTED }, (_, index) => ({
    username: `Guest ${index + 1}`,
    color: COLORS[index % COLORS.length],
    last_activity: '2025-06-01T09:00:00.000000Z',
}));

/** The page meets `online` users in every room. Returns a function that tells it about one more event of the server. */
async function fill(page, online) {
    const sockets = [];
    await page.route(/\/chats\/\d+$/, async (route) => {
        if (route.request().isNavigationRequest()) return route.continue();
        const response = await route.fetch().catch(() => null);
        if (response === null) return route.abort(); // the server has stopped
        const room = await response.json();
        await route.fulfill({ response, json: { ...room, users: room.visibility === 'public' ? listed : [], online } });
    });
    await page.routeWebSocket(/\/ws/, (socket) => {
        sockets.push(socket);
        socket.connectToServer().onMessage((message) => {
            const event = JSON.parse(message);
            socket.send(JSON.stringify(event.event_type === 'welcome' ? { ...event, users: listed, online } : event));
        });
    });
    return (event) => sockets.at(-1).send(JSON.stringify(event));
}

const membersOf = (page) => page.getByRole('complementary', { name: 'People here' });

for (const scheme of ['light', 'dark']) {
    for (const [device, size] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
        test(`the page counts those who are not listed, ${scheme}, ${device}`, async (t) => {
            const server = await startServer(t, pageConfig);
            const room = await createRoom(server, { title: 'Town hall' });
            const page = await visit(t, 'about:blank', { scheme, size });
            const tell = await fill(page, 12_000);
            await page.goto(`${server.origin}/chats/${room.id}/entrance`);
            await page.getByText('12,000 people are here.').waitFor();
            await enter(page, 'Ada');
            await connected(page);
            const button = page.getByRole('button', { name: '12,001 people here' });
            await button.getByText('12,001', { exact: true }).waitFor();
            await button.click();
            const members = membersOf(page);
            await members.getByRole('heading', { name: '12,001 people here' }).waitFor();
            assert.equal(await members.getByRole('listitem').count(), LISTED + 1);
            const more = members.getByText('and 11,800 more', { exact: true });
            await more.scrollIntoViewIfNeeded();
            await assertFits(page);
            await assertAccessible(page);

            tell({ event_type: 'leave', name: 'Somebody', room_id: room.id, msg: '', time: '2025-06-01T09:00:01.000000Z' });
            await members.getByText('and 11,799 more', { exact: true }).waitFor();
            const ben = await ChatClient.join(server, room, 'Ben');
            await members.getByText('Ben', { exact: true }).waitFor();
            await page.getByRole('button', { name: '12,001 people here' }).waitFor();
            await members.getByText('and 11,799 more', { exact: true }).waitFor();
            await ben.leave();
            await members.getByRole('heading', { name: '12,000 people here' }).waitFor();
        });
    }
}

test('the line about the others disappears when all are listed, and follows the language', async (t) => {
    const server = await startServer(t, pageConfig);
    const room = await createRoom(server);
    const page = await visit(t, 'about:blank');
    const tell = await fill(page, LISTED + 2);
    await page.goto(`${server.origin}/chats/${room.id}/entrance`);
    await enter(page, 'Ada');
    await page.getByRole('button', { name: '203 people here' }).click();
    const members = membersOf(page);
    await members.getByText('and 2 more', { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await page.getByText('und 2 weitere Personen', { exact: true }).waitFor();
    await page.getByRole('button', { name: '203 Personen hier' }).waitFor();
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('en');
    const says = (name, seq) =>
        tell({ event_type: 'send', name, room_id: room.id, msg: `I am ${name}`, time: '2025-06-01T09:00:01.000000Z', seq });
    says('one of them', 1);
    await members.getByText('and 1 more', { exact: true }).waitFor();
    says('the other', 2);
    await members.locator('.more').waitFor({ state: 'hidden' });
    await members.getByRole('heading', { name: '203 people here' }).waitFor();
    assert.equal(await members.getByRole('listitem').count(), 203);
});

test('the entrance of a private room, whose users are not listed, shows that it is occupied', async (t) => {
    const server = await startServer(t, pageConfig);
    const room = await createPrivateRoom(server);
    const page = await visit(t, 'about:blank');
    await fill(page, 230);
    await page.goto(`${server.origin}/chats/${room.id}/entrance`);
    await page.getByLabel('Password of this room').waitFor();
    await page.locator('.presence-dot[data-online]').waitFor();
});

test('the element counts those who are not listed', async (t) => {
    const site = http.createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(`<!DOCTYPE html><html lang="en"><title>A site</title><link rel="icon" href="data:,">
            <script type="module" src="${server.origin}/globes-chat.js"></script><globes-chat name="Ada"></globes-chat></html>`);
    });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    t.after(() => site.close());
    const origin = `http://127.0.0.1:${site.address().port}`;
    const server = await startServer(t, { config: { ...pageConfig.config, AllowedOrigins: [origin] } });
    const page = await visit(t, 'about:blank');
    const tell = await fill(page, 1_230);
    await page.goto(origin);
    const button = page.getByRole('button', { name: '1,231 people here' });
    await button.click();
    assert.equal(await button.textContent(), '1,231');
    const members = membersOf(page);
    await members.getByRole('heading', { name: '1,231 people here' }).waitFor();
    await members.getByText('and 1,030 more', { exact: true }).waitFor();
    tell({ event_type: 'leave', name: 'Somebody', room_id: 1, msg: '', time: '2025-06-01T09:00:01.000000Z' });
    await page.getByRole('button', { name: '1,230 people here' }).waitFor();
});
