// <globes-chat> in all its states: axe-core checks it in light and dark, in a column and on a phone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';
import { DESKTOP, PHONE, assertAccessible, assertFits, sharedBrowser } from '../api/harness/visitor.js';

const visit = sharedBrowser();

/** Another site. Each of its pages is `site.body` with the script of `site.server`. */
async function startSite(t) {
    const site = { body: '', server: null };
    const web = http.createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A site</title>
            <meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:,"><script type="module" src="${site.server.origin}/globes-chat.js"></script></head>
            <body><main><h1>A site</h1>${site.body}</main></body></html>`);
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    t.after(() => web.close());
    site.origin = `http://127.0.0.1:${web.address().port}`;
    site.server = await startServer(t, { config: { AllowedOrigins: [site.origin] } });
    return site;
}

for (const scheme of ['light', 'dark']) {
    for (const [device, size] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
        const check = async (page) => {
            await assertFits(page);
            await assertAccessible(page);
        };

        test(`the element is accessible on any site, ${scheme}, ${device}`, async (t) => {
            const site = await startSite(t);
            const { server } = site;
            const room = await createRoom(server, { title: 'Site talk' });
            const locked = await createPrivateRoom(server);
            const ben = await ChatClient.join(server, room, 'Ben', { color: '#ffee00' });
            for (const msg of ['Hello', 'see https://example.org/', '🎈', 'long\n'.repeat(40)]) ben.say('Ben', msg);
            await ben.find(({ seq }) => seq === 4);

            site.body = `<globes-chat room="${room.id}"></globes-chat>`;
            const page = await visit(t, site.origin, { scheme, size });
            const chat = page.locator('globes-chat');
            await chat.getByLabel('Your name').fill('ben');
            await check(page);
            await page.keyboard.press('Enter');
            await chat.getByText('The name ben is taken. Choose another one.').waitFor();
            await check(page);
            await chat.getByLabel('Your name').fill('Ada');
            await page.keyboard.press('Enter');
            await chat.getByRole('textbox', { name: 'Your message' }).fill('Hello, Ben');
            await page.keyboard.press('Enter');
            await chat.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
            await check(page);
            await chat.getByRole('button', { name: 'Insert an emoji' }).click();
            await check(page);
            await page.keyboard.press('Escape');
            await chat.getByRole('button', { name: '2 people here' }).click();
            await chat.getByText('2 people here').waitFor();
            await check(page);

            const becomes = (attributes) =>
                chat.evaluate((element, changes) => {
                    for (const [name, value] of Object.entries(changes)) element.setAttribute(name, value);
                }, attributes);
            await becomes({ 'read-only': '' });
            await chat.getByText('see https://example.org/').waitFor();
            assert.equal(await chat.getByRole('textbox').count(), 0);
            await check(page);
            await becomes({ room: String(locked.id) });
            await chat.getByLabel('Password of this room').fill(PASSWORD);
            await check(page);
            await becomes({ room: '4711' });
            await chat.getByText('Room not found.').waitFor();
            await check(page);
            await ben.leave();
        });

        test(`the demo page is accessible, ${scheme}, ${device}`, async (t) => {
            const server = await startServer(t);
            const page = await visit(t, `${server.origin}/demo.html`, { scheme, size });
            await page.locator('globes-chat').getByLabel('Your name').waitFor();
            await check(page);
            await page.getByLabel('Name', { exact: true }).fill('ada');
            await page.keyboard.press('Tab');
            await page.getByText('globes-state online').waitFor();
            await page.getByRole('textbox', { name: 'Your message' }).fill('from the demo');
            await page.keyboard.press('Enter');
            await page.getByText('globes-message ada: from the demo').waitFor();
            await check(page);
            for (const theme of ['forest', 'paper']) {
                await page.getByLabel('Theme').selectOption(theme);
                await check(page);
            }
        });
    }
}
