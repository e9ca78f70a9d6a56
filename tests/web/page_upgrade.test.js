// A tab that is older than its server: modules that it has not loaded yet are gone, and it continues in the new version
// without losing a draft.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';
import { connected, enter, sharedBrowser } from '../api/harness/visitor.js';
import { eventually } from '../api/harness/wait.js';
import { buildSite, replaceSite } from './built_site.js';

const visit = sharedBrowser();
let older;
let newer;
before(() => {
    older = buildSite(1);
    newer = buildSite(2);
});

const UPDATED = 'This page was updated.';
const OFFERED = 'A new version of this page is available.';

/** A server with the older version of the page; `upgrade()` replaces it by the newer one. */
async function startOlder(t) {
    const files = Object.fromEntries(Object.entries(older).map(([url, text]) => [`site${url}`, text]));
    const server = await startServer(t, { config: { Static: 'site' }, files });
    const room = await createRoom(server);
    return { server, room, upgrade: (site = newer) => replaceSite(join(server.folder, 'site'), site) };
}

/** The number of page loads since this call. */
function countLoads(page) {
    const loads = [];
    page.on('request', (request) => request.isNavigationRequest() && loads.push(request.url()));
    return loads;
}

/** Survives until the page is reloaded. */
const mark = (page) => page.evaluate(() => (window.isMarked = true));
const isMarked = (page) => page.evaluate(() => window.isMarked === true);
const isVersion = (page, version) =>
    eventually(() => page.evaluate((wanted) => window.version === wanted, version), `version ${version} of the page`);

test('all modules that a tab may load later have other names in another version', () => {
    const [names, others] = [older, newer].map((site) => new Set(Object.keys(site)));
    const parts = ['app', 'app/home', 'app/entrance', 'app/room_page', 'app/room_controller', 'app/create_room', 'app/settings', 'texts.de'];
    for (const part of parts) {
        const name = [...names].find((url) => url.startsWith(`/assets/${part}.`) && url.endsWith('.js'));
        assert.ok(name && !others.has(name), part);
    }
});

test('a link in an older tab opens its target in the new version', async (t) => {
    const { server, room, upgrade } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: room.title }).waitFor();
    await isVersion(page, 1);
    upgrade();
    const loads = countLoads(page);
    await page.getByRole('link', { name: room.title }).click();
    await page.getByText(UPDATED).waitFor();
    await page.getByRole('heading', { name: room.title }).waitFor();
    await isVersion(page, 2);
    assert.deepEqual(loads, [`${server.origin}/chats/${room.id}/entrance`]);
    await page.goBack();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    assert.equal(await page.getByText(UPDATED).count(), 0, 'it is shown once');
});

test('a dialog that cannot be loaded loads the new version, or offers it while there is a draft', async (t) => {
    const { server, upgrade } = await startOlder(t);
    const [idle, busy] = [await visit(t, server.origin), await visit(t, server.origin)];
    for (const page of [idle, busy]) await page.getByRole('link', { name: 'Public Chat' }).waitFor();
    await busy.getByRole('searchbox').fill('public');
    upgrade();
    for (const page of [idle, busy]) await page.getByRole('button', { name: 'New room' }).click();
    await idle.getByText(UPDATED).waitFor();
    await isVersion(idle, 2);

    await busy.getByText(OFFERED).waitFor();
    assert.equal(await busy.getByRole('searchbox').inputValue(), 'public');
    await isVersion(busy, 1);
    await busy.getByRole('button', { name: 'New room' }).click();
    assert.equal(await busy.getByText(OFFERED).count(), 1);
    // From now on, links load the page.
    await busy.getByRole('link', { name: 'Public Chat' }).click();
    await busy.getByRole('button', { name: 'Join' }).waitFor();
    await isVersion(busy, 2);
});

test('joining from an older entrance succeeds, without typing the password again', async (t) => {
    const { server, upgrade } = await startOlder(t);
    const room = await createPrivateRoom(server);
    const page = await visit(t, `${server.origin}/chats/${room.id}/entrance`);
    await page.getByLabel('Password of this room').waitFor();
    upgrade();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await enter(page, 'ada');
    await connected(page);
    await isVersion(page, 2);
});

test('a language that cannot be loaded comes with the new version', async (t) => {
    const { server, upgrade } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: 'Public Chat' }).waitFor();
    upgrade();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
    await page.getByRole('heading', { name: 'Räume' }).waitFor();
    await page.getByText('Diese Seite wurde aktualisiert.').waitFor();
    await isVersion(page, 2);
});

/** A tab in a room of a server that is then upgraded and restarted. */
async function comeInBeforeUpgrade(t, before) {
    const { server, room, upgrade } = await startOlder(t);
    const page = await visit(t, `${server.origin}/chats/${room.id}/entrance`);
    await enter(page, 'ada');
    await connected(page);
    await before(page, { server, room });
    const { port } = server;
    await server.stop();
    upgrade();
    await server.start({ files: {}, address: `127.0.0.1:${port}` });
    return { server, room, page };
}

