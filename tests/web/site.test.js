// The effect of the site's headers in a real browser.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { openPage } from '../api/harness/browser.js';
import { sharedServer, startServer } from '../api/harness/server.js';

const server = sharedServer();

/** Another site whose every page is `html`; resolves with its origin. */
async function startSite(t, html) {
    const site = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html()));
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    t.after(() => site.close());
    return `http://127.0.0.1:${site.address().port}`;
}

test('the page violates none of its own policies, on any path', async (t) => {
    for (const path of ['/', '/chats', '/chats/1', '/chats/1/entrance']) {
        const page = await openPage(t, 'about:blank', { bypassCSP: false });
        const problems = [];
        page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
        page.on('pageerror', (error) => problems.push(String(error)));
        await page.goto(server.origin + path, { waitUntil: 'networkidle' });
        assert.deepEqual(problems, [], path);
    }
});

test('Back leads to the page, not to the JSON that it requested under the same address', async (t) => {
    for (const path of ['/chats/4711', '/chats']) {
        const page = await openPage(t, server.origin + path);
        // As the page requests a room, and one of its scripts may request anything.
        const status = await page.evaluate(async (url) => {
            const { status: code } = await fetch(url, { headers: { Accept: 'application/json' } });
            return code;
        }, path);
        assert.equal(status, path === '/chats' ? 200 : 404);
        await page.goto(`${server.origin}/health`);
        await page.goBack();
        assert.equal(await page.evaluate(() => document.contentType), 'text/html', path);
    }
});

test('the policy blocks a script that was injected into the page', async (t) => {
    const page = await openPage(t, `${server.origin}/`, { bypassCSP: false });
    const blocked = await page.evaluate(() => {
        const refusal = new Promise((resolve) =>
            document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => resolve(violatedDirective)),
        );
        const script = document.createElement('script');
        script.textContent = 'window.hacked = 1';
        document.body.append(script);
        return refusal;
    });
    assert.match(blocked, /^script-src/);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
});

test('a page of AllowedOrigins loads the modules, another one cannot', async (t) => {
    let loaded;
    const html = () => `<script type="module" src="${loaded}"></script>`;
    const [friend, stranger] = [await startSite(t, html), await startSite(t, html)];
    const own = await startServer(t, { config: { AllowedOrigins: [friend] } });
    const [, path] = (await (await fetch(own.origin)).text()).match(/<script type="module" src="([^"]+)"/);
    loaded = own.origin + path;

    const outcome = async (origin) => {
        const page = await openPage(t, 'about:blank', { bypassCSP: false });
        const asked = page.waitForEvent('requestfinished', (request) => request.url() === loaded).then(() => 'loaded');
        const failed = page.waitForEvent('requestfailed', (request) => request.url() === loaded).then(() => 'refused');
        await page.goto(origin);
        return Promise.race([asked, failed]);
    };
    assert.equal(await outcome(friend), 'loaded');
    assert.equal(await outcome(stranger), 'refused');
});

test('a page of FrameAncestors embeds the page in a frame, another one cannot', async (t) => {
    let framed;
    const html = () => `<iframe src="${framed}"></iframe>`;
    const [friend, stranger] = [await startSite(t, html), await startSite(t, html)];
    const own = await startServer(t, { config: { FrameAncestors: [friend] } });
    framed = `${own.origin}/`;

    const titleInFrame = async (origin) => {
        const page = await openPage(t, origin, { bypassCSP: false });
        await page.waitForLoadState('networkidle');
        return page.frames()[1].title();
    };
    assert.match(await titleInFrame(friend), /Globes/);
    assert.doesNotMatch(await titleInFrame(stranger), /Globes/);
});
