// <globes-chat> on a site of another origin, with its own styles and scripts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom, put, remove, takeToken, usersOf } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { eventually } from '../api/harness/wait.js';
import { events, open, startBoth } from './embed_site.js';

test('two lines add a room to a site of another origin', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server, { title: 'Embedded' });
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 5; number += 1) ben.say('ben', `old ${number}`);
    await ben.find(({ msg }) => msg === 'old 5');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" color="teal" history="2"></globes-chat>`);
    await page.getByRole('heading', { name: 'Embedded' }).waitFor();
    await page.getByText('old 5').waitFor();
    await page.getByRole('textbox').fill('hello from a site');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'hello from a site')).color, 'teal');
    ben.say('ben', 'hello, site');
    await page.getByText('hello, site', { exact: true }).waitFor();

    const received = (await events(page, 'globes-message')).map(({ msg, isOwn }) => [msg, isOwn]);
    assert.deepEqual(received, [['old 4', false], ['old 5', false], ['hello from a site', true], ['hello, site', false]]);
    assert.deepEqual((await events(page, 'globes-join')).map(({ name }) => name), ['ada']);
    assert.equal((await events(page, 'globes-state')).at(-1).state, 'online');
    assert.equal(await page.getByRole('button', { name: '2 people here' }).textContent(), '2');
    await ben.leave();
    await eventually(async () => (await events(page, 'globes-leave')).length === 1, 'the leave is reported');

    await page.getByRole('button', { name: '1 person here' }).click();
    await page.getByText('1 person here').waitFor();
    await page.locator('globes-chat').evaluate((chat) => chat.remove());
    await eventually(async () => (await (await fetch(`${server.origin}/chats/${room.id}`)).json()).users.length === 0, 'a removed element leaves');
});

test('visitors without a name are asked for one, and for the password of a private room', async (t) => {
    const { site, server } = await startBoth(t);
    const open_ = await createRoom(server);
    await ChatClient.join(server, open_, 'ben');
    const page = await open(t, site, `<globes-chat room="${open_.id}"></globes-chat>`);
    await page.getByLabel('Your name').fill('Ben');
    await page.keyboard.press('Enter');
    await page.getByText('The name Ben is taken. Choose another one.').waitFor();
    await page.getByLabel('Your name').fill('ada');
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();

    const locked = await createPrivateRoom(server);
    const ben = await ChatClient.open(server, locked, { token: await takeToken(server, locked, 'ben') });
    await page.locator('globes-chat').evaluate((chat, id) => chat.setAttribute('room', id), locked.id);
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill('not this one');
    await page.keyboard.press('Enter');
    await page.getByText('The password is wrong.').waitFor();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Your message' }).fill('inside');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'inside')).name, 'ada');
});

