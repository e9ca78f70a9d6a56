// A room's page around its messages: the header, reloads and links, other windows, a hidden tab.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, createRoom, remove, takeToken, usersOf } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import {
    DESKTOP,
    PHONE,
    assertFits,
    assertFocused,
    connected,
    enter,
    pageConfig,
    setHidden,
    sharedBrowser,
} from '../api/harness/visitor.js';
import { eventually } from '../api/harness/wait.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();

const entranceOf = (room, { origin } = server) => `${origin}/chats/${room.id}/entrance`;

async function comeIn(t, room, name, options) {
    const page = await visit(t, entranceOf(room, options?.server), options);
    await enter(page, name);
    await connected(page);
    return page;
}

async function say(page, text) {
    const message = page.getByRole('textbox', { name: 'Your message' });
    await message.fill(text);
    await message.press('Enter');
}

const titled = (page, title) => eventually(async () => (await page.title()) === title, `the title ${title}`);

test('two users see each other and each other’s messages', async (t) => {
    const room = await createRoom(server, { title: 'Two at a table', description: 'Tea for two' });
    const ada = await comeIn(t, room, 'ada');
    const ben = await comeIn(t, room, 'ben');
    await ada.getByRole('heading', { name: 'Two at a table' }).waitFor();
    await ada.getByText('Tea for two').waitFor();
    await ada.getByRole('button', { name: '2 people here' }).waitFor();
    await say(ada, 'Hello ben');
    await ben.getByText('Hello ben', { exact: true }).waitFor();
    await say(ben, 'Hello ada');
    await ada.getByText('Hello ada', { exact: true }).waitFor();

    await ada.getByRole('button', { name: '2 people here' }).click();
    assert.equal(await ada.getByRole('button', { name: '2 people here' }).getAttribute('aria-expanded'), 'true');
    assert.match(await ada.getByRole('complementary', { name: 'People here' }).textContent(), /ada[^]*ben/);
    await ben.getByRole('link', { name: 'All rooms' }).click();
    await ada.getByRole('button', { name: '1 person here' }).waitFor();
    await ben.getByRole('link', { name: 'Two at a table' }).getByText('1 here').waitFor();
});

test('the entrance does not show the room before the server has accepted the name', async (t) => {
    const room = await createRoom(server);
    const ada = await comeIn(t, room, 'ada');
    const second = await visit(t, entranceOf(room));
    await second.getByLabel('Your name').fill('ada');
    await second.getByRole('button', { name: 'Join' }).click();
    await second.getByText('This name is taken.').waitFor();
    assert.equal(await second.locator('.room').count(), 0);
    assert.deepEqual(await usersOf(server, room), ['ada']);
    await ada.close();
});

test('a reload returns to the room as the same user, also with a password', async (t) => {
    const room = await createPrivateRoom(server);
    const watcher = await ChatClient.join(server, room, 'watcher', { token: await takeToken(server, room, 'watcher') });
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Password of this room').fill('correct horse');
    await enter(page, 'ada');
    await say(page, 'before the reload');
    await watcher.find((event) => event.msg === 'before the reload');
    await page.reload();
    await page.getByText('before the reload', { exact: true }).waitFor();
    await say(page, 'after the reload');
    const event = await watcher.find(({ msg }) => msg === 'after the reload');
    assert.equal(event.name, 'ada');
    await watcher.leave();
});

test('the link of a room leads a visitor without an identity to its entrance, and from there to the list', async (t) => {
    const room = await createRoom(server);
    const page = await visit(t, server.origin);
    await page.goto(`${server.origin}/chats/${room.id}`);
    await page.waitForURL(entranceOf(room));
    await page.goBack();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    await page.goto(`${server.origin}/chats/4242`);
    await page.getByRole('heading', { name: 'Room not found' }).waitFor();
});

test('Back from a room leads to the page before its entrance, and leaves the room', async (t) => {
    const room = await createRoom(server, { title: 'Revolving door' });
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: 'Revolving door' }).click();
    await enter(page, 'ada');
    await connected(page);
    await page.goBack();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    assert.equal(page.url(), `${server.origin}/`);
    await eventually(async () => (await usersOf(server, room)).length === 0, 'ada has left');
    await page.goForward();
    await connected(page);
    await eventually(async () => (await usersOf(server, room))[0] === 'ada', 'ada is back');
    await page.getByRole('link', { name: 'All rooms' }).click();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
});

