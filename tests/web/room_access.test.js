// The accessibility of the room view: by keyboard, for screen readers, and in any colors.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AA, contrast } from '../../web/room/color.js';
import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { DESKTOP, PHONE, TestUser, serveSources } from './room_fixture.js';

const server = sharedServer(serveSources());

/** A description of the focused element. */
function focused(user) {
    return user.page.evaluate(() => {
        const element = document.querySelector('.globes-room').shadowRoot.activeElement;
        return element && (element.getAttribute('aria-label') || element.textContent);
    });
}

test('everything can be reached and used by keyboard, with a visible focus', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 40; number += 1) ben.say('ben', number === 40 ? 'https://example.org/' : `text ${number}`);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.page.getByText('https://example.org/').waitFor();
    const press = (key) => ada.page.keyboard.press(key);
    await press('Tab');
    assert.equal(await focused(ada), 'Messages');
    const outline = () => ada.page.evaluate(() => {
        const { activeElement } = document.querySelector('.globes-room').shadowRoot;
        const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
        return `${outlineStyle} ${outlineWidth}`;
    });
    assert.equal(await outline(), 'solid 2px');
    await press('Tab');
    assert.equal(await focused(ada), 'https://example.org/');
    await press('Shift+Tab');
    await press('PageUp');
    await ada.page.locator('.jump').waitFor();
    await press('End');
    // The scrolling of PageUp may go on for a moment.
    await eventually(async () => (await ada.distanceFromEnd()) <= 1 && !(await ada.page.locator('.jump').isVisible()), 'End leads to the end');
    await press('Tab');
    await press('Tab');
    assert.equal(await focused(ada), 'Insert an emoji');
    assert.equal(await outline(), 'solid 2px');
    await press('Enter');
    await eventually(async () => (await focused(ada)) === 'grin', 'the picker is there');
    await press('ArrowDown');
    await press('ArrowRight');
    assert.equal(await focused(ada), 'sleepy');
    await press('Escape');
    assert.equal(await focused(ada), 'Insert an emoji');
    await press('Tab');
    assert.equal(await focused(ada), 'Your message');
    await ada.page.keyboard.type('by hand');
    await press('Tab');
    assert.equal(await focused(ada), 'Send');
    await press('Enter');
    await ada.message('by hand').waitFor();
    assert.equal(await focused(ada), 'Your message');
});

test('the focus in a row that leaves the document moves to the list', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 100; number += 1) ben.say('ben', number === 100 ? 'https://example.org/' : `text ${number}`);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', last: 100 });
    await ada.page.getByRole('link').focus();
    await ada.scroller.evaluate((scroller) => {
        scroller.scrollTop = 0;
    });
    await eventually(async () => (await focused(ada)) === 'Messages', 'the list has the focus');
});

/** Every text of the view with its color and its background, as bytes of sRGB. */
function textColors(user) {
    return user.page.evaluate(() => {
        const root = document.querySelector('.globes-room').shadowRoot;
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const paint = (colors) => {
            for (const color of colors) {
                canvas.fillStyle = color;
                canvas.fillRect(0, 0, 1, 1);
            }
            return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
        };
        const grounds = (element) => {
            const colors = [];
            for (let at = element; at instanceof Element; at = at.parentElement) colors.unshift(getComputedStyle(at).backgroundColor);
            return colors;
        };
        const parts = root.querySelectorAll('.name, .text, .text a, .meta, .presence, .note, .day span, .marker, .avatar, .members li, .members h2, .me, .text-button, .state-line span, .send, .count');
        return [...parts]
            .filter((part) => part.checkVisibility() && part.getClientRects().length > 0)
            .map((part) => {
                const ground = grounds(part);
                return { what: `${part.className} ${part.textContent.slice(0, 20)}`, ink: paint([...ground, getComputedStyle(part).color]), ground: paint(ground) };
            });
    });
}

for (const colorScheme of ['light', 'dark']) {
    test(`every text is readable, in ${colorScheme} too`, async (t) => {
        const room = await createRoom(server);
        const browser = await launchBrowser(t);
        const ada = await TestUser.enter(browser, server, room, { name: 'ada', color: 'white', context: { ...DESKTOP, colorScheme } });
        await ada.page.evaluate(() => window.view.showMembers());
        for (const color of ['black', 'white', 'yellow', '#0000ff', 'gray', 'lime', '#dfe4fc']) {
            const someone = await ChatClient.join(server, room, `in ${color}`, { color });
            someone.say(`in ${color}`, 'words and https://example.org/', { color });
            await ada.page.locator('.name', { hasText: `in ${color}` }).waitFor();
        }
        await ada.say('mine, https://example.org/');
        await ada.message('mine, https://example.org/').getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
        const check = async () => {
            const poor = (await textColors(ada)).filter(({ ink, ground }) => contrast(ink, ground) < AA);
            assert.deepEqual(poor, []);
        };
        await check();
        const nameColor = () => ada.page.locator('.name').first().evaluate((name) => getComputedStyle(name).color);
        const was = await nameColor();
        await ada.page.emulateMedia({ colorScheme: colorScheme === 'light' ? 'dark' : 'light' });
        await eventually(async () => (await nameColor()) !== was, 'the names follow the theme');
        await check();
    });
}

test('there is no motion if the user prefers none', async (t) => {
    const room = await createRoom(server);
    const context = { ...PHONE, reducedMotion: 'reduce' };
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', context, held: true });
    await ada.page.locator('.skeleton').waitFor();
    const moving = () => ada.page.evaluate(() => document.querySelector('.globes-room').shadowRoot.getAnimations().length);
    assert.equal(await moving(), 0);
    await ada.page.emulateMedia({ reducedMotion: 'no-preference' });
    await eventually(async () => (await moving()) > 0, 'others see that something is loading');
    await ada.release();
});

test('screen readers announce the author of each message', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'one');
    ben.say('ben', 'two');
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.message('two').waitFor();
    await ada.say('three');
    await ada.message('three').waitFor();
    const snapshot = await ada.page.getByRole('list').first().ariaSnapshot();
    for (const words of ['ben one', 'ben two', 'You three']) assert.match(snapshot, new RegExp(`listitem:\\s+- text: ${words}\n`), words);
});
