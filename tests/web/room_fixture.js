// A page with only the room view, under the strictest policy that it must support, in its own browser.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { eventually } from '../api/harness/wait.js';

const webFolder = fileURLToPath(new URL('../../web/', import.meta.url));
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'";
const PAGE = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>Room</title><link rel="stylesheet" href="/fixture.css">
<script type="module" src="/fixture.js"></script></head><body><div id="host"></div></body></html>`;
const STYLE = 'html, body { height: 100%; margin: 0 } #host { height: 100% }';
const SCRIPT = `
import { Globes } from './globes.js';
import { RoomView } from './room/room_view.js';
import { loadTexts } from './room/load_texts.js';
const { room, identity, language, readOnly } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
Object.assign(window, { RoomView, unread: [], texts: await loadTexts(language) });
const globes = new Globes();
window.connection = globes.connect(room.id, identity);
window.view = new RoomView(document.getElementById('host'), {
    connection, room, readOnly, language, texts: window.texts, storage: localStorage,
    onUnread: (count) => window.unread.push(count),
});
`;


/** The server's options, with further keys: it serves the sources unbuilt, and the page of this test. */
export function serveSources(config = {}, more = {}) {
    const files = { 'site/fixture.html': PAGE, 'site/fixture.css': STYLE, 'site/fixture.js': SCRIPT, ...more };
    for (const entry of readdirSync(webFolder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = `${entry.path ?? entry.parentPath}/${entry.name}`;
        files[`site/${path.slice(webFolder.length).replace(/^\//, '')}`] = readFileSync(path, 'utf8');
    }
    return { config: { Static: 'site', MessagesPerSecond: 0, ...config }, files };
}

export const PHONE = { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true };
export const DESKTOP = { viewport: { width: 1100, height: 760 } };

/**
 * A user in a room, with their own context (storage, network). `problems` collects what must never happen: exceptions,
 * and violations of the policy.
 */
export class TestUser {
    /**
     * @param {import('playwright-core').Browser} browser
     * @param {{ held?: boolean, name?: string, color?: string, token?: string, last?: number, language?: string, readOnly?: boolean,
     *     context?: object, loses?: (event: object) => boolean, alters?: (frame: string) => string }} [options] `held`:
     *     nothing comes through the socket before `release()`; `loses`: what never comes through it; `alters`: returns the frame that
     *     replaces one
     */
    static async enter(browser, server, room, options = {}) {
        const { language = 'en', readOnly = false, held = false, loses, alters, context = DESKTOP, ...identity } = options;
        const user = new TestUser();
        user.isTouching = context.hasTouch ?? false;
        user.context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...context });
        user.page = await user.context.newPage();
        user.problems = [];
        user.page.on('pageerror', (error) => user.problems.push(String(error)));
        user.page.on('console', (message) => {
            if (/Content Security Policy/.test(message.text())) user.problems.push(message.text());
        });
        if (held) await user.#holdSockets();
        if (loses || alters) await user.#alter(loses, alters);
        const hash = encodeURIComponent(JSON.stringify({ room: { id: room.id }, identity, language, readOnly }));
        await user.page.goto(`${server.origin}/fixture.html#${hash}`);
        await user.page.locator('.globes-room').waitFor();
        return user;
    }

    /** Lets the frames of a `held` user through from now on. */
    release;

    async #holdSockets() {
        const released = new Promise((resolve) => {
            this.release = resolve;
        });
        await this.page.routeWebSocket(/./, async (socket) => {
            const upstream = socket.connectToServer();
            const waiting = [];
            let isOpen = false;
            upstream.onMessage((message) => (isOpen ? socket.send(message) : waiting.push(message)));
            await released;
            for (const message of waiting) socket.send(message);
            isOpen = true;
        });
    }

    #alter(loses = () => false, alters = (frame) => frame) {
        return this.page.routeWebSocket(/./, (socket) => {
            const upstream = socket.connectToServer();
            upstream.onMessage((frame) => {
                if (!loses(JSON.parse(frame))) socket.send(alters(frame));
            });
        });
    }

    get field() {
        return this.page.getByRole('textbox');
    }

    get scroller() {
        return this.page.locator('.scroller');
    }

    get messages() {
        return this.page.locator('.message');
    }

    /** The message with this text. */
    message(text) {
        return this.messages.filter({ has: this.page.locator('.text').getByText(text, { exact: true }) });
    }

    async say(text) {
        await this.field.fill(text);
        if (this.isTouching) await this.page.getByRole('button', { name: 'Send' }).tap();
        else await this.field.press('Enter');
    }

    /** The distance in pixels from the window's bottom to the end of the list, after all changes are on the screen. */
    distanceFromEnd() {
        return this.scroller.evaluate(async (scroller) => {
            for (let frames = 0; frames < 3; frames += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
            return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
        });
    }

    /** The texts of the mounted messages, from the top. */
    texts() {
        return this.page.locator('.message .text').allTextContents();
    }

    /** Resolves when the connection is in `state`. */
    reaches(state) {
        return eventually(() => this.page.evaluate((wanted) => window.connection.state === wanted, state), `the state ${state}`);
    }

    reload() {
        return this.page.reload();
    }
}
