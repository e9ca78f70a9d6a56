// Long rooms: only rows near the window are in the document, and the visible rows do not move.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { DESKTOP, PHONE, TestUser, serveSources } from './room_fixture.js';

const MESSAGES = 10_000;
/** The rounding of the layout, in CSS pixels. */
const STEADY_PX = 2;
/** The most rows in the document: those of a window and of 500 px on both sides, each at least 27 px high. */
const MOUNTED = 100;

const server = sharedServer(serveSources());

/** Texts of very different heights, each with its number. */
function textOf(number) {
    const kinds = ['', ' and some more words', ` ${'long '.repeat(number % 60)}`, '\nwith\nlines', ` ${'x'.repeat(number % 300)}`];
    return `no. ${number}${kinds[number % kinds.length]}`;
}

async function longRoom() {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= MESSAGES; number += 1) {
        ben.say('ben', textOf(number));
        if (number % 200 === 0) await ben.find(({ seq }) => seq === number);
    }
    return { room, ben };
}

let made = null;

/** The long room, created once for all tests, and its author. */
function theLongRoom() {
    made ??= longRoom();
    return made;
}

/** The visible messages: their seq and position in the window. */
function seen(user) {
    return user.scroller.evaluate((scroller) => {
        const { top, bottom } = scroller.getBoundingClientRect();
        return [...scroller.querySelectorAll('.message')]
            .map((row) => ({ seq: Number(row.dataset.seq), box: row.getBoundingClientRect() }))
            .filter(({ box }) => box.bottom > top && box.top < bottom)
            .map(({ seq, box }) => ({ seq, top: box.top - top, bottom: box.bottom - top }));
    });
}

/**
 * Resolves when neither the position nor a row has moved for longer than corrections are delayed (SETTLE_MS of the
 * list).
 */
function standsStill(user) {
    return user.scroller.evaluate(async (scroller) => {
        const quietMs = 400;
        const look = () => {
            const places = [...scroller.querySelectorAll('.row')].map((row) => row.getBoundingClientRect().top);
            return [scroller.scrollTop, scroller.scrollHeight, ...places].join();
        };
        let last = look();
        for (let since = performance.now(); performance.now() - since < quietMs; ) {
            await new Promise((resolve) => requestAnimationFrame(resolve));
            const now = look();
            if (now !== last) since = performance.now();
            last = now;
        }
    });
}

/**
 * Scrolls up by `step` pixels at a time until message `target` is visible. In every frame, rows must follow each other
 * without a hole, and must not move while the position does not.
 */
function scrollUp(user, { target, step }) {
    return user.scroller.evaluate(
        async (scroller, [wanted, pixels]) => {
            const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
            const look = () => {
                const { top, bottom } = scroller.getBoundingClientRect();
                return [...scroller.querySelectorAll('.message')]
                    .map((row) => ({ seq: Number(row.dataset.seq), box: row.getBoundingClientRect() }))
                    .filter(({ box }) => box.bottom > top && box.top < bottom);
            };
            let mostRows = 0;
            let worstJump = 0;
            let holes = 0;
            for (let steps = 0; steps < 20_000; steps += 1) {
                const before = new Map(look().map(({ seq, box }) => [seq, box.bottom]));
                const position = scroller.scrollTop;
                scroller.scrollTop = Math.max(0, position - pixels);
                const moved = position - scroller.scrollTop;
                await frame();
                const now = look();
                mostRows = Math.max(mostRows, scroller.querySelectorAll('.row').length);
                for (let index = 1; index < now.length; index += 1) if (now[index].seq !== now[index - 1].seq + 1) holes += 1;
                if (now.length === 0) holes += 1;
                const kept = now.filter(({ seq }) => before.has(seq)).at(-1);
                if (kept) worstJump = Math.max(worstJump, Math.abs(kept.box.bottom - before.get(kept.seq) - moved));
                if (now.some(({ seq }) => seq === wanted)) return { steps, mostRows, worstJump, holes };
            }
            return { steps: Infinity, mostRows, worstJump, holes };
        },
        [target, step],
    );
}

