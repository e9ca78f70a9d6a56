// Which messages are own ones: those that this tab has sent under this name, wherever they are read from. The name
// alone proves nothing.
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom, takeToken } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { eventually } from '../api/harness/wait.js';
import { events, open, startBoth } from './embed_site.js';

async function say(page, text) {
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.fill(text);
    await field.press('Enter');
    await page.locator('.message.own .text').getByText(text, { exact: true }).waitFor();
    await page.getByText('Sending', { exact: true }).waitFor({ state: 'detached' });
}

/** Resolves when all of these are shown, each under "You" or under a name. */
async function shows(page, expected) {
    let shown;
    const look = (rows) =>
        rows.map((row) => [row.querySelector('.text').textContent, row.classList.contains('own') ? 'You' : 'another']);
    await eventually(async () => {
        shown = await page.locator('.message').evaluateAll(look);
        return JSON.stringify(shown) === JSON.stringify(expected);
    }, 'the messages are shown').catch(() => {});
    assert.deepEqual(shown, expected);
}

/** Another user of the same name was here before, and has left. */
async function saidByAnother(server, room, texts, token) {
    const other = await ChatClient.join(server, room, 'ada', { token });
    for (const text of texts) other.say('ada', text, { id: `other-${text}` });
    await other.find(({ msg }) => msg === texts.at(-1));
    await other.leave();
}

const replaceHistory = (page) =>
    page.locator('globes-chat').evaluate(({ connection }) => {
        const detail = { from: 1, to: connection.seq, reset: true };
        connection.dispatchEvent(new CustomEvent('gap', { detail }));
    });

for (const kind of ['public', 'private']) {
    // With a history of one message, the others come as older pages.
    for (const history of [50, 1]) {
        test(`in a ${kind} room that begins with ${history}, own messages stay own after a reset and after a reload`, async (t) => {
            const { site, server } = await startBoth(t);
            const isPublic = kind === 'public';
            const room = isPublic ? await createRoom(server) : await createPrivateRoom(server);
            await saidByAnother(server, room, ['theirs', 'theirs too'], isPublic ? undefined : await takeToken(server, room, 'ada'));
            const token = isPublic ? '' : `token="${await takeToken(server, room, 'ada', PASSWORD)}"`;
            const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" history="${history}" ${token}></globes-chat>`);
            await shows(page, [['theirs', 'another'], ['theirs too', 'another']]);
            await say(page, 'mine');
            await say(page, 'mine too');
            const all = [['theirs', 'another'], ['theirs too', 'another'], ['mine', 'You'], ['mine too', 'You']];
            await shows(page, all);
            await replaceHistory(page);
            await page.getByText('The history of this room was replaced.').first().waitFor({ state: 'attached' });
            await shows(page, all);
            await page.reload();
            await shows(page, all);
            await replaceHistory(page);
            await page.getByText('The history of this room was replaced.').first().waitFor({ state: 'attached' });
            await shows(page, all);
            // A changed attribute connects again.
            await page.locator('globes-chat').evaluate((chat) => chat.setAttribute('color', 'teal'));
            await eventually(async () => (await events(page, 'globes-state')).filter(({ state }) => state === 'closed').length === 1, 'it connects again');
            await shows(page, all);
        });
    }
}

test('after a restored backup, another user of the same name is still another user', async (t) => {
    const { site, server } = await startBoth(t);
    const { port, dataFolder } = server;
    const room = { id: 1 };
    await saidByAnother(server, room, ['theirs']);
    const page = await open(t, site, '<globes-chat room="1" name="ada"></globes-chat>');
    await say(page, 'mine');
    const again = () => server.start({ address: `127.0.0.1:${port}` });
    const backup = `${dataFolder}.backup`;
    await server.stop();
    await cp(dataFolder, backup, { recursive: true });
    await again();
    await eventually(async () => (await events(page, 'globes-state')).at(-1).state === 'online', 'ada is back');
    await say(page, 'lost with the disk');
    await server.stop();
    await rm(dataFolder, { recursive: true });
    await cp(backup, dataFolder, { recursive: true });
    await again();
    await page.getByText('The history of this room was replaced.').first().waitFor({ state: 'attached' });
    await shows(page, [['theirs', 'another'], ['mine', 'You']]);
});

test('a user who takes over a name in the same tab, or copies an id, does not own earlier messages', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const eve = await ChatClient.join(server, room, 'eve');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    await say(page, 'mine');
    const { id } = await eve.find(({ msg }) => msg === 'mine');
    eve.say('eve', 'copied', { id });
    await page.getByText('copied', { exact: true }).waitFor();
    await shows(page, [['mine', 'You'], ['copied', 'another']]);
    await page.reload();
    await shows(page, [['mine', 'You'], ['copied', 'another']]);
    await page.locator('globes-chat').evaluate((chat) => chat.setAttribute('name', 'cleo'));
    await eve.find(({ event_type, name }) => event_type === 'join' && name === 'cleo');
    await shows(page, [['mine', 'another'], ['copied', 'another']]);
    await page.locator('globes-chat').evaluate((chat) => chat.setAttribute('name', 'ada'));
    await shows(page, [['mine', 'You'], ['copied', 'another']]);
});
