// <globes-chat> on somebody else's site: another origin, its own looks, its own scripts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom, put, remove, takeToken, usersOf } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { eventually } from '../api/harness/wait.js';
import { events, open, startBoth } from './embed_site.js';

test('two lines bring a room to a site of another origin', async (t) => {
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

    const heard = (await events(page, 'globes-message')).map(({ msg, isOwn }) => [msg, isOwn]);
    assert.deepEqual(heard, [['old 4', false], ['old 5', false], ['hello from a site', true], ['hello, site', false]]);
    assert.deepEqual((await events(page, 'globes-join')).map(({ name }) => name), ['ada']);
    assert.equal((await events(page, 'globes-state')).at(-1).state, 'online');
    assert.equal(await page.getByRole('button', { name: '2 people here' }).textContent(), '2');
    await ben.leave();
    await eventually(async () => (await events(page, 'globes-leave')).length === 1, 'the leave is told');

    await page.getByRole('button', { name: '1 person here' }).click();
    await page.getByText('1 person here').waitFor();
    await page.locator('globes-chat').evaluate((chat) => chat.remove());
    await eventually(async () => (await (await fetch(`${server.origin}/chats/${room.id}`)).json()).users.length === 0, 'a removed element leaves');
});

test('without a name visitors are asked for one, and for the password of a private room', async (t) => {
    const { site, server } = await startBoth(t);
    const open_ = await createRoom(server);
    await ChatClient.join(server, open_, 'ben');
    const page = await open(t, site, `<globes-chat room="${open_.id}"></globes-chat>`);
    await page.getByLabel('Your name').fill('Ben');
    await page.keyboard.press('Enter');
    await page.getByText('Somebody here is called Ben already. Choose another name.').waitFor();
    await page.getByLabel('Your name').fill('ada');
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();

    const locked = await createPrivateRoom(server);
    const ben = await ChatClient.open(server, locked, { token: await takeToken(server, locked, 'ben') });
    await page.locator('globes-chat').evaluate((chat, id) => chat.setAttribute('room', id), locked.id);
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill('not this one');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the password of this room.').waitFor();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Your message' }).fill('inside');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'inside')).name, 'ada');
});

test('a name of the page that is taken is asked for in place, and what was written is not lost', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const david = await ChatClient.join(server, room, 'david');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="david"></globes-chat>`);
    await page.getByText('Somebody here is called david already. Choose another name.').waitFor();
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

test('what could not be said under a refused name stands in the composer under the next one', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const david = await ChatClient.join(server, room, 'david');
    const context = await (await launchBrowser(t)).newContext();
    const page = await context.newPage();
    // The refusal comes late, as over a slow line.
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

test('who finds their name taken in a private room buys a key for another one', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const ben = await ChatClient.join(server, room, 'ben', { token: await takeToken(server, room, 'ben') });
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ben"></globes-chat>`);
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Somebody here is called ben already.').waitFor();
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Your message' }).fill('another key');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'another key')).name, 'ada');
});

test('a token brings its name along, and asks for it again where the page gave another', async (t) => {
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
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByRole('textbox', { name: 'Your message' }).fill('it is me');
    await page.keyboard.press('Enter');
    assert.equal((await ben.find(({ msg }) => msg === 'it is me')).name, 'Zoë');
});

test('a token that is none is said in words, without a button that could not help', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const page = await open(t, site, `<globes-chat room="${room.id}" token="no key" name="ada"></globes-chat>`);
    await page.getByText('The key that this page has for this room (its “token”) is not valid.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    site.body = `<globes-chat room="${room.id}" token="no key" name="ada" lang="de" read-only></globes-chat>`;
    await page.reload();
    await page.getByText('Der Schlüssel, den diese Seite für diesen Raum hat (ihr „token“), ist nicht gültig.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    site.body = '<globes-chat room="1" token="garbage"></globes-chat>';
    await page.reload();
    await page.getByText('The key that this page has for this room (its “token”) is not valid.').waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    await page.locator('globes-chat').evaluate((chat) => chat.removeAttribute('token'));
    await page.getByLabel('Your name').waitFor();
});

test('the states of the connection are told from the first on, and a listener may remove the element', async (t) => {
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
        await inBox(page.getByRole('button', { name: 'Come in' }));
        await page.getByLabel('Your name').fill('ada');
        await page.getByLabel('Password of this room').fill(PASSWORD);
        await page.keyboard.press('Enter');
        await inBox(page.getByRole('textbox', { name: 'Your message' }));
        assert.equal((await page.locator('globes-chat').boundingBox()).height, height);
    });
}

test('a room that becomes public while one is in it goes on without a password', async (t) => {
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
        await page.getByText('The key to this room has changed. Please come in again.').waitFor();
        await page.getByLabel('Password of this room').fill(password);
        await page.keyboard.press('Enter');
        await field.waitFor();
    }
});

test('a room that is deleted can be read, and not written to', async (t) => {
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

test('a history that is no number is the default', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'said before');
    await ben.find(({ msg }) => msg === 'said before');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" history="abc"></globes-chat>`);
    await eventually(async () => (await events(page, 'globes-message')).length === 1, 'it is among the first messages');
});

test('read-only shows the room and takes no part', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" read-only lang="de"></globes-chat>`);
    await page.getByText('Hier hat noch niemand').waitFor();
    ben.say('ben', 'for all to read');
    await page.getByText('for all to read', { exact: true }).waitFor();
    assert.equal(await page.getByRole('textbox').count(), 0);
    await ben.find(({ msg }) => msg === 'for all to read');
    assert.equal(ben.received('join').length, 1);
});

test('read-only is so in a private room too, by a token or by the password alone', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createPrivateRoom(server);
    const bens = await takeToken(server, room, 'ben');
    const ben = await ChatClient.join(server, room, 'ben', { token: bens });
    const token = await takeToken(server, room, 'ada');
    const page = await open(t, site, `<globes-chat room="${room.id}" token="${token}" name="ada" read-only></globes-chat>`);
    const reads = async (msg) => {
        await page.getByText('Nobody has said anything yet.').or(page.locator('.message')).first().waitFor();
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
    await page.getByText('That is not the password of this room.').waitFor();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await reads('by the password');
    assert.equal(ben.received('join', 'leave').length, 1);
});

test('the site’s custom properties give it its looks, and names stay readable', async (t) => {
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

test('a room that is not there, and a server that does not allow the site, are said in words', async (t) => {
    const { site } = await startBoth(t);
    const page = await open(t, site, '<globes-chat room="4711" name="ada"></globes-chat>');
    await page.getByText('There is no such room.').waitFor();
    assert.deepEqual((await events(page, 'globes-error')).map(({ error }) => error), [101]);

    const refused = await startBoth(t, { allowed: false });
    // Its module itself may be refused by CORS; the element is loaded from where it is allowed.
    refused.site.scripts = '';
    refused.site.body = '';
    site.body = `<globes-chat room="1" name="ada" server="${refused.server.origin}"></globes-chat>`;
    await page.reload();
    await page.getByText('The chat can’t be reached.').waitFor();
});

test('a server attribute that is no address is told as an error of the library', async (t) => {
    const { site } = await startBoth(t);
    const page = await open(t, site, '<globes-chat room="1" name="ada" server="chat.example.org"></globes-chat>');
    await page.getByText('The address of the chat (“server”) is not valid.').waitFor();
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