for (const [name, context] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    test(`all ${MESSAGES} messages can be scrolled through on a ${name}, without a jump or a hole`, async (t) => {
        const { room } = await theLongRoom();
        const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: `ada ${name}`, context });
        await eventually(async () => (await seen(ada)).at(-1)?.seq === MESSAGES, 'the newest is in view');
        const run = await scrollUp(ada, { target: name === 'desktop' ? 1 : MESSAGES - 2000, step: 400 });
        t.diagnostic(JSON.stringify(run));
        assert.ok(Number.isFinite(run.steps), 'it gets there');
        assert.equal(run.holes, 0);
        assert.ok(run.worstJump <= STEADY_PX, `the rows jumped by ${run.worstJump} px`);
        assert.ok(run.mostRows <= MOUNTED, `${run.mostRows} rows in the document`);
        if (name === 'desktop') await ada.page.getByText('The conversation begins here.').waitFor();

        await ada.scroller.focus();
        await ada.page.keyboard.press('End');
        await eventually(async () => (await seen(ada)).at(-1)?.seq >= MESSAGES, 'End leads to the end');
        assert.deepEqual(ada.problems, []);
    });
}

test('the visible messages stay in place when older pages, new messages and a narrower window come', async (t) => {
    const { room, ben } = await theLongRoom();
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada reads' });
    await eventually(async () => (await seen(ada)).length > 0, 'there is something to read');
    const held = [];
    await ada.page.route('**/events**', async (route) => {
        await new Promise((resolve) => held.push(resolve));
        await route.continue();
    });
    await scrollUp(ada, { target: (await seen(ada))[0].seq - 20, step: 300 });
    await eventually(() => held.length > 0, 'an older page is asked for');
    await standsStill(ada);
    const [, , row] = await seen(ada);
    const placeOf = async () => (await seen(ada)).find(({ seq }) => seq === row.seq)?.top;
    const rows = () => ada.page.evaluate(() => document.querySelector('.globes-room').shadowRoot.querySelector('.scroller').scrollHeight);

    const height = await rows();
    held.forEach((release) => release());
    await eventually(async () => (await rows()) > height + 1000, 'the page was put before');
    await standsStill(ada);
    assert.ok(Math.abs((await placeOf()) - row.top) <= STEADY_PX, 'after an older page');

    ben.say('ben', 'a new one');
    await ada.page.getByRole('button', { name: '1 new message, go to the latest' }).waitFor();
    assert.ok(Math.abs((await placeOf()) - row.top) <= STEADY_PX, 'after a new message');

    const first = (await seen(ada))[0];
    await ada.page.setViewportSize({ width: 420, height: 760 });
    await eventually(async () => (await ada.scroller.boundingBox()).width <= 420, 'narrower');
    const now = (await seen(ada)).find(({ seq }) => seq === first.seq);
    assert.ok(now && Math.abs(now.top - first.top) <= STEADY_PX, 'the first row in the window stays the first');
});

test('Home and a dragged scroll bar lead to messages, not to empty space', async (t) => {
    const { room } = await theLongRoom();
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada jumps' });
    await eventually(async () => (await seen(ada)).length > 0, 'there is something to read');
    await ada.scroller.focus();
    const oldest = async () => (await seen(ada))[0]?.seq ?? Infinity;
    for (let press = 0; press < 5; press += 1) {
        const was = await oldest();
        await ada.page.keyboard.press('Home');
        await eventually(async () => (await oldest()) < was, 'older messages are seen');
    }
    await ada.scroller.evaluate((scroller) => {
        scroller.scrollTop = scroller.scrollHeight / 2;
    });
    await eventually(async () => (await seen(ada)).at(-1)?.bottom >= 650, 'the window is full of messages');
});

test('if history fails, another attempt is offered, and the position at the top is kept', async (t) => {
    const { room } = await theLongRoom();
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada fails' });
    await eventually(async () => (await seen(ada)).length > 0, 'there is something to read');
    await ada.page.route('**/events**', (route) => route.abort());
    await ada.scroller.evaluate((scroller) => {
        scroller.scrollTop = 0;
    });
    await ada.page.getByText('Older messages could not be loaded.').waitFor();
    let release;
    const released = new Promise((resolve) => {
        release = resolve;
    });
    await ada.page.unroute('**/events**');
    await ada.page.route('**/events**', async (route) => {
        await released;
        await route.continue();
    });
    await ada.page.getByRole('button', { name: 'Try again' }).click();
    await ada.page.getByText('Loading older messages').waitFor({ state: 'attached' });
    await standsStill(ada);
    const [first] = await seen(ada);
    const height = await ada.scroller.evaluate((scroller) => scroller.scrollHeight);
    release();
    await eventually(
        async () => (await ada.scroller.evaluate((scroller) => scroller.scrollHeight)) > height + 1000,
        'they come',
    );
    await standsStill(ada);
    const now = (await seen(ada)).find(({ seq }) => seq === first.seq);
    assert.ok(now, 'the messages are still in view');
    // The first message has lost the heading of its day.
    assert.ok(Math.abs(now.bottom - first.bottom) <= STEADY_PX, `from ${first.bottom} to ${now.bottom}`);
});
