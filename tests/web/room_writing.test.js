// Writing in the room view: which keys send, which text is sent, and that the messages above do not move.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { DESKTOP, PHONE, TestUser, serveSources } from './room_fixture.js';

const server = sharedServer(serveSources());

/** The rounding between the window and the end. */
const STEADY_PX = 1;
const DEVICES = Object.entries({ desktop: DESKTOP, phone: PHONE });

/** A room with more messages than a window holds, their author, and a reader at the end. */
async function busyRoom(t, context) {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 40; number += 1) ben.say('ben', `text ${number} ${'of some length '.repeat(number % 5)}`.trim());
    await ben.find(({ seq }) => seq === 40);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', context });
    await ada.message('text 40').waitFor();
    return { ada, ben };
}

async function assertAtEnd(user, when) {
    const distance = await user.distanceFromEnd();
    assert.ok(Math.abs(distance) <= STEADY_PX, `${when}: ${distance} px from the end`);
}

/** Another message is visible as soon as it has come. */
async function assertFollows({ ada, ben }, text) {
    ben.say('ben', text);
    await ada.message(text).waitFor();
    await assertAtEnd(ada, text);
    assert.deepEqual(await ada.page.evaluate(() => window.unread), [], 'nothing counts as unread');
    assert.equal(await ada.page.locator('.jump').isVisible(), false);
}

const isFocused = (locator) => locator.evaluate((element) => element.getRootNode().activeElement === element);

for (const [device, context] of DEVICES) {
    test(`the newest messages stay in view on a ${device} while the draft grows and shrinks`, async (t) => {
        const { ada, ben } = await busyRoom(t, context);
        await ada.field.focus();
        for (let line = 1; line <= 9; line += 1) {
            await ada.page.keyboard.type(`line ${line}`);
            await assertAtEnd(ada, `line ${line}`);
            await ada.page.keyboard.press('Shift+Enter');
            await assertAtEnd(ada, `after line ${line}`);
        }
        await assertFollows({ ada, ben }, 'below a high field');
        for (let line = 9; line >= 1; line -= 1) {
            for (let key = 0; key < 'line 1\n'.length; key += 1) await ada.page.keyboard.press('Backspace');
            await assertAtEnd(ada, `without line ${line}`);
        }
        for (let word = 0; word < 30; word += 1) {
            await ada.page.keyboard.insertText(`one more word ${word} `);
            await assertAtEnd(ada, `word ${word}`);
        }
        await assertFollows({ ada, ben }, 'below a paragraph');
        await ada.field.fill('');
        await assertAtEnd(ada, 'emptied');
        await assertFollows({ ada, ben }, 'below an empty field');
    });

    test(`the newest messages stay in view on a ${device} when the window, a keyboard or a font changes its size`, async (t) => {
        const { ada, ben } = await busyRoom(t, context);
        const { width, height } = context.viewport;
        // A keyboard opens and closes in steps.
        for (const size of [[width, height - 90], [width, height - 260], [width, height - 180], [width, height], [width - 80, height], [height, width], [width, height]]) {
            await ada.page.setViewportSize({ width: size[0], height: size[1] });
            await assertAtEnd(ada, size.join(' × '));
        }
        await assertFollows({ ada, ben }, 'after the window');
        for (const font of ['monospace', 'serif', 'sans-serif']) {
            await ada.page.evaluate((family) => document.getElementById('host').style.setProperty('--globes-font', family), font);
            await assertAtEnd(ada, font);
        }
        await assertFollows({ ada, ben }, 'after the font');
        // Hidden and visible again, as by a change of tabs.
        await ada.page.evaluate(() => document.getElementById('host').style.setProperty('display', 'none'));
        ben.say('ben', 'while it is hidden');
        await ben.find(({ msg }) => msg === 'while it is hidden');
        await ada.page.evaluate(() => document.getElementById('host').style.removeProperty('display'));
        await ada.message('while it is hidden').waitFor();
        await assertAtEnd(ada, 'shown again');
        await assertFollows({ ada, ben }, 'after all');
    });
}

