// Unknown addresses in a browser: the page says so in its own language.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sharedServer } from '../api/harness/server.js';
import { pageConfig, sharedBrowser } from '../api/harness/visitor.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();

const ROOMS = ['/chats/4711', '/chats/no%20such%20room', '/chats/4711/entrance'];
const NOTHING = ['/nothing', '/chats/', '/chats/1/nothing', '/a/b/c/d.html?e=f', '/chats/%ff'];
const WORDS = {
    'en-GB': { room: 'Room not found', nothing: 'Page not found', home: 'All rooms', rooms: 'Rooms' },
    'de-DE': { room: 'Raum nicht gefunden', nothing: 'Seite nicht gefunden', home: 'Alle Räume', rooms: 'Räume' },
};

for (const [locale, words] of Object.entries(WORDS)) {
    test(`an unknown address has a page with a link to the list of rooms, ${locale}`, async (t) => {
        const page = await visit(t, server.origin, { locale });
        for (const path of [...ROOMS, ...NOTHING]) {
            const response = await page.goto(server.origin + path);
            assert.equal(response.status(), 404, path);
            const heading = ROOMS.includes(path) ? words.room : words.nothing;
            await page.getByRole('heading', { name: heading }).waitFor();
            assert.equal(await page.title(), `${heading} · Globes`);
            await page.getByRole('link', { name: words.home }).click();
            await page.getByRole('heading', { name: words.rooms }).waitFor();
            await page.goBack();
            await page.getByRole('heading', { name: heading }).waitFor();
        }
    });
}
