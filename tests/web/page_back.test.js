// A page that the browser keeps in its back-forward cache: its user is not a member meanwhile, and is one again after
// Back.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { connected, enter, pageConfig } from '../api/harness/visitor.js';

const server = sharedServer(pageConfig);

test('a visitor who leaves the page leaves the room, and is back after Back', async (t) => {
    const browser = await launchBrowser(t, { keepsPages: true });
    const room = await createRoom(server);
    const ben = await ChatClient.open(server, room);
    const page = await browser.newPage();
    await page.goto(`${server.origin}/chats/${room.id}/entrance`);
    await enter(page, 'ada');
    await connected(page);
    await ben.find(({ event_type: type, name }) => type === 'join' && name === 'ada');
    await page.evaluate(() => {
        window.wasKept = false;
        window.addEventListener('pageshow', ({ persisted }) => (window.wasKept = persisted));
    });

    await page.goto('about:blank');
    await ben.find(({ event_type: type, name }) => type === 'leave' && name === 'ada');
    // No `load` follows: the page is shown as it was.
    await page.goBack({ waitUntil: 'commit' });
    await ben.find(({ event_type: type, name }) => type === 'join' && name === 'ada');
    await connected(page);
    assert.equal(await page.evaluate(() => window.wasKept), true, 'the browser has kept the page');
    await ben.leave();
});