test('Back from a room that was opened by its link leads to the page before', async (t) => {
    const room = await createRoom(server);
    const page = await visit(t, `${server.origin}/favicon.svg`);
    await page.goto(`${server.origin}/chats/${room.id}`);
    await enter(page, 'ada');
    await connected(page);
    await page.goBack();
    await page.waitForURL(`${server.origin}/favicon.svg`);
});

test('a link to the current address adds no entry to the history', async (t) => {
    const page = await visit(t, `${server.origin}/chats/1/entrance`);
    await page.getByRole('link', { name: 'Globes' }).click();
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    const length = await page.evaluate(() => history.length);
    await page.getByRole('link', { name: 'Globes' }).click();
    assert.equal(await page.evaluate(() => history.length), length);
    await page.goBack();
    await page.getByRole('heading', { name: 'Public Chat' }).waitFor();
});

test('a hidden tab counts unread messages in its title, until it becomes visible', async (t) => {
    const room = await createRoom(server, { title: 'Corner shop' });
    const page = await comeIn(t, room, 'ada');
    const ben = await ChatClient.join(server, room, 'ben');
    await titled(page, 'Corner shop · Globes');
    await setHidden(page, true);
    ben.say('ben', 'one');
    await titled(page, '(1) Corner shop · Globes');
    ben.say('ben', 'two');
    await titled(page, '(2) Corner shop · Globes');
    await setHidden(page, false);
    await titled(page, 'Corner shop · Globes');
    await ben.leave();
});

test('notifications are shown if the user wants them, while the tab is hidden, and only for new messages', async (t) => {
    const room = await createRoom(server, { title: 'Bell tower' });
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'long ago');
    await ben.next();
    const init = () => {
        window.notified = [];
        window.Notification = class {
            static permission = 'default';
            static async requestPermission() {
                return (this.permission = 'granted');
            }
            constructor(title, { body }) {
                window.notified.push([title, body]);
            }
            close() {
                window.notified.push('closed');
            }
        };
    };
    const page = await visit(t, entranceOf(room), { init });
    await enter(page, 'ada');
    await page.getByText('long ago', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Notify me of messages' }).click();
    await page.getByRole('button', { name: 'Stop notifying me' }).waitFor();
    ben.say('ben', 'while you look');
    await page.getByText('while you look', { exact: true }).waitFor();
    await setHidden(page, true);
    ben.say('ben', '<b>while you don’t</b>');
    await titled(page, '(1) Bell tower · Globes');
    assert.deepEqual(await page.evaluate(() => window.notified), [['ben · Bell tower', '<b>while you don’t</b>']]);
    await setHidden(page, false);
    assert.equal(await page.evaluate(() => window.notified.at(-1)), 'closed');
    await page.getByRole('button', { name: 'Stop notifying me' }).click();
    await setHidden(page, true);
    ben.say('ben', 'in peace');
    await titled(page, '(1) Bell tower · Globes');
    assert.equal(await page.evaluate(() => window.notified.length), 2);
    await ben.leave();
});

test('a user whose browser blocks notifications is told so', async (t) => {
    const page = await comeIn(t, await createRoom(server), 'ada', {
        init: () => {
            window.Notification = class {
                static permission = 'denied';
                static requestPermission = async () => 'denied';
            };
        },
    });
    await page.getByRole('button', { name: 'Notify me of messages' }).click();
    await page.getByText('Your browser blocks notifications from this page.').waitFor();
});

/**
 * Replaces the browser's notifications, which a test cannot see. `window.notified` contains those that were created.
 */
function stubNotifications() {
    window.notified = [];
    window.Notification = class {
        static permission = 'default';
        static async requestPermission() {
            return (this.permission = 'granted');
        }
        constructor(title) {
            window.notified.push(title);
        }
        close() {}
    };
}

const bellOf = (page) => page.getByRole('button', { name: /^(Notify me of messages|Stop notifying me)$/ });