test('if the page’s name is taken, the visitor is asked for another one, and keeps the draft', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const david = await ChatClient.join(server, room, 'david');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="david"></globes-chat>`);
    await page.getByText('The name david is taken. Choose another one.').waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Your message' }).count(), 0);
    assert.equal(await page.getByLabel('Your name').inputValue(), 'david');
    assert.deepEqual((await events(page, 'globes-error')).map(({ error }) => error), [202]);
    await page.getByLabel('Your name').fill('david 2');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Your message' }).fill('two of us');
    await page.keyboard.press('Enter');
    assert.equal((await david.find(({ msg }) => msg === 'two of us')).name, 'david 2');

    const tooLong = 'x'.repeat(33);
    site.body = `<globes-chat room="${room.id}" name="${tooLong}"></globes-chat>`;
    await page.reload();
    await page.getByText('The server does not accept this name.').waitFor();
    assert.equal(await page.getByLabel('Your name').inputValue(), tooLong);
});

test('messages that were refused with a name are in the composer under the next name', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const david = await ChatClient.join(server, room, 'david');
    const context = await (await launchBrowser(t)).newContext();
    const page = await context.newPage();
    // The refusal is delayed, as by a slow network.
    let release;
    const released = new Promise((resolve) => {
        release = resolve;
    });
    await page.routeWebSocket(/./, (socket) => {
        const upstream = socket.connectToServer();
        upstream.onMessage(async (message) => {
            if (JSON.parse(message).event_type === 'error') await released;
            socket.send(message);
        });
    });
    site.body = `<globes-chat room="${room.id}" name="david"></globes-chat>`;
    await page.goto(site.origin);
    await page.getByRole('textbox', { name: 'Your message' }).fill('said too early');
    await page.keyboard.press('Enter');
    await page.getByText('said too early', { exact: true }).waitFor();
    release();
    await page.getByLabel('Your name').fill('dora');
    await page.keyboard.press('Enter');
    const field = page.getByRole('textbox', { name: 'Your message' });
    await eventually(async () => (await field.inputValue()) === 'said too early', 'it is given back');
    await field.press('Enter');
    assert.equal((await david.find(({ msg }) => msg === 'said too early')).name, 'dora');
});

test('a visitor whose name is taken in a private room requests a token for another one', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const ben = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ben"></globes-chat>`);
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('The name ben is taken.').waitFor();
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Your message' }).fill('another key');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'another key')).name, 'ada');
});

test('the token’s name is used, and asked for if the page gives another one', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const ben = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    const token = await takeToken(server, room, 'Zoë');
    const page = await open(t, site, `<globes-chat room="${room.id}" token="${token}"></globes-chat>`);
    await page.getByRole('textbox', { name: 'Your message' }).fill('nobody asked me');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'nobody asked me')).name, 'Zoë');

    site.body = `<globes-chat room="${room.id}" token="${token}" name="eve"></globes-chat>`;
    await page.reload();
    await page.getByText('The server does not accept this name.').waitFor();
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Zoë');
    assert.equal(await page.getByLabel('Password of this room').count(), 0);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('textbox', { name: 'Your message' }).fill('it is me');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'it is me')).name, 'Zoë');
});

