// Chatting in the room view, with two and more users, on desktops and phones.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { PHONE, TestUser, serveSources } from './room_fixture.js';

const server = sharedServer(serveSources());

test('two users see each other’s messages, and their own on the other side', async (t) => {
    const room = await createRoom(server);
    const browser = await launchBrowser(t);
    const ada = await TestUser.enter(browser, server, room, { name: 'ada', color: 'teal' });
    await ada.page.getByText('No messages yet.').waitFor();
    const ben = await TestUser.enter(browser, server, room, { name: 'ben', context: PHONE });
    await ada.page.locator('.presence').getByText('ben joined').waitFor();

    await ada.say('Hello, Ben');
    await ben.message('Hello, Ben').waitFor();
    await ben.say('Hello, Ada');
    await ben.say('Nice lamp');
    await ada.message('Nice lamp').waitFor();

    assert.deepEqual(await ada.texts(), ['Hello, Ben', 'Hello, Ada', 'Nice lamp']);
    assert.deepEqual(await ben.texts(), ['Hello, Ben', 'Hello, Ada', 'Nice lamp']);
    assert.deepEqual(await ada.page.locator('.message .name').allTextContents(), ['ben'], 'one name for the group');
    assert.match(await ada.message('Hello, Ada').locator('time').textContent(), /^\d{1,2}:\d\d\s[AP]M$/);
    await ada.message('Hello, Ben').getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
    for (const user of [ada, ben]) {
        const middle = (await user.scroller.boundingBox()).width / 2;
        const side = async (text) => {
            const { x, width } = await user.message(text).locator('.bubble').boundingBox();
            return x + width / 2 < middle ? 'start' : 'end';
        };
        assert.equal(await side('Hello, Ben'), user === ada ? 'end' : 'start');
        assert.equal(await side('Hello, Ada'), user === ada ? 'start' : 'end');
    }

    await ben.context.close();
    await ada.page.getByText('ben left').waitFor();
    assert.deepEqual(ada.problems, []);
});

test('a skeleton is shown until the messages are loaded', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'text');
    await ben.find(({ msg }) => msg === 'text');
    const browser = await launchBrowser(t);
    const ada = await TestUser.enter(browser, server, room, { name: 'ada', held: true });
    await ada.page.getByText('Loading messages').waitFor({ state: 'attached' });
    assert.ok(await ada.page.locator('.skeleton').isVisible());
    await ada.release();
    await ada.message('text').waitFor();
    assert.equal(await ada.page.locator('.skeleton').isVisible(), false);
});

test('a view that is created late, before its host is in the page, shows the same', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 79; number += 1) ben.say('ben', `text ${number}`);
    await ben.find(({ msg }) => msg === 'text 79');
    const eve = await ChatClient.join(server, room, 'eve');
    eve.say('eve', 'text 80', { color: 'yellow' });
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.message('text 80').waitFor();
    const color = (view) => view.locator('.name').last().evaluate((name) => getComputedStyle(name).color);
    const last = await color(ada.page.locator('#host'));
    const loaded = ada.page.waitForEvent('requestfinished', (request) => request.url().includes('/events'));
    await ada.page.evaluate((id) => {
        window.lateHost = document.createElement('div');
        window.lateHost.id = 'late';
        window.late = new window.RoomView(window.lateHost, { connection: window.connection, room: { id }, texts: window.texts });
    }, room.id);
    await loaded;
    await ada.page.evaluate(() => {
        window.view.destroy();
        document.getElementById('host').append(window.lateHost);
        window.lateHost.style.height = '100%';
    });
    await ada.message('text 80').waitFor();
    await ada.say('by the second view');
    await ada.message('by the second view').waitFor();
    assert.equal(await color(ada.page.locator('#late')), last, 'names have the colors of the theme');
    // While older messages are loading, the reader stays at the top row.
    await eventually(async () => {
        await ada.scroller.evaluate((scroller) => {
            scroller.scrollTop = 0;
        });
        return ada.message('text 1').isVisible();
    }, 'the first message is there');
    assert.deepEqual(ada.problems, []);
});

test('addresses become links, and nothing else does', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'see https://example.org/a?b=1, not javascript:alert(1)');
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    const links = ada.page.locator('.message a');
    await links.first().waitFor();
    assert.equal(await links.count(), 1);
    assert.equal(await links.getAttribute('href'), 'https://example.org/a?b=1');
    assert.equal(await links.getAttribute('rel'), 'noopener noreferrer nofollow');
    assert.equal(await links.getAttribute('target'), '_blank');
});

test('drafts survive a reload, each in its room', async (t) => {
    const [room, other] = [await createRoom(server), await createRoom(server)];
    const browser = await launchBrowser(t);
    const ada = await TestUser.enter(browser, server, room, { name: 'ada' });
    await ada.field.fill('half a thought');
    await ada.reload();
    assert.equal(await ada.field.inputValue(), 'half a thought');
    const elsewhere = await TestUser.enter(browser, server, other, { name: 'ada' });
    assert.equal(await elsewhere.field.inputValue(), '');
    await ada.field.press('Enter');
    await ada.message('half a thought').waitFor();
    await ada.reload();
    await ada.message('half a thought').waitFor();
    assert.equal(await ada.field.inputValue(), '');
});

