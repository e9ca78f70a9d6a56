// The entrance of a room: names, colors, passwords, and every refusal.
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

test('a name and a color are enough to join a public room, and are remembered for the next one', async (t) => {
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
    await assertFocused(page.getByRole('button', { name: 'Join' }));
    await watcher.leave();
});

test('the preview shows the chosen name and color', async (t) => {
    const page = await visit(t, entranceOf({ id: 1 }));
    const preview = page.getByRole('group', { name: 'Preview' });
    await page.getByLabel('Your name').fill('Zoë');
    assert.match(await preview.textContent(), /Zoë/);
    const colorOf = () => preview.getByText('Zoë').evaluate((name) => getComputedStyle(name).color);
    await page.getByLabel('Another color').fill('#123456');
    assert.equal(await colorOf(), 'rgb(18, 52, 86)');
    await page.getByLabel('Another color').fill('#ffee00');
    const [red, green, blue] = (await colorOf()).match(/\d+/g).map(Number);
    assert.ok(red < 160 && green < 160 && blue < 40, 'yellow that can be read on light ground');
    assert.equal(await page.getByRole('radio', { checked: true }).count(), 0);
});

test('a private room asks for its password, rejects a wrong one, and accepts the right one', async (t) => {
    const room = await createPrivateRoom(server);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ada');
    await page.getByRole('button', { name: 'Join' }).click();
    const password = page.getByLabel('Password of this room');
    await page.getByText('The password is wrong.').waitFor();
    await password.fill('wrong horse');
    await page.keyboard.press('Enter');
    await page.getByText('The password is wrong.').waitFor();
    assert.equal(await password.getAttribute('aria-invalid'), 'true');
    await assertFocused(password);
    await password.fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/chats/${room.id}`);
    await connected(page);
});

test('after too many wrong passwords the form waits, and says so', async (t) => {
    const room = await createPrivateRoom(server);
    await exhaustPasswordTries(server, room);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Too many attempts. Wait a moment, then try again.').waitFor();
    await page.getByRole('button', { name: /^Wait \d+ s$/ }).waitFor();
});

test('a name that is taken, in upper or lower case, is reported at its field, and another one is accepted', async (t) => {
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'Ada');
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ADA');
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByText('This name is taken. Choose another one.').waitFor();
    assert.match(page.url(), /\/entrance$/);
    await assertFocused(page.getByLabel('Your name'));
    assert.deepEqual(await usersOf(server, room), ['Ada']);
    await enter(page, 'Grace');
    await ada.find((event) => event.event_type === 'join' && event.name === 'Grace');
    await ada.leave();
});

test('an invalid name is not sent to the server', async (t) => {
    const page = await visit(t, entranceOf({ id: 1 }));
    await page.getByLabel('Your name').fill('   ');
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByText('Enter a name.').waitFor();
    await page.getByLabel('Your name').fill('x'.repeat(33));
    await page.getByText('Enter at most 32 characters.').waitFor();
    assert.deepEqual(await usersOf(server, { id: 1 }), []);
});

test('a missing room has a page with a link to the list of rooms', async (t) => {
    const page = await visit(t, entranceOf({ id: 4242 }));
    await page.getByRole('heading', { name: 'Room not found' }).waitFor();
    assert.equal(await page.title(), 'Room not found · Globes');
    await page.getByRole('link', { name: 'All rooms' }).click();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
});

test('the title in an address is replaced by the room’s id', async (t) => {
    const room = await createRoom(server, { title: 'Ärger & Söhne' });
    const page = await visit(t, `${server.origin}/chats/${encodeURIComponent('ärger & söhne')}/entrance`);
    await page.getByRole('heading', { name: 'Ärger & Söhne' }).waitFor();
    assert.equal(page.url(), entranceOf(room));
});

test('if the server cannot be reached, the entrance says so and keeps the name', async (t) => {
    const own = await startServer(t, pageConfig);
    const page = await visit(t, entranceOf({ id: 1 }, own));
    await page.getByLabel('Your name').fill('ada');
    await own.stop();
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByText('The server cannot be reached.').waitFor();
    assert.equal(await page.getByLabel('Your name').inputValue(), 'ada');
});

test('a visitor at the entrance can still join after the room becomes public or private', async (t) => {
    const room = await createPrivateRoom(server);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Your name').fill('ada');
    await page.getByLabel('Password of this room').fill(PASSWORD);
    const token = await takeToken(server, room, 'ben');
    assertStatus(await put(server, `/chats/${room.id}`, { visibility: 'public' }, { token }), 200);
    await page.getByRole('button', { name: 'Join' }).click();
    await connected(page);

    await page.goto(entranceOf(room));
    await page.getByLabel('Your name').fill('ada again');
    assertStatus(await put(server, `/chats/${room.id}`, { visibility: 'private', password: PASSWORD }), 200);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByLabel('Password of this room').fill(PASSWORD);
    assert.equal(await page.getByLabel('Your name').inputValue(), 'ada again');
    await page.getByRole('button', { name: 'Join' }).click();
    await connected(page);
});