test('an invalid token is reported without a button that could not help', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const page = await open(t, site, `<globes-chat room="${room.id}" token="no key" name="ada"></globes-chat>`);
    await page.getByText('The “token” of this page for the room is invalid.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    site.body = `<globes-chat room="${room.id}" token="no key" name="ada" lang="de" read-only></globes-chat>`;
    await page.reload();
    await page.getByText('Das „token“ dieser Seite für den Raum ist ungültig.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    site.body = '<globes-chat room="1" token="garbage"></globes-chat>';
    await page.reload();
    await page.getByText('The “token” of this page for the room is invalid.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    await page.locator('globes-chat').evaluate((chat) => chat.removeAttribute('token'));
    await page.getByLabel('Your name').waitFor();
});

test('every state of the connection is reported, and a listener may remove the element', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();
    await eventually(async () => (await events(page, 'globes-state')).length >= 2, 'there are two');
    assert.deepEqual((await events(page, 'globes-state')).map(({ state }) => state), ['connecting', 'online']);
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.evaluate(() => document.addEventListener('globes-state', ({ target, detail }) => detail.state === 'connecting' && target.remove()));
    await page.locator('globes-chat').evaluate((chat) => chat.setAttribute('name', ''));
    await page.getByLabel('Your name').fill('ada');
    await page.keyboard.press('Enter');
    await eventually(async () => (await page.locator('globes-chat').count()) === 0, 'it is gone');
    await eventually(async () => (await usersOf(server, room)).length === 0, 'and so is ada');
    assert.deepEqual(problems, []);
});

for (const height of [120, 200, 900]) {
    test(`the element is ${height} px high in a box of ${height} px, and all of it can be reached`, async (t) => {
        const { site, server } = await startBoth(t);
        const room = await createPrivateRoom(server);
        const style = `<style>body { margin: 0 } div { height: ${height}px } globes-chat { height: 100% }</style>`;
        const page = await open(t, site, `${style}<div><globes-chat room="${room.id}"></globes-chat></div>`, { viewport: { width: 700, height: 1000 } });
        const inBox = async (locator) => {
            await locator.scrollIntoViewIfNeeded();
            const { y, height: its } = await locator.boundingBox();
            assert.ok(y >= 0 && y + its <= height + 1, `from ${y} to ${y + its}`);
        };
        for (const label of ['Your name', 'Password of this room']) await inBox(page.getByLabel(label));
        await inBox(page.getByRole('button', { name: 'Join' }));
        await page.getByLabel('Your name').fill('ada');
        await page.getByLabel('Password of this room').fill(PASSWORD);
        await page.keyboard.press('Enter');
        await inBox(page.getByRole('textbox', { name: 'Your message' }));
        assert.equal((await page.locator('globes-chat').boundingBox()).height, height);
    });
}

test('a room that becomes public needs no password any more, also for visitors inside', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.fill('still private');
    await field.press('Enter');
    await page.getByText('still private', { exact: true }).waitFor();
    await field.fill('a draft');
    await put(server, `/chats/${room.id}`, { visibility: 'public' }, { token: await takeToken(server, room, 'ben') });
    await eventually(async () => (await usersOf(server, room)).includes('ada'), 'ada is back');
    assert.equal(await field.inputValue(), 'a draft');
    await field.press('Enter');
    await page.getByText('a draft', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Password of this room').count(), 0);
});

test('a room with a new password asks for it', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.waitFor();
    for (const password of [PASSWORD, 'another secret']) {
        await eventually(async () => (await events(page, 'globes-state')).at(-1)?.state === 'online', 'ada is connected');
        const isFirst = password === PASSWORD;
        const token = isFirst ? undefined : await takeToken(server, room, 'ben');
        await put(server, `/chats/${room.id}`, { visibility: 'private', password }, { token });
        await page.getByText('Access to this room has changed. Join again.').waitFor();
        await page.getByLabel('Password of this room').fill(password);
        await page.keyboard.press('Enter');
        await field.waitFor();
    }
});

test('a deleted room can be read, and has no composer', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.fill('last words');
    await field.press('Enter');
    await page.getByText('last words', { exact: true }).waitFor();
    await remove(server, `/chats/${room.id}`);
    await page.getByText('This room was deleted.').first().waitFor();
    assert.equal(await field.count(), 0);
    assert.ok(await page.getByText('last words', { exact: true }).isVisible());
});

test('an invalid history attribute counts as absent', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'said before');
    await ben.find(({ msg }) => msg === 'said before');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" history="abc"></globes-chat>`);
    await eventually(async () => (await events(page, 'globes-message')).length === 1, 'it is among the first messages');
});

test('a read-only element shows the room and does not join it', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" read-only lang="de"></globes-chat>`);
    await page.getByText('Noch keine Nachrichten').waitFor();
    ben.say('ben', 'for all to read');
    await page.getByText('for all to read', { exact: true }).waitFor();
    assert.equal(await page.getByRole('textbox').count(), 0);
    await ben.find(({ msg }) => msg === 'for all to read');
    assert.equal(ben.received('join').length, 1);
});

test('read-only works in a private room, with a token or with the password alone', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const bens = await takeToken(server, room, 'ben');
    const ben = await ChatClient.join(server, room, 'ben', { token: bens });
    const token = await takeToken(server, room, 'ada');
    const page = await open(t, site, `<globes-chat room="${room.id}" token="${token}" name="ada" read-only></globes-chat>`);
    const reads = async (msg) => {
        await page.getByText('No messages yet.').or(page.locator('.message')).first().waitFor();
        ben.say('ben', msg);
        await page.getByText(msg, { exact: true }).waitFor();
        assert.equal(await page.getByRole('textbox').count(), 0);
        assert.deepEqual(await usersOf(server, room, bens), ['ben']);
    };
    await reads('by a token');

    site.body = `<globes-chat room="${room.id}" read-only></globes-chat>`;
    await page.reload();
    await page.getByLabel('Password of this room').fill('not this one');
    assert.equal(await page.getByLabel('Your name').count(), 0);
    await page.keyboard.press('Enter');
    await page.getByText('The password is wrong.').waitFor();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await reads('by the password');
    assert.equal(ben.received('join', 'leave').length, 1);
});

