// The dialog that creates a room: its rules, its requests, and what the browser stores.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertStatus, createRoom, get, put } from '../api/harness/api.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import { assertFocused, enter, pageConfig, sharedBrowser } from '../api/harness/visitor.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();

async function openDialog(t, options) {
    const page = await visit(t, server.origin, options);
    await page.getByRole('button', { name: 'New room' }).click();
    return { page, dialog: page.getByRole('dialog', { name: 'New room' }) };
}

const roomIdOf = (page) => Number(/\/chats\/(\d+)/.exec(page.url())[1]);

test('a title is enough to create a public room, and its entrance follows', async (t) => {
    const { page, dialog } = await openDialog(t);
    await assertFocused(dialog.getByLabel('Title'));
    await page.keyboard.type('  Night owls ');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/entrance');
    await page.getByRole('heading', { name: 'Night owls' }).waitFor();
    await dialog.waitFor({ state: 'detached' });
    const { json } = await get(server, `/chats/${roomIdOf(page)}`);
    assert.deepEqual([json.title, json.description, json.visibility], ['Night owls', '', 'public']);
    // The room has an owner, so nobody else may change it.
    assertStatus(await put(server, `/chats/${json.id}`, { description: 'Mine now' }), 401);
});

test('a server that has all its rooms says so, and the dialog keeps the entered title', async (t) => {
    const full = await startServer(t, { ...pageConfig, config: { ...pageConfig.config, MaxRooms: 1 } });
    const reason = 'The server has as many rooms as it may have.';
    for (const [locale, opens, title, create, text] of [
        ['en-GB', 'New room', 'Title', 'Create room', reason],
        ['de-DE', 'Neuer Raum', 'Titel', 'Raum anlegen', `Der Server meldet: „${reason}“`],
    ]) {
        const page = await visit(t, full.origin, { locale });
        await page.getByRole('button', { name: opens }).click();
        const dialog = page.getByRole('dialog', { name: opens });
        await dialog.getByLabel(title).fill('One too many');
        await dialog.getByRole('button', { name: create }).click();
        await dialog.getByRole('alert').getByText(text, { exact: true }).waitFor();
        assert.equal(await dialog.getByLabel(title).inputValue(), 'One too many');
    }
});

test('a limit of the address is shown with its reason, in view, and a long wait in minutes', async (t) => {
    const limited = await startServer(t, { ...pageConfig, config: { ...pageConfig.config, ExemptAddresses: [], AddressRoomsPerHour: 1 } });
    await createRoom(limited);
    const page = await visit(t, limited.origin, { size: { width: 360, height: 480 } });
    await page.getByRole('button', { name: 'New room' }).click();
    const dialog = page.getByRole('dialog', { name: 'New room' });
    await dialog.getByLabel('Title').fill('One too many');
    await page.keyboard.press('Enter');
    const alert = dialog.getByRole('alert').getByText('This address has created as many rooms as it may for now.', { exact: true });
    await alert.waitFor();
    await dialog.getByRole('button', { name: /^Wait (59|60) min$/ }).waitFor();
    const { bottom, height } = await alert.evaluate((shown) => ({ bottom: shown.getBoundingClientRect().bottom, height: innerHeight }));
    assert.ok(bottom > 0 && bottom <= height, `${bottom} of ${height}`);
});

test('every room that is created here has an owner, whatever its visibility', async (t) => {
    for (const [visibility, title] of [['Public', 'Glass house'], ['Private', 'Brick house'], ['Hidden', 'Dug house']]) {
        const { page, dialog } = await openDialog(t);
        await dialog.getByText('Only you can change this room.').waitFor();
        assert.equal(await dialog.getByRole('checkbox').count(), 0);
        await dialog.getByLabel('Title').fill(title);
        await dialog.getByText(visibility, { exact: true }).click();
        if (visibility !== 'Public') {
            await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
            await dialog.getByLabel('Your name in this room').fill('Ada');
        }
        const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/chats'));
        await dialog.getByRole('button', { name: 'Create room' }).click();
        assert.equal((await sent).postDataJSON().owner, true);
        await page.waitForURL('**/entrance');
    }
});

