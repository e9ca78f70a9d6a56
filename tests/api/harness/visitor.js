// Visitors of the page: one Chromium for all tests of a file, with a profile for each visitor. Every exception in the
// page and every violation of its Content-Security-Policy fails the test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

import { assertStatus, post } from './api.js';
import { eventually } from './wait.js';

const executablePath = process.env.GLOBES_CHROMIUM ?? '/usr/bin/chromium';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

/** Chromium's own messages about error responses, which the page handles. */
const NETWORK_NOISE = /^Failed to load resource|^WebSocket connection to .* failed/;

/** A folder to serve in place of the built-in page, for example the sources. */
const folder = process.env.GLOBES_WEB && resolve(process.env.GLOBES_WEB);

/** For `sharedServer`: the server with the page to test. */
export const pageConfig = folder ? { config: { Static: folder } } : {};

/** The browser of a file's tests. */
export function sharedBrowser() {
    let browser;
    before(async () => {
        browser = await chromium.launch({
            executablePath,
            args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
        });
    });
    after(() => browser.close());

    /**
     * A new visitor opens `url`.
     * @param {import('node:test').TestContext} t
     * @param {{ size?: object, scheme?: 'light' | 'dark', locale?: string, init?: () => void }} [options] `init` runs in
     *     the page before its own scripts; the rest is Playwright's
     * @returns {Promise<import('playwright-core').Page>}
     */
    return async function visit(t, url, { size = DESKTOP, scheme = 'light', locale = 'en-GB', init, ...options } = {}) {
        const context = await browser.newContext({
            viewport: size,
            colorScheme: scheme,
            locale,
            reducedMotion: 'reduce',
            ...options,
        });
        const faults = [];
        context.on('weberror', (error) => faults.push(error.error().stack));
        context.on('console', (message) => {
            if (message.type() === 'error' && !NETWORK_NOISE.test(message.text())) faults.push(message.text());
        });
        t.after(async () => {
            await context.close();
            assert.deepEqual(faults, [], 'the page throws nothing and keeps to its policy');
        });
        if (init) await context.addInitScript(init);
        const page = await context.newPage();
        await page.goto(url);
        return page;
    };
}

/** Enters a public room by its entrance. */
export async function enter(page, name) {
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.waitForURL(/\/chats\/\d+$/);
    // Wait for the address first: the entrance is still shown until the room's page is loaded.
    await page.locator('html[data-view="room"]').waitFor({ state: 'attached' });
}

/** Resolves when the room's page shows that it is connected. Matches exactly, because “Disconnected” contains the
 * word. */
export function connected(page) {
    return page.locator('.room-state').getByText('Connected', { exact: true }).waitFor({ state: 'attached' });
}

/** Simulates that the tab is hidden or shown again: headless pages are always visible. */
export function setHidden(page, hidden) {
    return page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
}

/** Sends wrong passwords until the server refuses further ones for this room from this address. */
export async function exhaustPasswordTries(server, room) {
    await eventually(async () => {
        const { status } = await post(server, `/chats/${room.id}/token`, { name: 'mallory', secret: 'wrong password' });
        return status === 429;
    }, 'the server refuses further tries');
}

/** Creates many public rooms at once. */
export async function createRooms(server, titles) {
    for (const title of titles) assertStatus(await post(server, '/chats', { title, visibility: 'public' }), 201);
}

export function assertFocused(locator) {
    return eventually(() => locator.evaluate((element) => element.matches(':focus')), `${locator} has the focus`);
}

/** axe-core finds no violation in the page as it is shown. */
export async function assertAccessible(page) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const found = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
    );
    assert.deepEqual(found, [], `at ${page.url()}`);
}

/** No element is wider than the screen. */
export async function assertFits(page) {
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(content <= screen, `the content is ${content} px wide on a screen of ${screen} px, at ${page.url()}`);
}