test('a window that shrinks right after a new message stays at the end', async (t) => {
    const { ada } = await busyRoom(t, DESKTOP);
    await ada.page.evaluate(async () => {
        const host = document.getElementById('host');
        for (let seq = 41; seq <= 50; seq += 1) {
            const said = { event_type: 'send', name: 'ben', msg: `text ${seq}`, time: new Date().toISOString(), seq };
            window.connection.dispatchEvent(new CustomEvent('event', { detail: said }));
            await new Promise((resolve) => requestAnimationFrame(resolve));
            // The list has scrolled to its new end; the event comes in the next frame, when the window has another
            // size.
            await new Promise((resolve) => setTimeout(resolve));
            host.style.height = `${110 - seq}%`;
        }
    });
    await assertAtEnd(ada, 'ten times');
    assert.deepEqual(await ada.page.evaluate(() => window.unread), [], 'nothing counts as unread');
});

test('a reader of older messages keeps the position while writing, and is told of new ones', async (t) => {
    const { ada, ben } = await busyRoom(t, DESKTOP);
    await ada.scroller.hover();
    await ada.page.mouse.wheel(0, -600);
    await ada.page.locator('.jump').waitFor();
    await ada.field.focus();
    const place = () => ada.scroller.evaluate((scroller) => {
        const { top } = scroller.getBoundingClientRect();
        const first = [...scroller.querySelectorAll('.message')].find((row) => row.getBoundingClientRect().bottom > top + 1);
        return { seq: first.dataset.seq, top: first.getBoundingClientRect().top };
    });
    await ada.distanceFromEnd();
    const was = await place();
    for (let line = 0; line < 4; line += 1) await ada.page.keyboard.press('Shift+Enter');
    await ada.distanceFromEnd();
    const is = await place();
    assert.ok(is.seq === was.seq && Math.abs(is.top - was.top) <= STEADY_PX, `${JSON.stringify(was)} ${JSON.stringify(is)}`);
    ben.say('ben', 'new');
    await ada.page.getByRole('button', { name: '1 new message, go to the latest' }).waitFor();
});

test('Enter sends, Shift+Enter inserts a line, and the field grows with the text', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    const height = async () => (await ada.field.boundingBox()).height;
    const empty = await height();
    assert.equal(await ada.field.getAttribute('enterkeyhint'), 'send');
    await ada.field.click();
    await ada.page.keyboard.type('one');
    await ada.page.keyboard.press('Shift+Enter');
    await ada.page.keyboard.type('two');
    assert.ok((await height()) >= empty + 20);
    for (let line = 0; line < 30; line += 1) await ada.page.keyboard.press('Shift+Enter');
    assert.ok((await height()) <= 260, 'it grows only so far');
    await ada.page.keyboard.press('Enter');
    await ada.message('one\ntwo').waitFor();
    assert.equal(await ada.field.inputValue(), '');
    assert.equal(await height(), empty);
    await ada.page.keyboard.press('Enter');
    await ada.say('  \n ');
    await ada.say('three');
    await ada.message('three').waitFor();
    assert.deepEqual(await ada.texts(), ['one\ntwo', 'three']);
    await ada.field.fill('four');
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await ada.message('four').waitFor();
    assert.ok(await isFocused(ada.field), 'the field keeps the focus');
});

test('on a touch screen, Enter inserts a line and the button sends, and the keyboard stays open', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', context: PHONE });
    assert.equal(await ada.field.getAttribute('enterkeyhint'), 'enter');
    await ada.field.tap();
    await ada.page.keyboard.type('one');
    await ada.page.keyboard.press('Enter');
    await ada.page.keyboard.type('two');
    assert.equal(await ada.field.inputValue(), 'one\ntwo');
    await ada.field.evaluate((field) => {
        window.blurs = 0;
        field.addEventListener('blur', () => (window.blurs += 1));
    });
    await ada.page.getByRole('button', { name: 'Send' }).tap();
    await ada.message('one\ntwo').waitFor();
    assert.deepEqual([await ada.field.inputValue(), await ada.page.evaluate(() => window.blurs)], ['', 0]);
    // Sending must not open the keyboard again after the user has closed it.
    await ada.field.fill('three');
    await ada.field.evaluate((field) => field.blur());
    await ada.page.getByRole('button', { name: 'Send' }).tap();
    await ada.message('three').waitFor();
    assert.equal(await isFocused(ada.field), false);
    await ada.field.fill('by a keyboard of keys');
    await ada.field.press('Control+Enter');
    await ada.message('by a keyboard of keys').waitFor();
});

