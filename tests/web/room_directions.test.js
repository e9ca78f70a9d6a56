// Names and messages of both directions, and mixed ones: each is on its side.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { DESKTOP, PHONE, TestUser, serveSources } from './room_fixture.js';

const EMBED = '<!DOCTYPE html><title>Embed</title><script type="module" src="/globes-chat.js"></script><body></body>';
const server = sharedServer(serveSources({}, { 'site/embed.html': EMBED }));

const HEBREW = 'שלום לכולם, זאת הודעה ארוכה שלא נכנסת בשורה אחת ולכן היא נשברת לכמה שורות על המסך';

/** The boxes of a message's parts, and of each line of its text. */
function boxesOf(user, text) {
    return user.message(text).evaluate((row) => {
        const box = (part) => {
            if (!part) return null;
            const { left, right, top, bottom } = part.getBoundingClientRect();
            return { left, right, top, bottom };
        };
        // A line may have several boxes: spaces at its end have their own.
        const lines = new Map();
        for (const { left, right, top } of row.querySelector('.text').getClientRects()) {
            const line = lines.get(top) ?? { left, right };
            lines.set(top, { left: Math.min(left, line.left), right: Math.max(right, line.right) });
        }
        const range = document.createRange();
        range.selectNodeContents(row.querySelector('.name') ?? row);
        return { row: box(row), written: box(range), lines: [...lines.values()], ...Object.fromEntries(['avatar', 'name', 'bubble', 'body', 'meta'].map((name) => [name, box(row.querySelector(`.${name}`))])) };
    });
}

/** The order of `parts` from the left, by the position of their first characters in `element`. */
function orderOf(locator, parts) {
    return locator.evaluate((element, wanted) => {
        const whole = element.textContent;
        const range = document.createRange();
        const leftOf = (part) => {
            let at = whole.indexOf(part);
            const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                if (at < node.data.length) {
                    range.setStart(node, at);
                    range.setEnd(node, at + 1);
                    return range.getBoundingClientRect().left;
                }
                at -= node.data.length;
            }
            return NaN;
        };
        return [...wanted].sort((one, other) => leftOf(one) - leftOf(other));
    }, parts);
}

for (const [device, context] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    for (const direction of ['ltr', 'rtl']) {
        test(`name, avatar and bubble are aligned in an ${direction} page on a ${device}, for names of any direction`, async (t) => {
            const room = await createRoom(server);
            const reader = await TestUser.enter(await launchBrowser(t), server, room, { name: 'reader', context });
            await reader.page.evaluate((dir) => (document.documentElement.dir = dir), direction);
            for (const name of ['אדה', 'نور الهدى', 'ada', '123', '🎈', 'ada שלום', 'א'.repeat(32)]) {
                const client = await ChatClient.join(server, room, name);
                for (const text of [`שלום מאת ${name}`, `hello from ${name}`]) {
                    client.say(name, text);
                    await reader.message(text).waitFor();
                }
                const { row, avatar, written, name: label, bubble } = await boxesOf(reader, `שלום מאת ${name}`);
                const start = (box) => (direction === 'ltr' ? box.left - row.left : row.right - box.right);
                const end = (box) => (direction === 'ltr' ? box.right - row.left : row.right - box.left);
                assert.ok(start(avatar) <= 1 && end(avatar) <= start(bubble), `${name}: the avatar before the bubble`);
                // Only the box of a truncated name is visible.
                const isWhole = written.right - written.left <= label.right - label.left + 1;
                for (const box of isWhole ? [written, label] : [label]) assert.ok(Math.abs(start(box) - start(bubble)) <= 4, `${name}: ${start(box)} px, the bubble ${start(bubble)} px`);
                assert.ok(label.bottom <= bubble.top + 1 && end(label) <= row.right - row.left, `${name}: above, and not wider`);
                const { bubble: next } = await boxesOf(reader, `hello from ${name}`);
                assert.ok(Math.abs(start(next) - start(bubble)) <= 1, `${name}: the next bubble below the first`);
            }
            assert.deepEqual(reader.problems, []);
        });
    }
}