test('custom properties of the site style the element, and names stay readable', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'pale', { color: '#ffffe0' });
    const style = '<style>globes-chat { height: 400px; --globes-surface: rgb(250, 240, 220); --globes-bubble: white; --globes-radius: 3px; --globes-font: monospace } button { display: none !important }</style>';
    const page = await open(t, site, `${style}<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    await page.getByText('pale', { exact: true }).waitFor();
    const looks = await page.locator('globes-chat .room').evaluate((room_) => {
        const { backgroundColor, fontFamily } = getComputedStyle(room_);
        const { borderTopRightRadius } = getComputedStyle(room_.querySelector('.bubble'));
        return { backgroundColor, fontFamily, borderTopRightRadius, name: getComputedStyle(room_.querySelector('.name')).color };
    });
    assert.deepEqual({ ...looks, name: '' }, { backgroundColor: 'rgb(250, 240, 220)', fontFamily: 'monospace', borderTopRightRadius: '3px', name: '' });
    const [red, green, blue] = looks.name.match(/\d+/g).map(Number);
    assert.ok(red < 140 && green < 140 && blue < 140, `light yellow became ${looks.name}`);
    assert.ok(await page.getByRole('button', { name: 'Send' }).isVisible(), 'the site’s own rules stay outside');
    assert.equal((await page.locator('globes-chat').boundingBox()).height, 400);
});

test('a missing room, and a server that does not allow the site, are reported', async (t) => {
    const { site } = await startBoth(t);
    const page = await open(t, site, '<globes-chat room="4711" name="ada"></globes-chat>');
    await page.getByText('Room not found.').waitFor();
    assert.deepEqual((await events(page, 'globes-error')).map(({ error }) => error), [101]);

    const refused = await startBoth(t, { allowed: false });
    // CORS may refuse the module itself, so the element is loaded from where it is allowed.
    refused.site.scripts = '';
    refused.site.body = '';
    site.body = `<globes-chat room="1" name="ada" server="${refused.server.origin}"></globes-chat>`;
    await page.reload();
    await page.getByText('The chat server cannot be reached.').waitFor();
});

test('an invalid server attribute is reported as an error of the library', async (t) => {
    const { site } = await startBoth(t);
    const page = await open(t, site, '<globes-chat room="1" name="ada" server="chat.example.org"></globes-chat>');
    await page.getByText('The address of the chat (“server”) is invalid.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    assert.deepEqual((await events(page, 'globes-error')).map(({ error, field }) => [error, field]), [[null, 'baseUrl']]);
});

test('the demo page shows the element, its settings and its events', async (t) => {
    const { server } = await startBoth(t);
    const page = await (await launchBrowser(t)).newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(`${server.origin}/demo.html`);
    await page.getByLabel('Name', { exact: true }).fill('ada');
    await page.keyboard.press('Tab');
    await page.getByText('globes-state online').waitFor();
    await page.getByRole('textbox', { name: 'Your message' }).fill('from the demo');
    await page.keyboard.press('Enter');
    await page.getByText('globes-message ada: from the demo').waitFor();
    assert.match(await page.locator('#code').textContent(), /<globes-chat room="1" lang="en" name="ada"><\/globes-chat>/);
    await page.getByLabel('Theme').selectOption('forest');
    const surface = () => page.locator('globes-chat .room').evaluate((room) => getComputedStyle(room).backgroundColor);
    await eventually(async () => (await surface()) === 'rgb(16, 32, 26)', 'the theme is seen');
    assert.deepEqual(problems, []);
});
