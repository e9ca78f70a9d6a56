// Headless Chromium from the system.
import { chromium } from 'playwright-core';

const executablePath = process.env.GLOBES_CHROMIUM ?? '/usr/bin/chromium';

/**
 * A browser for the duration of the test, with any number of contexts.
 * `keepsPages`: it has its back-forward cache, which is off in other tests.
 */
export async function launchBrowser(t, { keepsPages = false } = {}) {
    const browser = await chromium.launch({
        executablePath,
        ignoreDefaultArgs: keepsPages ? ['--disable-back-forward-cache'] : [],
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
    });
    t.after(() => browser.close());
    return browser;
}

/**
 * A page in a browser for the duration of the test. By default tests may add scripts to it, whatever its policy (CSP)
 * is.
 */
export async function openPage(t, url, { bypassCSP = true } = {}) {
    const browser = await launchBrowser(t);
    const page = await browser.newPage({ bypassCSP });
    await page.goto(url);
    return page;
}

/**
 * A chat client with the page's own WebSocket. Frames are collected in the page, so none is missed between two calls.
 */
export class BrowserSocket {
    constructor(page) {
        this.page = page;
    }

    /** Opens the socket; resolves with the subprotocol that was negotiated. */
    async open(path, protocols) {
        return this.page.evaluate(
            ([where, offered]) =>
                new Promise((resolve, reject) => {
                    const socket = new WebSocket(`ws://${location.host}${where}`, offered);
                    window.chat = { socket, frames: [], waiting: [] };
                    socket.onmessage = ({ data }) => {
                        const waiting = window.chat.waiting.shift();
                        if (waiting) waiting(data);
                        else window.chat.frames.push(data);
                    };
                    socket.onopen = () => resolve(socket.protocol);
                    socket.onerror = () => reject(new Error('the browser could not open the socket'));
                    window.chat.closed = new Promise((done) => {
                        socket.onclose = ({ code }) => done(code);
                    });
                }),
            [path, protocols],
        );
    }

    send(event) {
        return this.page.evaluate((text) => window.chat.socket.send(text), JSON.stringify(event));
    }

    /** The text of the next frame. */
    nextText() {
        return this.page.evaluate(
            () => window.chat.frames.shift() ?? new Promise((resolve) => window.chat.waiting.push(resolve)),
        );
    }

    async next() {
        return JSON.parse(await this.nextText());
    }

    close() {
        return this.page.evaluate(() => window.chat.socket.close(1000));
    }

    /** The close code. */
    closed() {
        return this.page.evaluate(() => window.chat.closed);
    }
}