test('each paragraph of a message has its own direction, and the time is at the end of the message', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const reader = await TestUser.enter(await launchBrowser(t), server, room, { name: 'reader', context: PHONE });
    const mixed = `${HEBREW}\nand in English`;
    for (const text of [HEBREW, mixed, 'hello, a long message in English that does not fit into one line of a phone', '12345']) {
        ben.say('ben', text);
        await reader.message(text).waitFor();
    }
    const hebrew = await boxesOf(reader, HEBREW);
    assert.ok(hebrew.lines.length > 1);
    for (const line of hebrew.lines) assert.ok(Math.abs(line.right - hebrew.body.right) <= 2, 'from the right');
    assert.ok(hebrew.meta.left - hebrew.body.left < 4, 'the time on the left');
    const english = await boxesOf(reader, 'hello, a long message in English that does not fit into one line of a phone');
    for (const line of english.lines) assert.ok(Math.abs(line.left - english.body.left) <= 1, 'from the left');
    assert.ok(english.body.right - english.meta.right < 4, 'the time on the right');
    const both = await boxesOf(reader, mixed);
    assert.ok(Math.abs(both.lines[0].right - both.body.right) <= 2, 'the first paragraph from the right');
    assert.ok(both.lines.at(-1).left <= both.meta.right + 14, 'the second from the left, beside the time');
    const { body, meta } = await boxesOf(reader, '12345');
    assert.ok(body.right - meta.right < 4);
});

test('times, links and icons keep their order inside a text of the other direction', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const reader = await TestUser.enter(await launchBrowser(t), server, room, { name: 'reader' });
    const text = 'ראו https://example.org/a/b?c=d כאן';
    ben.say('ben', text);
    ben.say('ben', '\u202eturned round');
    ben.say('ben', '\u2067isolated forever שלום');
    const message = reader.message(text);
    await message.waitFor();
    assert.deepEqual(await orderOf(message.locator('.text'), ['ראו', 'https', '/a/b', 'כאן']), ['כאן', 'https', '/a/b', 'ראו']);
    const times = reader.page.locator('time');
    for (const time of await times.all()) {
        const [, hour, half] = (await time.textContent()).match(/^(\d+:\d\d)\s([AP]M)$/);
        assert.deepEqual(await orderOf(time, [hour, half]), [hour, half], 'a time is read as in its language');
    }
});

test('the title of an embed is at its start, in any direction', async (t) => {
    const browser = await launchBrowser(t);
    const page = await browser.newPage();
    await page.goto(`${server.origin}/embed.html`);
    for (const title of ['Room for embeds', 'חדר לכולם']) {
        const room = await createRoom(server, { title });
        await page.evaluate((id) => {
            const chat = document.createElement('globes-chat');
            chat.setAttribute('room', id);
            document.body.replaceChildren(chat);
        }, room.id);
        const heading = page.getByRole('heading', { name: title });
        await heading.waitFor();
        const [start, left] = await heading.evaluate((element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return [element.parentElement.getBoundingClientRect().left, range.getBoundingClientRect().left];
        });
        assert.ok(left - start < 30, `${title}: ${left - start} px from the start`);
    }
});

test('wide initials fit in their circle', async (t) => {
    const room = await createRoom(server);
    const reader = await TestUser.enter(await launchBrowser(t), server, room, { name: 'reader' });
    for (const name of ['ada', '🇩🇪', '👩‍👩‍👧‍👦', '﷽', 'e\u0301va', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'W']) {
        const client = await ChatClient.join(server, room, name);
        client.say(name, `by ${name}`);
        const message = reader.message(`by ${name}`);
        await message.waitFor();
        const [text, circle] = await message.locator('.avatar').evaluate((avatar) => {
            const range = document.createRange();
            range.selectNodeContents(avatar);
            return [range.getBoundingClientRect(), avatar.getBoundingClientRect()].map(({ left, right }) => ({ left, right }));
        });
        assert.ok(text.left >= circle.left && text.right <= circle.right, `${name}: ${JSON.stringify([text, circle])}`);
        assert.ok(text.right > text.left, name);
    }
});
