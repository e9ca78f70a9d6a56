// The settings of a room, for the person who made it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, assertStatus, createRoom, freshTitle, get, remove } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { connected, enter, pageConfig, sharedBrowser } from '../api/harness/visitor.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();

/** The page of an earlier version could create a room without an owner. */
const createsWithoutOwner = (page) =>
    page.route('**/chats', (route) => {
        if (route.request().method() !== 'POST') return route.fallback();
        const { owner, name, ...fields } = route.request().postDataJSON();
        assert.equal(owner, true);
        return route.continue({ postData: fields });
    });

/** A user creates a room, by default with an owner, and is in it with the settings open. */
async function openOwnSettings(t, { title = freshTitle('Owned'), owner = true } = {}) {
    const page = await visit(t, server.origin);
    await page.getByRole('button', { name: 'New room' }).click();
    await page.getByLabel('Title').fill(title);
    if (!owner) await createsWithoutOwner(page);
    await page.getByRole('button', { name: 'Create room' }).click();
    await page.waitForURL('**/entrance');
    await enter(page, 'ada');
    await connected(page);
    const id = Number(/\d+$/.exec(page.url())[0]);
    await page.getByRole('button', { name: 'Room settings' }).click();
    return { page, dialog: page.getByRole('dialog', { name: 'Room settings' }), id, title };
}

const roomOf = async (id) => (await get(server, `/chats/${id}`)).json;

test('the owner changes title, description and limits of the room', async (t) => {
    const { page, dialog, id } = await openOwnSettings(t);
    await dialog.getByLabel('Title').fill('Renamed by its owner');
    await dialog.getByLabel('Description').fill('As it should be');
    await dialog.getByLabel('Keep messages for').selectOption('a week');
    await dialog.getByLabel('Maximum number of messages').fill('500');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Changes saved.').waitFor();
    await page.getByRole('heading', { name: 'Renamed by its owner' }).waitFor();
    assert.equal(await page.title(), 'Renamed by its owner · Globes');
    const { title, description, retention, max_events: maxEvents } = await roomOf(id);
    assert.deepEqual(
        [title, description, retention, maxEvents],
        ['Renamed by its owner', 'As it should be', 604800, 500],
    );

    await page.getByRole('button', { name: 'Room settings' }).click();
    assert.equal(await dialog.getByLabel('Keep messages for').inputValue(), '604800');
    await dialog.getByLabel('Maximum number of messages').fill('many');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Enter a whole number, or leave this empty.').waitFor();
    await dialog.getByLabel('Maximum number of messages').fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal((await roomOf(id)).max_events, undefined);
});

test('a room that is made private needs a password, keeps its owner and sends everybody else to the entrance', async (t) => {
    const { page, dialog, id } = await openOwnSettings(t);
    const guest = await visit(t, `${server.origin}/chats/${id}/entrance`);
    await enter(guest, 'ben');
    await connected(guest);
    assert.equal(await guest.getByRole('button', { name: 'Room settings' }).count(), 0);

    assert.equal(await dialog.getByLabel('New password').isVisible(), false);
    await dialog.getByText('Private', { exact: true }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Enter at least 8 characters.').waitFor();
    await dialog.getByLabel('New password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Changes saved.').waitFor();
    await guest.waitForURL('**/entrance');
    await guest.getByText('Access to this room has changed. Join again.').waitFor();
    await guest.getByLabel('Password of this room').fill(PASSWORD);
    await enter(guest, 'ben');
    await connected(guest);
    assert.equal((await roomOf(id)).visibility, 'private');
    await connected(page);
    await page.getByRole('textbox', { name: 'Your message' }).fill('locked, and still here');
    await page.keyboard.press('Enter');
    await guest.getByText('locked, and still here', { exact: true }).waitFor();
});

test('saving without a change closes no connection', async (t) => {
    const { page, dialog, id } = await openOwnSettings(t);
    const ben = await ChatClient.join(server, { id }, 'ben');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Changes saved.').waitFor();
    await ben.expectSilence('ben');
    await ben.leave();
});

test('a title that is taken is reported at its field', async (t) => {
    await createRoom(server, { title: 'Somebody else’s' });
    const { dialog } = await openOwnSettings(t);
    await dialog.getByLabel('Title').fill('Somebody else’s');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A room with this title exists already.').waitFor();
});

test('deletion needs a confirmation, and ends the room', async (t) => {
    const { page, dialog, id, title } = await openOwnSettings(t);
    await dialog.getByRole('button', { name: 'Delete this room' }).click();
    await dialog.getByText(`Delete “${title}” with all its messages?`).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.equal((await roomOf(id)).title, title);
    await dialog.getByRole('button', { name: 'Delete this room' }).click();
    await dialog.getByRole('button', { name: 'Delete permanently' }).click();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    await page.getByText('This room was deleted.').waitFor();
    assert.equal((await get(server, `/chats/${id}`)).status, 404);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('the person who made a room without an owner changes it without a token', async (t) => {
    const { page, dialog, id } = await openOwnSettings(t, { owner: false });
    await dialog.getByLabel('Description').fill('Nobody’s, everybody’s');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Nobody’s, everybody’s').waitFor();
    assert.equal((await roomOf(id)).description, 'Nobody’s, everybody’s');
});

test('an owner’s token that the server refuses is reported at the form', async (t) => {
    const { page, dialog } = await openOwnSettings(t);
    await page.route('**/chats/*', (route) => {
        if (route.request().method() !== 'PUT') return route.fallback();
        return route.fulfill({
            status: 401,
            json: { status: false, error: { code: 104, error: 'Room error: Unauthorized operation' } },
        });
    });
    await dialog.getByLabel('Description').fill('Never to be');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Only the owner of this room can do this.').waitFor();
});

test('the settings of a room close when somebody else deletes it', async (t) => {
    const { page, dialog, id } = await openOwnSettings(t, { owner: false });
    await dialog.waitFor();
    assertStatus(await remove(server, `/chats/${id}`), 200);
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'New room' }).waitFor();
});
