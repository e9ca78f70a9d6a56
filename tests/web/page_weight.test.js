// How much a browser loads before a user can chat, in bytes as they are sent: compressed, without headers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import { connected, enter, sharedBrowser } from '../api/harness/visitor.js';

const MOST_BYTES = 60_000;
const server = sharedServer();
const visit = sharedBrowser();

/** A visitor without a cache; `weight()` is the number of bytes of the page that the server has sent so far. */
async function newcomer(t, options) {
    const page = await visit(t, 'about:blank', options);
    const sizes = [];
    page.on('requestfinished', (request) => {
        const isApi = new URL(request.url()).pathname.startsWith('/chats') && !request.isNavigationRequest();
        if (!isApi) sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
    });
    const weight = async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    return { page, weight };
}

for (const locale of ['en-GB', 'de-DE']) {
    test(`the list, the entrance and the room together stay below the limit, ${locale}`, async (t) => {
        const room = await createRoom(server, { title: `Feather ${locale}` });
        const { page, weight } = await newcomer(t, { locale });
        await page.goto(server.origin);
        const row = page.getByRole('link', { name: room.title });
        await row.waitFor();
        const home = await weight();
        await row.click();
        await page.locator('.entrance input').first().fill('ada');
        await page.locator('.entrance [type=submit]').click();
        await page.locator('html[data-view="room"] .room-state[data-state="online"]').waitFor({ state: 'attached' });
        const all = await weight();
        t.diagnostic(`${home} bytes for the list, ${all} with entrance and room`);
        assert.ok(home > 10_000 && all > home, 'they are counted');
        assert.ok(all <= MOST_BYTES, `${all} bytes`);
    });
}

test('an entrance and a room that are opened by their links stay below the limit', async (t) => {
    const room = await createRoom(server);
    const { page, weight } = await newcomer(t);
    await page.goto(`${server.origin}/chats/${room.id}`);
    await enter(page, 'ada');
    await connected(page);
    assert.ok((await weight()) <= MOST_BYTES, `${await weight()} bytes`);
});

test('the element on a page of its own stays below the limit', async (t) => {
    const { page, weight } = await newcomer(t);
    await page.goto(`${server.origin}/demo.html`);
    await page.locator('globes-chat').getByLabel('Your name').fill('ada');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();
    const bytes = await weight();
    t.diagnostic(`${bytes} bytes`);
    assert.ok(bytes > 10_000 && bytes <= MOST_BYTES, `${bytes} bytes`);
});
