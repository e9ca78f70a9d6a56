// The way into a room: names, colours, passwords, and every way to be turned away.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertStatus, createPrivateRoom, createRoom, put, takeToken, usersOf } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import {
    assertFocused,
    connected,
    enter,
    exhaustPasswordTries,
    pageConfig,
    sharedBrowser,
} from '../api/harness/visitor.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();

const entranceOf = (room, { origin } = server) => `${origin}/chats/${room.id}/entrance`;

test('a name and a colour open a public room, and are remembered for the next one', async (t) => {
    const room = await createRoom(server);
    const other = await createRoom(server);
    const watcher = await ChatClient.join(server, room, 'watcher');
    const page = await visit(t, entranceOf(room));
    await page.getByText('1 person is here.').waitFor();
    await page.getByTitle('Violet').click();
    await enter(page, '  Ada  ');
    const joined = await watcher.find((event) => event.event_type === 'join');
    assert.deepEqual([joined.name, joined.color], ['Ada', '#8a5fd0']);

    await page.goto(entranceOf(other));
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Ada');
    assert.equal(await page.getByRole('radio', { name: 'Violet' }).isChecked(), true);
    await assertFocused(page.getByRole('button', { name: 'Come in' }));
    await watcher.leave();
});

test('the preview shows name and colour as they are chosen', async (t) => {
    const page = await visit(t, entranceOf({ id: 1 }));
    const preview = page.getByRole('group', { name: 'Preview' });
    await page.getByLabel('Your name').fill('Zoë');
    assert.match(await preview.textContent(), /Zoë/);
    const colorOf = () => preview.getByText('Zoë').evaluate((name) => getComputedStyle(name).color);
    await page.getByLabel('Another colour').fill('#123456');
    assert.equal(await colorOf(), 'rgb(18, 52, 86)');
    await page.getByLabel('Another colour').fill('#ffee00');
    const [red, green, blue] = (await colorOf()).match(/\d+/g).map(Number);
    assert.ok(red < 160 && green < 160 && blue < 40, 'yellow that can be read on light ground');
    assert.equal(await page.getByRole('radio', { checked: true }).count(), 0);
});

test('a private room asks for its password, says when it is wrong, and opens by the right one', async (t) => {
    const room = await createPrivateRoom(server);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ada');
    await page.getByRole('button', { name: 'Come in' }).click();
    const password = page.getByLabel('Password of this room');
    await page.getByText('That is not the password of this room.').waitFor();
    await password.fill('wrong horse');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the password of this room.').waitFor();
    assert.equal(await password.getAttribute('aria-invalid'), 'true');
    await assertFocused(password);
    await password.fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/chats/${room.id}`);
    await connected(page);
});

test('too many wrong passwords make the door wait, and say so', async (t) => {
    const room = await createPrivateRoom(server);
    await exhaustPasswordTries(server, room);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Too many tries. Wait a moment, then try again.').waitFor();
    await page.getByRole('button', { name: /^Wait \d+ s$/ }).waitFor();
});

test('a name that somebody has is said in place, in any case of letters, and another one opens', async (t) => {
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'Ada');
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ADA');
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByText('Somebody here has this name already. Choose another one.').waitFor();
    assert.match(page.url(), /\/entrance$/);
    await assertFocused(page.getByLabel('Your name'));
    assert.deepEqual(await usersOf(server, room), ['Ada']);
    await enter(page, 'Grace');
    await ada.find((event) => event.event_type === 'join' && event.name === 'Grace');
    await ada.leave();
});

test('a name against the rules never leaves the page', async (t) => {
    const page = await visit(t, entranceOf({ id: 1 }));
    await page.getByLabel('Your name').fill('   ');
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByText('Please give yourself a name.').waitFor();
    await page.getByLabel('Your name').fill('x'.repeat(33));
    await page.getByText('At most 32 characters, please.').waitFor();
    assert.deepEqual(await usersOf(server, { id: 1 }), []);
});

test('a room that is not there says so and leads home', async (t) => {
    const page = await visit(t, entranceOf({ id: 4242 }));
    await page.getByRole('heading', { name: 'There is no such room' }).waitFor();
    assert.equal(await page.title(), 'There is no such room · Globes');
    await page.getByRole('link', { name: 'All rooms' }).click();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
});

test('a room is found by its title, and its address becomes its id', async (t) => {
    const room = await createRoom(server, { title: 'Ärger & Söhne' });
    const page = await visit(t, `${server.origin}/chats/${encodeURIComponent('ärger & söhne')}/entrance`);
    await page.getByRole('heading', { name: 'Ärger & Söhne' }).waitFor();
    assert.equal(page.url(), entranceOf(room));
});

test('a server that is gone is said at the entrance, and the name stays', async (t) => {
    const own = await startServer(t, pageConfig);
    const page = await visit(t, entranceOf({ id: 1 }, own));
    await page.getByLabel('Your name').fill('ada');
    await own.stop();
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByText('The server can’t be reached.').waitFor();
    assert.equal(await page.getByLabel('Your name').inputValue(), 'ada');
});

test('a room that becomes public, or gets a password, while one stands before it, is entered all the same', async (t) => {
    const room = await createPrivateRoom(server);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    const token = await takeToken(server, room, 'ben');
    assertStatus(await put(server, `/chats/${room.id}`, { visibility: 'public' }, { token }), 200);
    await page.getByRole('button', { name: 'Come in' }).click();
    await connected(page);

    await page.goto(entranceOf(room));
    await page.getByLabel('Your name').fill('ada again');
    assertStatus(await put(server, `/chats/${room.id}`, { visibility: 'private', password: PASSWORD }), 200);
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    assert.equal(await page.getByLabel('Your name').inputValue(), 'ada again');
    await page.getByRole('button', { name: 'Come in' }).click();
    await connected(page);
});