test('in a room the new version is loaded on reconnection if there is no draft', async (t) => {
    const { server, room, page } = await comeInBeforeUpgrade(t, mark);
    await page.getByText(UPDATED).waitFor();
    await isVersion(page, 2);
    await connected(page);
    const ben = await ChatClient.join(server, room, 'ben');
    await page.getByRole('textbox', { name: 'Your message' }).fill('by the new page');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'by the new page')).name, 'ada');
    await ben.leave();
});

test('in a room with a draft the new version is offered, and keeps the draft', async (t) => {
    const { page } = await comeInBeforeUpgrade(t, async (tab) => {
        await tab.getByRole('textbox', { name: 'Your message' }).fill('half a thought');
        await mark(tab);
    });
    await page.getByText(OFFERED).waitFor();
    assert.equal(await isMarked(page), true);
    assert.equal(await page.getByRole('textbox', { name: 'Your message' }).inputValue(), 'half a thought');
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText(UPDATED).waitFor();
    await isVersion(page, 2);
    assert.equal(await page.getByRole('textbox', { name: 'Your message' }).inputValue(), 'half a thought');
    await connected(page);
});

test('in a room with an open dialog the new version is offered', async (t) => {
    const { server } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('button', { name: 'New room' }).click();
    await page.getByRole('dialog').getByLabel('Title').fill('Long-lived');
    await page.keyboard.press('Enter');
    await enter(page, 'ada');
    await connected(page);
    await page.getByRole('button', { name: 'Room settings' }).click();
    await page.getByRole('dialog').getByLabel('Title').fill('Half a tit');
    await mark(page);
    const { port } = server;
    await server.stop();
    replaceSite(join(server.folder, 'site'), newer);
    await server.start({ files: {}, address: `127.0.0.1:${port}` });
    await page.getByText(OFFERED).waitFor({ state: 'attached' });
    assert.equal(await isMarked(page), true);
    assert.equal(await page.getByRole('dialog').getByLabel('Title').inputValue(), 'Half a tit');
});

test('a restart without an upgrade reloads nothing', async (t) => {
    const { server, room } = await startOlder(t);
    const page = await visit(t, `${server.origin}/chats/${room.id}/entrance`);
    await enter(page, 'ada');
    await connected(page);
    await mark(page);
    const compared = page.waitForResponse((response) => new URL(response.url()).pathname === '/');
    const { port } = server;
    await server.stop();
    await server.start({ address: `127.0.0.1:${port}` });
    assert.ok((await compared).ok());
    await connected(page);
    assert.equal(await isMarked(page), true);
});

test('the list of rooms reloads in the new version after an outage', async (t) => {
    const { server, upgrade } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: 'Public Chat' }).waitFor();
    const { port } = server;
    await server.stop();
    await page.getByText('The list may be out of date.').waitFor();
    upgrade();
    await server.start({ files: {}, address: `127.0.0.1:${port}` });
    await page.getByText(UPDATED).waitFor();
    await isVersion(page, 2);
});

test('a page that stays old, as from a cache, reloads once and then leaves it to the user', async (t) => {
    const { server, room, upgrade } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: room.title }).waitFor();
    const withoutEntrance = Object.entries(older).filter(([url]) => !/entrance\.\w+\.js$/.test(url));
    upgrade({ ...Object.fromEntries(withoutEntrance), ...newer });
    await page.route(server.origin + '/**', (route) =>
        route.request().isNavigationRequest()
            ? route.fulfill({ contentType: 'text/html', body: older['/index.html'] })
            : route.fallback(),
    );
    const loads = countLoads(page);
    await page.getByRole('link', { name: room.title }).click();
    await page.getByText(OFFERED).waitFor();
    await isVersion(page, 1);
    assert.equal(loads.length, 1);
    await page.getByRole('link', { name: 'Globes' }).click();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    assert.equal(loads.length, 2, 'only where the person goes');
});

test('an outage, and the page of a proxy, do not count as a new version', async (t) => {
    const { server, room } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: room.title }).waitFor();
    await mark(page);
    const captive = { contentType: 'text/html', body: '<script type="module" src="/captive.js"></script>' };
    const outages = [
        (route) => route.abort(),
        (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
        (route) => (route.request().resourceType() === 'fetch' ? route.fulfill(captive) : route.abort()),
    ];
    for (const outage of outages) {
        await page.route(server.origin + '/**', outage);
        await page.getByRole('button', { name: 'New room' }).click();
        await page.getByText('The server cannot be reached. Check your connection.').waitFor();
        await page.getByRole('button', { name: 'Dismiss' }).click();
        await page.unroute(server.origin + '/**', outage);
    }
    assert.equal(await isMarked(page), true);
    assert.equal(await page.getByText(OFFERED).count(), 0);
});

test('a module of the same version that cannot be loaded is an error of the page, not of the network', async (t) => {
    const { server, room } = await startOlder(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: room.title }).waitFor();
    await mark(page);
    await page.route('**/assets/app/create_room.*', (route) => route.fulfill({ status: 404, body: '' }));
    await page.getByRole('button', { name: 'New room' }).click();
    await page.getByText('Something went wrong on this page. Reload it.').waitFor();
    assert.equal(await isMarked(page), true);
});
