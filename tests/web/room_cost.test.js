// The cost of a message in a busy room depends on what changes on the screen, and not on how much is kept. Measured by
// counts, not by time.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { launchBrowser } from '../api/harness/browser.js';
import { sharedServer } from '../api/harness/server.js';
import { serveSources } from './room_fixture.js';

const PAGE = `<!DOCTYPE html><html lang="en"><head><title>Cost</title><link rel="stylesheet" href="/fixture.css">
<script type="module" src="/cost.js"></script></head><body><div id="host"></div></body></html>`;
// A room view without a network: messages come one by one, each in its own frame.
const SCRIPT = `
import { RoomView } from './room/room_view.js';
import { texts } from './room/texts.js';
class Connection extends EventTarget {
    state = 'online';
    seq = 0;
    name = 'me';
    users = [];
    online = 0;
    history() {
        return Promise.resolve({ events: [], firstSeq: 1, lastSeq: 0 });
    }
    tell(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}
const connection = new Connection();
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const settled = async () => { for (let frames = 0; frames < 4; frames += 1) await frame(); };
let seq = 0;
const NAMES = ['ada', 'ada', 'ada', 'ben', 'cleo'];
const says = () => {
    seq += 1;
    connection.tell('event', {
        event_type: 'send', name: NAMES[seq % NAMES.length], msg: 'message no. ' + String(seq).padStart(6), seq, isOwn: false,
        time: new Date(Date.UTC(2025, 5, 10, 12) + seq * 100).toISOString(),
    });
};
window.view = new RoomView(document.getElementById('host'), { connection, room: { id: 2 }, texts, language: 'en' });
const shadow = document.querySelector('.globes-room').shadowRoot;
window.fixture = {
    async say(count, { atOnce = false } = {}) {
        for (let said = 0; said < count; said += 1) {
            says();
            if (!atOnce) await frame();
        }
        await settled();
    },
    /** The numbers of elements that are added and removed below \`selector\` during \`work\`. */
    async counted(selector, work) {
        const counts = { added: 0, removed: 0 };
        const note = (records) => {
            for (const { addedNodes, removedNodes } of records) {
                counts.added += addedNodes.length;
                counts.removed += removedNodes.length;
            }
        };
        const observer = new MutationObserver(note);
        observer.observe(shadow.querySelector(selector), { childList: true });
        await work();
        note(observer.takeRecords());
        observer.disconnect();
        return counts;
    },
    async users(count) {
        connection.users = Array.from({ length: count }, (_, index) => ({ username: 'guest ' + index }));
        connection.online = count;
        connection.tell('users', { users: connection.users, online: count });
        await settled();
    },
};
window.ready = settled();
`;
const server = sharedServer(serveSources({}, { 'site/cost.html': PAGE, 'site/cost.js': SCRIPT }));

const MESSAGES = 100;
/** Timers of the view run sometimes, and a search in more rows takes a few steps more. */
const ALIKE = 1.25;

async function openView(browser) {
    const page = await browser.newPage({ viewport: { width: 1100, height: 760 } });
    await page.goto(`${server.origin}/cost.html`);
    await page.evaluate(() => window.ready);
    return page;
}

/**
 * Counts how often each block of the view's functions runs, from the next page load on: loops and callbacks included.
 */
async function countSteps(page) {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Profiler.enable');
    await devtools.send('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    await page.reload();
    await page.evaluate(() => window.ready);
    return async (work) => {
        await devtools.send('Profiler.takePreciseCoverage');
        await work();
        const { result } = await devtools.send('Profiler.takePreciseCoverage');
        const ranges = result.filter(({ url }) => url.includes('/room/')).flatMap(({ functions }) => functions.flatMap((one) => one.ranges));
        return ranges.reduce((sum, { count }) => sum + count, 0);
    };
}

test('100 messages cost the same with 10,000 kept as with 100, and each is built once', async (t) => {
    const browser = await launchBrowser(t);
    const costs = [];
    for (const kept of [100, 10_000]) {
        const page = await openView(browser);
        const stepsOf = await countSteps(page);
        await page.evaluate((count) => window.fixture.say(count, { atOnce: true }), kept);
        await page.evaluate((count) => window.fixture.say(count), MESSAGES);
        const steps = await stepsOf(() => page.evaluate((count) => window.fixture.say(count), MESSAGES));
        const rows = await page.evaluate((count) => window.fixture.counted('.rows', () => window.fixture.say(count)), MESSAGES);
        t.diagnostic(`${kept} kept: ${(steps / MESSAGES).toFixed(0)} steps for each message, rows ${JSON.stringify(rows)}`);
        costs.push({ steps, rows });
        await page.close();
    }
    const [few, many] = costs;
    assert.ok(few.steps > 100 * MESSAGES, 'they are counted');
    assert.ok(many.steps <= few.steps * ALIKE, `${few.steps} and ${many.steps} steps`);
    assert.deepEqual([few.rows.added, many.rows.added], [MESSAGES, MESSAGES], 'each row is built once');
    assert.ok(Math.abs(few.rows.removed - many.rows.removed) <= 2, 'and leaves when it is out of sight');
});

test('all messages of one frame are shown at once', async (t) => {
    const page = await openView(await launchBrowser(t));
    await page.evaluate(() => window.fixture.say(100));
    const rows = await page.evaluate(() => window.fixture.counted('.rows', () => window.fixture.say(2000, { atOnce: true })));
    assert.ok(rows.added < 100, `${rows.added} of 2,000 rows were built: those that are seen`);
});

test('a join costs nothing while the list of members is closed, and one entry while it is open', async (t) => {
    const page = await openView(await launchBrowser(t));
    const counted = (users) => page.evaluate((count) => window.fixture.counted('.members ul', () => window.fixture.users(count)), users);
    assert.deepEqual(await counted(500), { added: 0, removed: 0 });
    await page.evaluate(() => window.view.showMembers(true));
    await page.getByText('500 people here').waitFor();
    assert.deepEqual(await counted(501), { added: 1, removed: 0 });
    assert.deepEqual(await counted(499), { added: 0, removed: 2 });
    await page.getByText('499 people here').waitFor();
});