test('a private room needs a password, and its owner joins without it under the given name', async (t) => {
    const { page, dialog } = await openDialog(t);
    await dialog.getByLabel('Title').fill('Vault');
    await dialog.getByLabel('Description').fill('Behind the bookshelf');
    await dialog.getByText('Private', { exact: true }).click();
    await dialog.getByLabel('Password', { exact: true }).fill('short');
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await dialog.getByText('Enter at least 8 characters.').waitFor();
    await assertFocused(dialog.getByLabel('Password', { exact: true }));
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
    assert.equal(await dialog.getByText('Enter at least 8 characters.').count(), 0, 'it goes away while typing');
    await dialog.getByLabel('Your name in this room').fill('Ada');
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await page.waitForURL('**/entrance');
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Ada');
    assert.equal(await page.getByLabel('Password of this room').isVisible(), false);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.waitForURL(/\/chats\/\d+$/);
    await page.getByRole('heading', { name: 'Vault' }).waitFor();
});

test('a hidden room that was made here is listed here, and nowhere else', async (t) => {
    const { page, dialog } = await openDialog(t);
    await dialog.getByLabel('Title').fill('Tree house');
    await dialog.getByText('Hidden', { exact: true }).click();
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await dialog.getByLabel('Your name in this room').fill('Ada');
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await page.waitForURL('**/entrance');
    await page.getByRole('link', { name: 'Globes' }).click();
    const row = page.getByRole('link', { name: 'Tree house' });
    assert.match(await row.textContent(), /Hidden[^]*Yours/);
    const other = await visit(t, server.origin);
    await other.getByRole('link', { name: 'Public Chat' }).waitFor();
    assert.equal(await other.getByRole('link', { name: 'Tree house' }).count(), 0);
});

test('errors are shown at their fields, and the first of them gets the focus', async (t) => {
    const { page, dialog } = await openDialog(t);
    const title = dialog.getByLabel('Title');
    const problemOf = (field) =>
        field.evaluate(
            (input) => document.getElementById(input.getAttribute('aria-describedby').split(' ').at(-1)).textContent,
        );
    await dialog.getByLabel('Description').fill('x'.repeat(71));
    await dialog.getByText('1 character too many').waitFor();
    await dialog.getByRole('button', { name: 'Create room' }).click();
    assert.equal(await problemOf(title), 'Enter at least 2 characters.');
    assert.equal(await title.getAttribute('aria-invalid'), 'true');
    await assertFocused(title);
    assert.equal(await problemOf(dialog.getByLabel('Description')), 'Enter at most 70 characters.');
    await title.fill('12');
    assert.equal(await problemOf(title), 'A title cannot be a number. Add a word.');
    await title.fill('12 angry men');
    assert.equal(await problemOf(title), '');
    assert.equal(await title.getAttribute('aria-invalid'), null);
    assert.equal(new URL(page.url()).pathname, '/', 'nothing was sent');
});

test('a title that is taken is reported at its field, and another one is accepted', async (t) => {
    await createRoom(server, { title: 'Taken already' });
    const { page, dialog } = await openDialog(t);
    await dialog.getByLabel('Title').fill('taken ALREADY');
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await dialog.getByText('A room with this title exists already.').waitFor();
    await dialog.getByLabel('Title').fill('Not taken yet');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/entrance');
});

test('the dialog can be used by keyboard alone, and restores the focus', async (t) => {
    const page = await visit(t, server.origin);
    const button = page.getByRole('button', { name: 'New room' });
    await button.focus();
    await page.keyboard.press('Enter');
    await assertFocused(page.getByRole('dialog').getByLabel('Title'));
    await page.keyboard.type('Keyboard only');
    for (let press = 0; press < 2; press += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.getByRole('radio', { name: 'Private' }).isChecked(), true);
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    const password = page.getByRole('dialog').getByLabel('Password', { exact: true });
    assert.equal(await password.getAttribute('type'), 'text', 'the eye shows the password');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await assertFocused(button);
});

test('if the server cannot be reached, the form says so and keeps its values', async (t) => {
    const { page, dialog } = await openDialog(t);
    await dialog.getByLabel('Title').fill('Message in a bottle');
    await page.context().setOffline(true);
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await dialog.getByText('The server cannot be reached.').waitFor();
    assert.equal(await dialog.getByLabel('Title').inputValue(), 'Message in a bottle');
    await page.context().setOffline(false);
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await page.waitForURL('**/entrance');
    await enter(page, 'ada');
});

test('several clicks open one dialog, which closes with its page', async (t) => {
    const page = await visit(t, `${server.origin}/chats/1/entrance`);
    await page.getByRole('link', { name: 'All rooms' }).first().click();
    await page.getByRole('button', { name: 'New room' }).dblclick();
    const dialogs = page.getByRole('dialog');
    await dialogs.first().waitFor();
    assert.equal(await dialogs.count(), 1);
    await page.goBack();
    await page.getByRole('heading', { name: 'Public Chat' }).waitFor();
    await dialogs.waitFor({ state: 'detached' });
});
