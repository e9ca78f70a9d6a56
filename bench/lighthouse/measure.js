// Runs Lighthouse on every view of the page, with its own server on the loopback, as a phone with a processor four times
// slower than this one. Writes docs/page.md.
//
// usage: ./dev bench --page [--rounds N]
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import lighthouse from 'lighthouse';
import puppeteer from 'puppeteer-core';

import { writePage } from './page.js';

const { values: options } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, build: { type: 'string', default: 'build/release' } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
    console.error('usage: ./dev bench --page [--rounds N]');
    process.exit(2);
}

const CHROMIUM = process.env.GLOBES_CHROMIUM ?? '/usr/bin/chromium';
const MESSAGES = 30;
const SLOWER = 4;
const CONFIG = {
    extends: 'lighthouse:default',
    settings: {
        onlyCategories: ['performance', 'accessibility', 'best-practices'],
        formFactor: 'mobile',
        // The unthrottled loopback, and observed times instead of simulated ones.
        throttlingMethod: 'devtools',
        throttling: {
            cpuSlowdownMultiplier: SLOWER,
            requestLatencyMs: 0,
            downloadThroughputKbps: 0,
            uploadThroughputKbps: 0,
        },
    },
};

/** A visitor of a room's address gets its entrance, unless the browser has stored a name for the room (web/app/preferences.js). */
const IDENTITY = { key: 'globes.seat.1', value: JSON.stringify({ name: 'ada', color: '#2f84c6', token: null }) };
const VIEWS = [
    { name: 'the list of rooms', path: '/' },
    { name: 'an entrance', path: '/chats/1/entrance' },
    { name: 'a room', path: '/chats/1', identity: IDENTITY },
    { name: 'the demo of the embed', path: '/demo.html' },
];

async function startServer(folder) {
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ Address: '127.0.0.1:0' }));
    const server = spawn(join(process.cwd(), options.build, 'globes'), { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface(server.stdout)) {
        const started = /^Globes \S+ started at (\S+)$/.exec(line);
        if (started) return { server, origin: `http://${started[1]}` };
    }
    throw new Error('the server did not start');
}

/** Rooms to be listed, and something that was said in the first one. */
async function furnish(origin, browser) {
    for (const title of ['Reading circle', 'Kitchen table', 'Late trains', 'Allotment 14']) {
        const body = JSON.stringify({ title, description: 'Somewhere to talk', visibility: 'public' });
        await fetch(`${origin}/chats`, { method: 'POST', body });
    }
    const page = await browser.newPage();
    await page.goto(origin);
    await page.evaluate(async (count) => {
        const socket = new WebSocket(`ws://${location.host}/chats/1/ws`);
        await new Promise((resolve) => (socket.onopen = resolve));
        const received = new Promise((resolve) => {
            let left = count;
            socket.onmessage = () => (left -= 1) === 0 && resolve();
        });
        for (let number = 1; number <= count; number += 1) {
            const msg = `Message ${number}, of some words as people write them.`;
            socket.send(JSON.stringify({ event_type: 'send', name: 'grace', color: 'teal', msg }));
        }
        await received;
    }, MESSAGES);
    await page.close();
}

async function measure(browser, origin, { path, identity }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    if (identity) await page.evaluateOnNewDocument(({ key, value }) => sessionStorage.setItem(key, value), identity);
    try {
        const { lhr } = await lighthouse(origin + path, { logLevel: 'error' }, CONFIG, page);
        if (lhr.runtimeError) throw new Error(`${path}: ${lhr.runtimeError.message}`);
        return readResult(lhr);
    } finally {
        await context.close();
    }
}

function readResult({ categories, audits }) {
    const scores = Object.fromEntries(Object.entries(categories).map(([id, { score }]) => [id, Math.round(score * 100)]));
    const faults = ['accessibility', 'best-practices'].flatMap((id) =>
        categories[id].auditRefs
            .map((reference) => audits[reference.id])
            .filter(({ score }) => score !== null && score < 1)
            .map(({ title }) => title),
    );
    return {
        ...scores,
        faults,
        firstPaintMs: audits['first-contentful-paint'].numericValue,
        largestPaintMs: audits['largest-contentful-paint'].numericValue,
        blockingMs: audits['total-blocking-time'].numericValue,
        shift: audits['cumulative-layout-shift'].numericValue,
        bytes: audits['total-byte-weight'].numericValue,
    };
}

const folder = mkdtempSync(join(tmpdir(), 'globes-page-'));
const { server, origin } = await startServer(folder);
const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
});
try {
    await furnish(origin, browser);
    const results = new Map(VIEWS.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
        for (const view of VIEWS) {
            const result = await measure(browser, origin, view);
            results.get(view.name).push(result);
            const { accessibility, 'best-practices': practices, firstPaintMs } = result;
            console.log(`round ${round}  ${view.name.padEnd(22)} ${accessibility} ${practices}  first paint ${Math.round(firstPaintMs)} ms`);
        }
    }
    const { version } = createRequire(import.meta.url)('lighthouse/package.json');
    const file = fileURLToPath(new URL('../../docs/page.md', import.meta.url));
    writePage(file, {
        results,
        rounds,
        slower: SLOWER,
        machine: `${cpus()[0].model}, ${cpus().length} cores, Linux ${release()}`,
        browser: /Chromium [\d.]+/.exec(execFileSync(CHROMIUM, ['--version'], { encoding: 'utf8' }))[0],
        version,
    });
    console.log(`Wrote ${file}`);
} finally {
    await browser.close();
    server.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
}