test('if notifications throw, no message is lost, and the bell is switched off with a notice', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const init = () => {
        window.Notification = class {
            static permission = 'granted';
            static requestPermission = async () => 'granted';
            constructor() {
                throw new TypeError('Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.');
            }
        };
    };
    const page = await comeIn(t, room, 'ada', { init });
    await page.getByRole('button', { name: 'Notify me of messages' }).click();
    await page.getByRole('button', { name: 'Stop notifying me' }).waitFor();
    await setHidden(page, true);
    ben.say('ben', 'first');
    ben.say('ben', 'second');
    await page.getByText('second', { exact: true }).waitFor();
    await page.getByText('cannot show notifications from this page').waitFor();
    await setHidden(page, false);
    await page.getByRole('button', { name: 'Notify me of messages' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Notify me of messages' }).waitFor();
    await ben.leave();
});

test('if the permission is revoked, the bell is switched off with a notice', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const page = await comeIn(t, room, 'ada', { init: stubNotifications });
    await page.getByRole('button', { name: 'Notify me of messages' }).click();
    await page.getByRole('button', { name: 'Stop notifying me' }).waitFor();
    await page.evaluate(() => {
        Notification.permission = 'denied';
    });
    await setHidden(page, true);
    ben.say('ben', 'are you there?');
    await page.getByText('Your browser blocks notifications from this page.').waitFor();
    assert.deepEqual(await page.evaluate(() => window.notified), []);
    await page.getByRole('button', { name: 'Notify me of messages' }).waitFor();
    await ben.leave();
});

test('the bell is offered only if the page can notify, without trying it', async (t) => {
    const room = await createRoom(server);
    const withoutAny = await comeIn(t, room, 'ada', {
        init: () => {
            delete window.Notification;
        },
    });
    await withoutAny.getByRole('button', { name: 'Copy the link to this room' }).waitFor();
    assert.equal(await bellOf(withoutAny).count(), 0);
    const android =
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36';
    const onPhone = await comeIn(t, room, 'ben', { init: stubNotifications, userAgent: android });
    await onPhone.getByRole('button', { name: 'Copy the link to this room' }).waitFor();
    assert.equal(await bellOf(onPhone).count(), 0);
    const onDesktop = await comeIn(t, room, 'cleo', { init: stubNotifications });
    await bellOf(onDesktop).waitFor();
    assert.deepEqual(await onDesktop.evaluate(() => window.notified), []);
});

