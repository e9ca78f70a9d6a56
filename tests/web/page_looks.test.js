// Every view on a phone and on a desktop, in light and dark, checked by axe-core, and with malicious texts. With
// GLOBES_SCREENSHOTS=1 it also takes the pictures of the README.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createPrivateRoom, createRoom } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';
import {
    DESKTOP,
    PHONE,
    assertAccessible,
    assertFits,
    assertFocused,
    connected,
    enter,
    pageConfig,
    sharedBrowser,
} from '../api/harness/visitor.js';

const visit = sharedBrowser();
const pictures = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** The pictures of the README, by view, scheme and device. */
const PICTURES = {
    'home-light-desktop': 'home',
    'room-light-desktop': 'room',
    'home-dark-phone': 'phone-home',
    'entrance-light-phone': 'phone-entrance',
    'room-dark-phone': 'phone-room',
};

async function picture(page, view) {
    if (process.env.GLOBES_SCREENSHOTS !== '1' || !PICTURES[view]) return;
    await mkdir(pictures, { recursive: true });
    await page.screenshot({ path: `${pictures}${PICTURES[view]}.png` });
}

const HOSTILE = [
    '<img src=x onerror="window.hacked=1">',
    '"><script>window.hacked=1</script>',
    '\u202egnp.exe \u2066mixed',
    'مرحبا بالعالم (hello)',
    'W'.repeat(70),
    'a\u0300\u0301\u0302\u0303'.repeat(14),
    '👩‍👩‍👧‍👦'.repeat(10),
    'zero\u200bwidth\u200dspace',
];

/** A server with some activity. */
async function livelyServer(t) {
    const server = await startServer(t, pageConfig);
    const circle = await createRoom(server, {
        title: 'Reading circle',
        description: 'This month: “The Waves”, chapters 4 to 6',
    });
    const table = await createRoom(server, {
        title: 'Kitchen table',
        description: 'Recipes, and what went wrong with them',
    });
    await createPrivateRoom(server, { title: 'Harbour office', description: 'Crew only' });
    await createRoom(server, { title: 'قهوة الصباح', description: 'صباح الخير جميعا' });
    await createRoom(server, { title: 'Late trains', description: '' });
    await createPrivateRoom(server, { title: 'Allotment 14', description: 'Who waters on Thursday?' });
    const join = (room, name, color) => ChatClient.join(server, room, name, { color });
    const grace = await join(circle, 'Grace', '#2f84c6');
    const tomas = await join(circle, 'Tomás', '#c07a12');
    const others = [
        await join(table, 'Ida', 'red'),
        await join({ id: 1 }, 'Ben', 'teal'),
        await join({ id: 1 }, 'Noor', 'purple'),
    ];
    t.after(() => Promise.all([grace, tomas, ...others].map((client) => client.leave())));
    for (const [client, name, color, msg] of [
        [grace, 'Grace', '#2f84c6', 'Has everybody made it to chapter 6?'],
        [tomas, 'Tomás', '#c07a12', 'Almost. The tide tables got me.'],
        [tomas, 'Tomás', '#c07a12', 'Shall we say Thursday?\nHalf past seven, as always.'],
        [grace, 'Grace', '#2f84c6', 'Thursday is good. The edition I use: https://example.org/waves'],
    ]) {
        client.send({ event_type: 'send', name, color, msg });
        await client.find((event) => event.msg === msg);
    }
    return { server, circle };
}