for (const [device, context] of DEVICES) {
    test(`on a ${device} the field ${context.hasTouch ? 'waits for a touch' : 'has the focus'} when a room opens, and after a jump to the newest`, async (t) => {
        const { ada } = await busyRoom(t, context);
        const expected = !context.hasTouch;
        await ada.page.evaluate(() => window.view.focus());
        assert.equal(await isFocused(ada.field), expected);
        await ada.page.evaluate(() => window.view.restoreText('not sent'));
        assert.equal(await isFocused(ada.field), expected, 'given back');
        await ada.scroller.evaluate((scroller) => (scroller.scrollTop -= 400));
        await ada.page.locator('.jump').click();
        await eventually(async () => !(await ada.page.locator('.jump').isVisible()), 'the newest is there');
        assert.equal(await isFocused(ada.field), expected, 'at the newest');

        const room = await createRoom(server);
        const page = await (await ada.context.browser().newContext(context)).newPage();
        await page.goto(`${server.origin}/chats/${room.id}/entrance`);
        await page.getByLabel('Your name').fill('ada');
        await page.getByRole('button', { name: 'Join' }).click();
        await page.locator('html[data-view="room"] .room-state[data-state="online"]').waitFor({ state: 'attached' });
        assert.equal(await isFocused(page.getByRole('textbox', { name: 'Your message' })), expected, 'on the page');
    });
}

test('Enter that ends the composition of an input method sends nothing', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.reaches('online');
    await ada.field.focus();
    const devtools = await ada.context.newCDPSession(ada.page);
    await ada.page.evaluate(() => {
        window.keys = [];
        const note = ({ type, key, keyCode, isComposing }) => window.keys.push([type, key, keyCode, isComposing]);
        for (const type of ['compositionend', 'keydown']) document.addEventListener(type, note, true);
    });
    const enter = (code) =>
        devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: code });
    // As in Chrome and Firefox: the keydown event comes during the composition.
    await devtools.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
    await enter(229);
    await devtools.send('Input.insertText', { text: '日本' });
    // As in Safari: the composition ends before the keydown event.
    await enter(229);
    assert.equal(await ada.field.inputValue(), '日本');
    assert.deepEqual((await ada.page.evaluate(() => window.keys)).map(([type, , ...state]) => [type, ...state]), [
        ['keydown', 229, true], ['compositionend', undefined, undefined], ['keydown', 229, false],
    ]);
    await enter(13);
    await ada.message('日本').waitFor();
    assert.deepEqual(await ada.texts(), ['日本'], 'and the next one sends');
});

test('the first line keeps its indentation, and empty lines around a message are not sent', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.say('\n  \n    if ready:\n\t  go()  \n \n');
    const { msg } = await ben.find(({ event_type: type }) => type === 'send');
    assert.equal(msg, '    if ready:\n\t  go()');
    const text = ada.page.locator('.message .text');
    await text.waitFor();
    assert.equal(await text.textContent(), msg);
    // A message is rendered again once it is stored, so the measured element may have been removed.
    const indents = () => text.evaluate((element) => {
        const left = (from) => {
            const range = document.createRange();
            range.setStart(element.firstChild, from);
            range.setEnd(element.firstChild, from + 1);
            return range.getBoundingClientRect().left;
        };
        const start = element.parentElement.getBoundingClientRect().left;
        return [left(4) - start, left('    if ready:\n\t  '.length) - start];
    });
    await eventually(async () => (await indents()).every((pixels) => pixels >= 10), 'the lines are indented');
});

test('the counter counts the text that would be sent', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    const count = ada.page.locator('.count');
    const cases = [[`${'a'.repeat(4096)}\n\n `, '0'], [`\n\n${'a'.repeat(4096)}`, '0'], [` ${'a'.repeat(4096)}`, '-1'], [`${'a'.repeat(4090)} :fire:`, '4'], [`${'👍'.repeat(4000)} :fire:`, '94']];
    for (const [text, left] of cases) {
        await ada.field.fill(text);
        await eventually(async () => (await count.textContent()) === left, `${left} left`);
    }
    await ada.field.press('Enter');
    await ada.messages.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
});

test('codes are sent as emoji if they stand alone, and addresses as they are', async (t) => {
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.say('http://x.org/:fire:/y 1:tada:2 :tada:');
    await ada.message('http://x.org/:fire:/y 1:tada:2 🎉').waitFor();
    assert.equal(await ada.page.locator('.message a').getAttribute('href'), 'http://x.org/:fire:/y');
});
