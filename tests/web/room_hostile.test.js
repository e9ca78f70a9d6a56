// Malicious names and messages: they stay text, each with its own direction, and the layout does not break.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { sharedServer } from '../api/harness/server.js';
import { DESKTOP, PHONE, TestUser, serveSources } from './room_fixture.js';

const server = sharedServer(serveSources());

const HOSTILE_NAMES = ['<img src=x onerror=hacked=1>', '__proto__', 'שלום', 'Z\u0335\u0321\u0322\u0323\u0324\u0325\u0326'];
/** By the names that take their place at the server, which refuses them. Servers of earlier versions did not. */
const REFUSED_NAMES = { standin1: '\u202eada\u202d', standin2: '\u200b\u200b', standin3: '\u2069</bdi>' };
const NAMES = [...Object.keys(REFUSED_NAMES), ...HOSTILE_NAMES];
const alters = (frame) => frame.replace(/standin\d/g, (name) => REFUSED_NAMES[name]);
const HOSTILE_TEXTS = [
    '<script>window.hacked=1</script>',
    '<img src=x onerror=window.hacked=1>',
    '"><svg onload=window.hacked=1>',
    '</div></template><style>*{display:none}</style>',
    '${window.hacked=1} {{constructor.constructor("window.hacked=1")()}}',
    'https://a.example/"onmouseover="window.hacked=1',
    '\u202ethis runs backwards',
    '\u2067isolated forever',
    '\u200b',
    '🎈'.repeat(4096),
    '👩‍👩‍👧‍👦'.repeat(580),
    '\n'.repeat(2000) + 'the end',
    'a'.repeat(4096),
    '\u0301'.repeat(4000),
    '﷽'.repeat(500),
];

for (const [device, context] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    test(`malicious names and messages stay text, and do not break the layout on a ${device}`, async (t) => {
        const room = await createRoom(server);
        const reader = await TestUser.enter(await launchBrowser(t), server, room, { name: 'reader', context, alters });
        await reader.page.evaluate(() => window.view.showMembers());
        for (const name of NAMES) {
            const client = await ChatClient.open(server, room);
            client.send({ event_type: 'join', name, color: 'red' });
            for (const text of HOSTILE_TEXTS) client.say(name, text);
            const last = `${name} is done`;
            client.say(name, last);
            await client.find(({ event_type: type, msg }) => type === 'error' || msg === last);
        }
        const sent = HOSTILE_TEXTS.length * NAMES.length;
        assert.ok((await (await fetch(`${server.origin}/chats/${room.id}/events?limit=1000`)).json()).events.length >= sent / 2);
        await reader.message(`${NAMES.at(-1)} is done`).waitFor();
        const wide = await reader.page.evaluate(() => {
            const root = document.querySelector('.globes-room').shadowRoot;
            const scroller = root.querySelector('.scroller');
            const edge = scroller.getBoundingClientRect();
            const outside = [...root.querySelectorAll('.bubble, .name, .meta, .presence')].filter((part) => {
                const box = part.getBoundingClientRect();
                return box.left < edge.left - 1 || box.right > edge.right + 1;
            });
            return { outside: outside.map((part) => part.className), scrolls: scroller.scrollWidth > scroller.clientWidth };
        });
        assert.deepEqual(wide, { outside: [], scrolls: false });
        const heights = await reader.page.locator('.bubble').evaluateAll((bubbles) => bubbles.map((bubble) => bubble.offsetHeight));
        assert.ok(Math.max(...heights) < 500, 'long messages are folded');
        const found = await reader.page.evaluate(() => {
            const root = document.querySelector('.globes-room').shadowRoot;
            return { hacked: window.hacked, foreign: root.querySelectorAll('.rows img, .rows script, .rows style, .members img').length };
        });
        assert.deepEqual(found, { hacked: undefined, foreign: 0 });
        assert.ok((await reader.page.getByText('(no visible name)').count()) > 0 || device === 'phone');
        assert.deepEqual(reader.problems, []);
    });
}

test('a long message is folded, and unfolds on demand', async (t) => {
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const reader = await TestUser.enter(await launchBrowser(t), server, room, { name: 'reader' });
    ben.say('ben', 'word '.repeat(800).trim());
    const height = async () => (await reader.page.locator('.bubble').boundingBox()).height;
    await reader.page.getByRole('button', { name: 'Show all' }).waitFor();
    const folded = await height();
    await reader.page.getByRole('button', { name: 'Show all' }).click();
    await reader.page.getByRole('button', { name: 'Show less' }).click({ trial: true });
    assert.ok((await height()) > folded + 100);
});