test('the counter is shown near the limit, and beyond it nothing is sent', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    const count = ada.page.locator('.count');
    await ada.field.fill('a'.repeat(3000));
    assert.equal(await count.textContent(), '');
    await ada.field.fill('🎈'.repeat(4095));
    assert.equal(await count.textContent(), '1');
    await ada.say('🎈'.repeat(4097));
    assert.equal(await count.textContent(), '-1');
    assert.equal(await count.getAttribute('aria-label'), '1 character too many');
    assert.equal(await ada.page.getByRole('button', { name: 'Send' }).getAttribute('aria-disabled'), 'true');
    assert.equal((await ada.field.inputValue()).length, 2 * 4097);
    await ada.say('🎈'.repeat(4096));
    await ada.messages.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
    assert.deepEqual((await ada.texts()).map((text) => [...text].length), [4096]);
});

test('emoji are inserted by the picker or a code, and are large if there is nothing else', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.field.fill('ab');
    await ada.page.keyboard.press('ArrowLeft');
    await ada.page.getByRole('button', { name: 'Insert an emoji' }).click();
    await ada.page.getByRole('button', { name: 'tada' }).click();
    assert.equal(await ada.field.inputValue(), 'a🎉b');
    assert.equal(await ada.page.locator('.picker').isVisible(), false);
    await ada.say(':tada: :heart:');
    await ada.message('🎉 ❤️').waitFor();
    const size = (text) => ada.message(text).locator('.text').evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
    await ada.say('with words 🎉');
    await ada.message('with words 🎉').waitFor();
    // Rows are replaced when their message is confirmed, and a removed element has no size.
    await eventually(async () => (await size('🎉 ❤️')) >= 2 * (await size('with words 🎉')), 'alone they are large');
});

test('a reader of older messages is told of new ones, and one click leads there', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let count = 1; count <= 50; count += 1) ben.say('ben', `text ${count}`);
    await ben.find(({ msg }) => msg === 'text 50');
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.message('text 50').waitFor();
    const jump = ada.page.locator('.jump');
    assert.equal(await jump.isVisible(), false);
    await ada.scroller.hover();
    await ada.page.mouse.wheel(0, -900);
    await jump.waitFor();
    ben.say('ben', 'new 1');
    ben.say('ben', 'new 2');
    await ada.page.getByRole('button', { name: '2 new messages, go to the latest' }).waitFor();
    assert.deepEqual(await ada.page.evaluate(() => window.unread), [1, 2]);
    await jump.click();
    await ada.message('new 2').waitFor();
    await eventually(async () => !(await jump.isVisible()), 'the button goes');
    assert.deepEqual(await ada.page.evaluate(() => window.unread), [1, 2, 0]);
    const order = await ada.page.locator('.row').evaluateAll((rows) =>
        rows.slice(-3).map((row) => (row.querySelector('.text') ?? row).textContent),
    );
    assert.deepEqual(order, ['New messages', 'new 1', 'new 2']);
    assert.ok(await ada.field.evaluate((field) => field.getRootNode().activeElement === field), 'one can write at once');

    await ada.say('thanks');
    await ada.message('thanks').waitFor();
    await eventually(async () => (await ada.page.locator('.marker').count()) === 0, 'who answers has read');
    ben.say('ben', 'seen at once');
    await ada.message('seen at once').waitFor();
    assert.equal(await ada.page.locator('.marker').count(), 0);
});

test('the list of members follows joins and leaves', async (t) => {
    const room = await createRoom(server);
    const browser = await launchBrowser(t);
    for (const context of [PHONE, undefined]) {
        const ada = await TestUser.enter(browser, server, room, { name: 'ada', color: 'teal', ...(context && { context }) });
        await ada.reaches('online');
        await ada.field.focus();
        await ada.page.evaluate(() => window.view.showMembers());
        const members = ada.page.getByRole('complementary', { name: 'People here' });
        await members.getByText('1 person here').waitFor();
        const ben = await ChatClient.join(server, room, 'ben');
        await members.getByText('2 people here').waitFor();
        assert.deepEqual(await members.getByRole('listitem').allTextContents(), ['ada(you)', 'ben']);
        await ben.leave();
        await members.getByText('1 person here').waitFor();
        await ada.page.keyboard.press('Escape');
        assert.equal(await members.isVisible(), false);
        assert.ok(await ada.field.evaluate((field) => field.getRootNode().activeElement === field), 'the focus is back');
        await ada.context.close();
        await eventually(async () => (await fetch(`${server.origin}/chats/${room.id}`).then((answer) => answer.json())).users.length === 0, 'ada has left');
    }
});

test('new messages are announced, old and own ones are not', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'old');
    await ben.find(({ msg }) => msg === 'old');
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.message('old').waitFor();
    await ada.say('mine');
    await ben.find(({ msg }) => msg === 'mine');
    ben.say('ben', 'fresh');
    const log = ada.page.getByRole('log');
    await log.getByText('ben: fresh').waitFor({ state: 'attached' });
    assert.equal(await log.textContent(), 'ben: fresh');
    assert.equal(await log.getAttribute('aria-live'), 'polite');
    for (let count = 1; count <= 20; count += 1) ben.say('ben', `flood ${count}`);
    await log.getByText(/new messages/).first().waitFor({ state: 'attached' });
    assert.ok((await log.locator('p').count()) <= 8);
});

test('the texts are German if the language is', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', language: 'de' });
    await ada.say('Guten Abend');
    await ada.message('Guten Abend').getByText('Gesendet').waitFor({ state: 'attached' });
    await ada.page.getByText('Heute').waitFor();
    await ada.page.getByRole('button', { name: 'Senden' }).waitFor();
});

test('a reader has neither a composer nor a name', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const reader = await TestUser.enter(await launchBrowser(t), server, room, { readOnly: true });
    await reader.reaches('online');
    ben.say('ben', 'hello?');
    await reader.message('hello?').waitFor();
    assert.equal(await reader.field.count(), 0);
    await ben.find(({ msg }) => msg === 'hello?');
    assert.equal(ben.received('join').length, 1);
});
