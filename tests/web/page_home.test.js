// The list of rooms: its content, its updates, and the links and buttons.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertStatus, createPrivateRoom, createRoom, put, remove } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import { assertFocused, createRooms, pageConfig, setHidden, sharedBrowser } from '../api/harness/visitor.js';
import { eventually, withResolvers } from '../api/harness/wait.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();

const rowOf = (page, title) => page.getByRole('link', { name: title });

test('every room that is not hidden is listed with its visibility and user count, and links to its entrance', async (t) => {
    const open = await createRoom(server, { title: 'Gardeners', description: 'Soil and seeds' });
    await createPrivateRoom(server, { title: 'Locksmiths' });
    await createRoom(server, { title: 'Ghosts', visibility: 'hidden', password: 'correct horse' });
    const member = await ChatClient.join(server, open, 'ada');
    const page = await visit(t, server.origin);

    const text = (title) => rowOf(page, title).textContent();
    assert.match(await text('Gardeners'), /Soil and seeds[^]*Public[^]*1 here/);
    assert.match(await text('Locksmiths'), /Private[^]*empty/);
    assert.equal(await rowOf(page, 'Ghosts').count(), 0);
    assert.match(await page.getByText(/in 1 room right now/).textContent(), /^1 person/);
    await rowOf(page, 'Gardeners').click();
    await page.waitForURL(`**/chats/${open.id}/entrance`);
    await page.getByRole('heading', { name: 'Gardeners' }).waitFor();
    await page.goBack();
    await rowOf(page, 'Gardeners').waitFor();
    await member.leave();
});

test('counts, new and deleted rooms are updated without a reload, and rooms keep their order', async (t) => {
    const first = await createRoom(server, { title: 'First of two' });
    const second = await createRoom(server, { title: 'Second of two' });
    const doomed = await createRoom(server, { title: 'Doomed room' });
    const page = await visit(t, server.origin);
    await rowOf(page, 'Doomed room').waitFor();
    const titles = () => page.locator('.room-title').allTextContents();
    const before = await titles();

    const ada = await ChatClient.join(server, second, 'ada');
    const ben = await ChatClient.join(server, second, 'ben');
    await remove(server, `/chats/${doomed.id}`);
    await createRoom(server, { title: 'Born later' });
    await rowOf(page, 'Born later').waitFor();
    await rowOf(page, 'Second of two').getByText('2 here').waitFor();
    assert.deepEqual(await titles(), [...before.filter((title) => title !== 'Doomed room'), 'Born later']);
    assert.match(await rowOf(page, first.title).textContent(), /empty/);
    await ada.leave();
    await ben.leave();
});

test('a hidden tab sends no requests, and updates when it becomes visible', async (t) => {
    const room = await createRoom(server, { title: 'Watched pot' });
    const page = await visit(t, 'about:blank');
    await page.clock.install();
    await page.goto(server.origin);
    await rowOf(page, 'Watched pot').waitFor();
    await setHidden(page, true);
    let asked = 0;
    page.on('request', (request) => (asked += new URL(request.url()).pathname === '/chats'));
    await page.clock.fastForward(60_000);
    const member = await ChatClient.join(server, room, 'ada');
    assert.equal(asked, 0);
    await setHidden(page, false);
    await rowOf(page, 'Watched pot').getByText('1 here').waitFor();
    assert.equal(asked, 1);
    await member.leave();
});

test('a search matches words in title and description, ignoring case and accents', async (t) => {
    await createRoom(server, { title: 'Café de Flore', description: 'Philosophie' });
    const page = await visit(t, server.origin);
    await rowOf(page, 'Café de Flore').waitFor();
    const search = page.getByRole('searchbox', { name: 'Search rooms' });
    await search.fill('philo CAFE');
    assert.deepEqual(await page.locator('.room-title').allTextContents(), ['Café de Flore']);
    await page.getByText('1 room found').waitFor();
    await search.fill('No such place');
    assert.equal(await page.locator('.room-title').count(), 0);
    await page.getByText('No room matches “No such place”.').waitFor();
    await page.getByRole('button', { name: 'Create this room' }).click();
    assert.equal(await page.getByRole('dialog').getByLabel('Title').inputValue(), 'No such place');
    await page.keyboard.press('Escape');
    await search.fill('');
    await rowOf(page, 'Public Chat').waitFor();
});

test('more than a hundred rooms are loaded in pages, and a search covers all of them', async (t) => {
    const own = await startServer(t, pageConfig);
    const names = Array.from({ length: 249 }, (_, index) => `Room of ${String(index + 2).padStart(3, '0')}`);
    await createRooms(own, names);
    const page = await visit(t, own.origin);
    const rows = page.locator('.room-row');
    await rowOf(page, 'Room of 100').waitFor();
    assert.equal(await rows.count(), 100);
    await page.getByRole('button', { name: 'More rooms' }).click();
    await rowOf(page, 'Room of 200').waitFor();
    assert.equal(await rows.count(), 200);
    assert.match(
        await page.evaluate(() => document.activeElement.textContent),
        /Room of 101/,
        'the focus goes to the first new one',
    );
    await page.getByRole('searchbox').fill('of 250');
    await rowOf(page, 'Room of 250').waitFor();
    assert.equal(await rows.count(), 1);
    await page.getByRole('searchbox').fill('');
    await rowOf(page, 'Room of 250').waitFor();
    assert.equal(await rows.count(), 250);
    assert.equal(await page.getByRole('button', { name: 'More rooms' }).isVisible(), false);
});