test('a user whose browser forbids storage can join, chat and choose a language', async (t) => {
    const room = await createRoom(server);
    const init = () => {
        for (const name of ['localStorage', 'sessionStorage']) {
            Object.defineProperty(window, name, {
                get() {
                    throw new DOMException('Access is denied for this document.', 'SecurityError');
                },
            });
        }
    };
    const page = await comeIn(t, room, 'ada', { init });
    await say(page, 'kept nowhere');
    await page.getByText('kept nowhere', { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
    await page.getByRole('textbox', { name: 'Deine Nachricht' }).waitFor();
    await page.getByRole('link', { name: 'Alle Räume' }).click();
    await page.getByRole('heading', { name: 'Räume' }).waitFor();
});

test('if the storage is full, new values are kept for this page, and old ones are not used', async (t) => {
    const page = await visit(t, entranceOf({ id: 1 }));
    await enter(page, 'ada');
    await page.evaluate(() => {
        Storage.prototype.setItem = () => {
            throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
        };
    });
    await page.getByRole('link', { name: 'All rooms' }).click();
    const room = await createRoom(server, { title: 'Full attic' });
    await page.getByRole('link', { name: room.title }).click();
    await enter(page, 'grace');
    await page.getByRole('link', { name: 'All rooms' }).click();
    const other = await createRoom(server, { title: 'Empty cellar' });
    await page.getByRole('link', { name: other.title }).click();
    await page.getByRole('button', { name: 'Join' }).waitFor();
    assert.equal(await page.getByLabel('Your name').inputValue(), 'grace');
});

/** The texts that live regions announce now. */
function announced(page) {
    return page.evaluate(() => {
        const roots = [document, document.querySelector('.globes-room').shadowRoot];
        const regions = roots.flatMap((root) => [...root.querySelectorAll('[role=status], [role=alert], [role=log]')]);
        return regions.map((region) => region.textContent).filter((text) => text !== '');
    });
}

test('the return of the connection is announced once', async (t) => {
    const own = await startServer(t, pageConfig);
    const page = await comeIn(t, { id: 1 }, 'ada', { server: own });
    assert.equal(await page.locator('.room-state').getAttribute('title'), null, 'it would be read out with the text');
    const about = async (what) => (await announced(page)).filter((text) => what.test(text));
    assert.deepEqual(await about(/connected/i), []);
    const { port } = own;
    await own.kill();
    await page.locator('.room-state').getByText('Connection lost.').waitFor();
    await eventually(async () => (await about(/lost/)).length > 0, 'the loss is announced');
    assert.deepEqual(await about(/lost/), ['Connection lost. Trying again …']);
    await own.start({ address: `127.0.0.1:${port}` });
    await eventually(async () => (await about(/connected/i)).length > 0, 'the return is announced');
    assert.deepEqual(await about(/connected/i), ['You are connected again.']);
});

test('the header shows the connection’s state through a restart of the server', async (t) => {
    const own = await startServer(t, pageConfig);
    const page = await comeIn(t, { id: 1 }, 'ada', { server: own });
    const { port } = own;
    await own.kill();
    await page.locator('.room-state').getByText('Connection lost.').waitFor();
    await own.start({ address: `127.0.0.1:${port}` });
    await connected(page);
    await say(page, 'still here');
    await page.getByText('still here', { exact: true }).waitFor();
});

/** A duplicated tab: it starts with a copy of the first one's sessionStorage. */
async function duplicate(page) {
    await connected(page);
    const kept = await page.evaluate(() => ({ ...sessionStorage }));
    const twin = await page.context().newPage();
    await twin.addInitScript((entries) => {
        for (const [key, value] of Object.entries(entries))
            if (!sessionStorage.getItem(key)) sessionStorage.setItem(key, value);
    }, kept);
    await twin.goto(page.url());
    await connected(twin);
    return twin;
}

test('another window of the same user takes over, and a window with a token can take back', async (t) => {
    const room = await createPrivateRoom(server);
    const page = await visit(t, entranceOf(room));
    await page.getByLabel('Password of this room').fill('correct horse');
    await enter(page, 'ada');
    const twin = await duplicate(page);
    await page.getByRole('button', { name: 'Use this window' }).click();
    await connected(page);
    await twin.getByRole('button', { name: 'Use this window' }).waitFor();
    assert.deepEqual(await usersOf(server, room, await takeToken(server, room, 'ben')), ['ada']);
});

test('a public room, without tokens, is taken over and back in the same way', async (t) => {
    const room = await createRoom(server);
    const watcher = await ChatClient.join(server, room, 'watcher');
    const page = await comeIn(t, room, 'ada');
    const twin = await duplicate(page);
    for (const window of [page, twin, page]) {
        await window.getByText('This room is open in another window.').waitFor();
        await window.getByRole('button', { name: 'Use this window' }).click();
        await connected(window);
    }
    await say(page, 'me again');
    assert.equal((await watcher.find(({ msg }) => msg === 'me again')).name, 'ada');
    assert.equal(watcher.received('leave').length, 0, 'nobody sees it');
    await watcher.leave();
});

test('a change of the language keeps connection, position, draft and the list of members', async (t) => {
    const room = await createRoom(server, { title: 'Babel' });
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 45; number += 1) ben.say('ben', `text ${number}`);
    await ben.find(({ msg }) => msg === 'text 45');
    const page = await visit(t, 'about:blank');
    const sockets = [];
    page.on('websocket', (socket) => sockets.push(socket));
    await page.goto(entranceOf(room));
    await enter(page, 'ada');
    await page.getByText('text 45', { exact: true }).waitFor();
    await page.getByRole('textbox', { name: 'Your message' }).fill('half a thought');
    await page.getByRole('button', { name: '2 people here' }).click();
    const scroller = page.locator('.scroller');
    await scroller.evaluate((element) => {
        element.scrollTop = 0;
    });
    await page.getByRole('button', { name: 'Go to the latest message' }).waitFor();
    const placeOf = (text) =>
        page.getByText(text, { exact: true }).evaluate((element) => element.getBoundingClientRect().top);
    const before = await placeOf('text 3');

    await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
    const field = page.getByRole('textbox', { name: 'Deine Nachricht' });
    assert.equal(await field.inputValue(), 'half a thought');
    await page.getByRole('button', { name: 'Zur neuesten Nachricht' }).waitFor();
    await page.getByText('Heute', { exact: true }).waitFor({ state: 'attached' });
    await page.getByRole('complementary', { name: 'Personen hier' }).waitFor();
    await page.locator('.room-state').getByText('Verbunden').waitFor();
    assert.ok(Math.abs((await placeOf('text 3')) - before) <= 2, `from ${before} to ${await placeOf('text 3')}`);
    await assertFocused(page.getByRole('combobox', { name: 'Sprache' }));
    await page.getByRole('button', { name: 'Liste der Personen schließen' }).click();
    await field.press('Enter');
    await ben.find(({ msg }) => msg === 'half a thought');
    await page.getByText('half a thought', { exact: true }).waitFor();
    assert.equal(sockets.length, 1);
    assert.deepEqual([ben.received('leave').length, ben.received('join').length], [0, 2]);
    await ben.leave();
});

test('a deleted room leads everybody to the list, with the reason', async (t) => {
    const room = await createRoom(server);
    const page = await comeIn(t, room, 'ada');
    await remove(server, `/chats/${room.id}`);
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    await page.getByText('This room was deleted.').waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
});

test('the link of a room can be copied', async (t) => {
    const room = await createRoom(server);
    const page = await comeIn(t, room, 'ada', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Copy the link to this room' }).click();
    await page.getByText('Link copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${server.origin}/chats/${room.id}`);
});

test('a system locale is a valid language, and the room opens', async (t) => {
    const init = () => Object.defineProperty(navigator, 'languages', { value: ['de_AT.UTF-8', 'en-US@posix'] });
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'Servus');
    await ben.find(({ msg }) => msg === 'Servus');
    const page = await visit(t, entranceOf(room), { init });
    await page.getByLabel('Dein Name').fill('ada');
    await page.getByRole('button', { name: 'Eintreten' }).click();
    await page.getByText('Servus', { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English');
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();
    await page.getByText('Servus', { exact: true }).waitFor();
    await ben.leave();
});

test('without a clipboard the link is shown until it is dismissed', async (t) => {
    const init = () => Object.defineProperty(navigator, 'clipboard', { value: undefined });
    const page = await visit(t, 'about:blank', { init });
    await page.clock.install();
    await page.goto(entranceOf({ id: 1 }));
    await enter(page, 'ada');
    await page.getByRole('button', { name: 'Copy the link to this room' }).click();
    const link = page.getByText(`${server.origin}/chats/1`, { exact: true });
    await link.waitFor();
    await page.clock.runFor(60_000);
    assert.equal(await link.isVisible(), true);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    assert.equal(await link.count(), 0);
});

test('a notice waits until the tab is visible', async (t) => {
    const room = await createRoom(server);
    const page = await visit(t, 'about:blank');
    await page.clock.install();
    await page.goto(entranceOf(room));
    await enter(page, 'ada');
    await setHidden(page, true);
    await remove(server, `/chats/${room.id}`);
    const notice = page.locator('.notice', { hasText: 'This room was deleted.' });
    await notice.waitFor();
    await page.clock.runFor(60_000);
    assert.equal(await notice.isVisible(), true);
    await setHidden(page, false);
    await page.clock.runFor(10_000);
    assert.equal(await notice.count(), 0);
});

for (const [device, size] of Object.entries({ phone: PHONE, 'small phone': { width: 360, height: 640 }, desktop: DESKTOP })) {
    test(`the link can be copied, and the notice does not cover inputs or buttons, ${device}`, async (t) => {
        const room = await createRoom(server);
        const page = await comeIn(t, room, 'ada', { size, permissions: ['clipboard-read', 'clipboard-write'] });
        await page.getByRole('button', { name: 'Copy the link to this room' }).click();
        const notice = await page.locator('.notice', { hasText: 'Link copied.' }).boundingBox();
        const composer = await page.getByRole('textbox', { name: 'Your message' }).boundingBox();
        const head = await page.locator('.room-bar').boundingBox();
        assert.ok(notice.y + notice.height <= composer.y, `${JSON.stringify(notice)} above ${JSON.stringify(composer)}`);
        assert.ok(notice.y >= head.y + head.height, `${JSON.stringify(notice)} below ${JSON.stringify(head)}`);
        await assertFits(page);
    });
}

test('the composer has the focus after joining', async (t) => {
    const page = await comeIn(t, await createRoom(server), 'ada');
    await page.keyboard.type('no click needed');
    await page.keyboard.press('Enter');
    await page.getByText('no click needed', { exact: true }).waitFor();
    await page.getByRole('button', { name: '1 person here' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Close the list of people' }).waitFor();
    await page.keyboard.press('Escape');
    await assertFocused(page.getByRole('button', { name: '1 person here' }));
});