for (const scheme of ['light', 'dark']) {
    for (const [device, size] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
        test(`every view fits and is accessible, ${scheme}, ${device}`, async (t) => {
            const { server, circle } = await livelyServer(t);
            const page = await visit(t, server.origin, { scheme, size });
            const check = async (name) => {
                await assertFits(page);
                await assertAccessible(page);
                await picture(page, `${name}-${scheme}-${device}`);
            };
            await page.getByRole('link', { name: 'Reading circle' }).waitFor();
            await check('home');
            await page.getByRole('searchbox').fill('no such room');
            await page.getByRole('button', { name: 'Create this room' }).waitFor();
            await check('search');

            await page.getByRole('button', { name: 'New room' }).click();
            const dialog = page.getByRole('dialog');
            await dialog.getByText('Private', { exact: true }).click();
            await dialog.getByLabel('Title').fill('1');
            await dialog.getByRole('button', { name: 'Create room' }).click();
            await dialog.getByText('Enter at least 8 characters.').waitFor();
            const [head, field] = await Promise.all([
                dialog.locator('.dialog-head').boundingBox(),
                dialog.getByLabel('Title').boundingBox(),
            ]);
            assert.ok(field.y >= head.y + head.height, 'the field with the focus is not behind the head');
            await check('create');
            await dialog.getByLabel('Title').fill('Night shift');
            await dialog.getByLabel('Password', { exact: true }).fill('correct horse');
            await dialog.getByLabel('Your name in this room').fill('Ada');
            await dialog.getByRole('button', { name: 'Create room' }).click();
            await page.getByText('You own this room').waitFor();
            await check('entrance-owner');
            await page.getByRole('button', { name: 'Join' }).click();
            await page.getByText('No messages yet.').waitFor();
            await check('room-empty');
            await page.getByRole('button', { name: 'Room settings' }).click();
            await page.getByRole('button', { name: 'Delete this room' }).click();
            await check('settings');

            await page.goto(`${server.origin}/chats/${circle.id}/entrance`);
            await page.getByTitle('Jade').click();
            await check('entrance');
            await enter(page, 'Ada');
            await page.getByText('Half past seven').waitFor();
            await page.getByRole('textbox', { name: 'Your message' }).fill('I’ll bring the tea.');
            await page.keyboard.press('Enter');
            await page.getByText('I’ll bring the tea').waitFor();
            await page
                .getByRole('img', { name: 'Sent' })
                .or(page.getByText('Sent', { exact: true }))
                .first()
                .waitFor();
            await check('room');
            await page.getByRole('button', { name: '3 people here' }).click();
            await check('members');
            await page.goto(`${server.origin}/chats/4242`);
            await page.getByRole('heading', { name: 'Room not found' }).waitFor();
            await check('missing');
        });
    }
}

test('malicious titles, descriptions and names are text, and break nothing', async (t) => {
    const server = await startServer(t, pageConfig);
    const rooms = [];
    for (const text of HOSTILE) rooms.push(await createRoom(server, { title: text, description: text }));
    const page = await visit(t, server.origin, { size: PHONE });
    await page.getByRole('link', { name: 'Public Chat' }).waitFor();
    const shown = await page.locator('.room-title').evaluateAll((titles) => titles.map((title) => title.textContent));
    for (const text of HOSTILE) assert.ok(shown.includes(text), `${text} is shown as it is`);
    await assertFits(page);
    for (const [index, room] of rooms.entries()) {
        await page.goto(`${server.origin}/chats/${room.id}/entrance`);
        assert.equal(await page.locator('h1').textContent(), HOSTILE[index]);
        // The server refuses names with bidi controls.
        const name = [...HOSTILE[index].replace(/\p{Bidi_Control}/gu, '')].slice(0, 32).join('').trim();
        await enter(page, name);
        await connected(page);
        assert.equal(await page.locator('h1').textContent(), HOSTILE[index]);
        await assertFits(page);
        await page.getByRole('button', { name: '1 person here' }).click();
        await assertFits(page);
    }
    assert.equal(await page.evaluate(() => window.hacked), undefined);
});

test('joining and leaving a room works by keyboard, with a visible focus', async (t) => {
    const { server } = await livelyServer(t);
    const page = await visit(t, server.origin);
    await page.getByRole('link', { name: 'Kitchen table' }).waitFor();
    const seen = async () => {
        const [style, label] = await page.evaluate(() => {
            const focused = document.activeElement;
            const shown = focused.closest('label') ?? focused;
            return [
                [focused, shown].some((element) => getComputedStyle(element).outlineStyle !== 'none'),
                focused.outerHTML.slice(0, 80),
            ];
        });
        assert.ok(style, `the focus is seen on ${label}`);
    };
    const tabTo = async (locator) => {
        for (let presses = 0; presses < 40; presses += 1) {
            await page.keyboard.press('Tab');
            await seen();
            if (await locator.evaluate((element) => element === document.activeElement)) return;
        }
        assert.fail(`${locator} is not reached`);
    };
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
    await tabTo(page.getByRole('link', { name: 'Kitchen table' }));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/entrance');
    await page.getByRole('button', { name: 'Join' }).waitFor();
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    await assertFocused(page.getByRole('textbox', { name: 'Your message' }));
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await page.getByText('by keyboard', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'All rooms' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
});