test('an outage of the server is shown, and the list recovers with the server', async (t) => {
    const own = await startServer(t, pageConfig);
    const page = await visit(t, own.origin);
    await rowOf(page, 'Public Chat').waitFor();
    const { port } = own;
    await own.stop();
    await page.getByText('The server cannot be reached. The list may be out of date.').waitFor();
    assert.equal(await rowOf(page, 'Public Chat').isVisible(), true);
    await own.start({ address: `127.0.0.1:${port}` });
    await page.getByText('The list may be out of date.').waitFor({ state: 'detached' });
});

test('a list that could not be loaded can be requested again', async (t) => {
    const page = await visit(t, 'about:blank');
    await page.route('**/chats?*', (route) =>
        route.request().resourceType() === 'document' ? route.fallback() : route.abort(),
    );
    await page.goto(server.origin);
    await page.getByText('The rooms could not be loaded.').waitFor();
    await page.unroute('**/chats?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await rowOf(page, 'Public Chat').waitFor();
});

test('the page uses the browser’s language, or the chosen one', async (t) => {
    const page = await visit(t, server.origin, { locale: 'de-AT' });
    await page.getByRole('heading', { name: 'Räume' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
    await page.getByLabel('Sprache').selectOption('English');
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    assert.equal(await page.title(), 'Rooms · Globes');
});

test('the page is in English if there are no texts for the language', async (t) => {
    const page = await visit(t, server.origin, { locale: 'ja-JP' });
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
});

for (const [width, height, locale] of [
    [360, 640, 'en-GB'],
    [360, 640, 'de-DE'],
    [412, 900, 'en-GB'],
    [520, 800, 'de-DE'],
    [600, 800, 'en-GB'],
]) {
    test(`nothing moves when the list is loaded, ${width} px, ${locale}`, async (t) => {
        const page = await visit(t, 'about:blank', {
            size: { width, height },
            locale,
            init: () => {
                window.shifted = 0;
                const add = (list) => {
                    for (const { value } of list.getEntries()) window.shifted += value;
                };
                window.shifts = new PerformanceObserver(add);
                window.shifts.observe({ type: 'layout-shift', buffered: true });
                window.painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
            },
        });
        const { promise: released, resolve: release } = withResolvers();
        await page.route(/\/chats\?/, async (route) => {
            await released;
            await route.continue();
        });
        await page.goto(server.origin);
        await page.locator('.room-skeleton').first().waitFor();
        await page.evaluate(() => window.painted());
        release();
        await rowOf(page, 'Public Chat').waitFor();
        const shifted = await page.evaluate(async () => {
            await window.painted();
            await window.painted();
            for (const { value } of window.shifts.takeRecords()) window.shifted += value;
            return window.shifted;
        });
        assert.ok(shifted < 0.02, `a layout shift of ${shifted}`);
    });
}

test('the button for a new room is as wide as its text on every screen', async (t) => {
    const page = await visit(t, server.origin);
    const button = page.getByRole('button', { name: 'New room' });
    const { width: natural } = await button.boundingBox();
    for (const width of [360, 500, 520, 600, 640]) {
        await page.setViewportSize({ width, height: 800 });
        assert.equal((await button.boundingBox()).width, natural, `at ${width} px`);
    }
});

test('a room that is renamed or made private is updated without a reload, and keeps the focus', async (t) => {
    const room = await createRoom(server, { title: 'Before it was renamed' });
    const page = await visit(t, server.origin);
    await rowOf(page, 'Before it was renamed').focus();
    assertStatus(await put(server, `/chats/${room.id}`, { title: 'Called again', visibility: 'private', password: PASSWORD }), 200);
    const row = rowOf(page, 'Called again');
    await row.getByText('Private').waitFor();
    await assertFocused(row);
    assert.equal(await rowOf(page, 'Before it was renamed').count(), 0);
});

test('the list is not requested any more after another page was opened, also before the first answer', async (t) => {
    const room = await createRoom(server);
    const page = await visit(t, 'about:blank');
    const { promise: released, resolve: release } = withResolvers();
    let asked = 0;
    await page.route(/\/chats\?/, async (route) => {
        asked += 1;
        await released;
        await route.continue();
    });
    await page.clock.install();
    await page.goto(server.origin);
    await eventually(() => asked === 1, 'the list is on its way');
    await page.evaluate((path) => {
        const link = document.body.appendChild(document.createElement('a'));
        link.href = path;
        link.click();
    }, `/chats/${room.id}/entrance`);
    await page.getByRole('heading', { name: room.title }).waitFor();
    const answered = page.waitForEvent('requestfinished', (request) => /\/chats\?/.test(request.url()));
    release();
    await answered;
    await page.clock.runFor(20_000);
    assert.equal(asked, 1);
});
