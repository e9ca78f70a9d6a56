// A site of another origin that embeds a room.
import http from 'node:http';
import { once } from 'node:events';

import { launchBrowser } from '../api/harness/browser.js';
import { startServer } from '../api/harness/server.js';
import { serveSources } from './room_fixture.js';

/** A site that embeds a room: `body`, and a script that collects the element's events. */
async function startSite(t) {
    const site = { body: '', scripts: '' };
    const collect = `window.events = [];
        for (const name of ['globes-message', 'globes-join', 'globes-leave', 'globes-state', 'globes-gap', 'globes-error']) {
            document.addEventListener(name, ({ type, detail }) => events.push({ type, ...detail, error: detail.error?.code, field: detail.error?.field }));
        }`;
    const listener = (request, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(`<!DOCTYPE html><html lang="en"><title>Site</title><script>${collect}</script>${site.scripts}${site.body}</html>`);
    };
    const web = http.createServer(listener).listen(0, '127.0.0.1');
    await once(web, 'listening');
    t.after(() => web.close());
    site.origin = `http://127.0.0.1:${web.address().port}`;
    return site;
}

/** A server that allows the site, and the site with the server's script. */
export async function startBoth(t, { allowed = true, config = {}, env } = {}) {
    const site = await startSite(t);
    const options = serveSources({ AllowedOrigins: allowed ? [site.origin] : [], ...config });
    const server = await startServer(t, env ? { ...options, env } : options);
    site.scripts = `<script type="module" src="${server.origin}/globes-chat.js"></script>`;
    return { site, server };
}

export async function open(t, site, body, options = {}) {
    site.body = body;
    const context = await (await launchBrowser(t)).newContext({ viewport: { width: 700, height: 620 }, ...options });
    const page = await context.newPage();
    await page.goto(site.origin);
    return page;
}

/** The details of the element's events of this type. */
export const events = (page, type) => page.evaluate((wanted) => window.events.filter((event) => event.type === wanted), type);
