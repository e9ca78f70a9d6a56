// The site for other sites: origins that may load its scripts (AllowedOrigins) and show it in a frame (FrameAncestors).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { request } from './harness/api.js';
import { getPage } from './harness/site.js';
import { startServer } from './harness/server.js';

const FRIEND = 'https://app.example';

async function scriptOfPage(server) {
    const { text } = await getPage(server, '/');
    return text.match(/<script type="module" src="([^"]+)"/)[1];
}

test('pages of AllowedOrigins may load the scripts, and others may not', async (t) => {
    const listed = await startServer(t, { config: { AllowedOrigins: [FRIEND] } });
    const path = await scriptOfPage(listed);
    const load = (Origin, more = {}) => request(listed, 'GET', path, { headers: { Origin, ...more } });
    const script = await load(FRIEND);
    assert.equal(script.headers['access-control-allow-origin'], FRIEND);
    assert.match(script.headers.vary, /\bOrigin\b/, 'a cache must not use it for another page');
    assert.equal(script.headers['cross-origin-resource-policy'], 'cross-origin');
    const known = await load(FRIEND, { 'If-None-Match': script.headers.etag });
    assert.deepEqual([known.status, known.headers['access-control-allow-origin']], [304, FRIEND]);
    assert.equal((await load('https://evil.example')).headers['access-control-allow-origin'], undefined);
});

test('without AllowedOrigins only its own pages may load the site', async (t) => {
    const alone = await startServer(t);
    const { headers } = await request(alone, 'GET', await scriptOfPage(alone), { headers: { Origin: FRIEND } });
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
});

test('FrameAncestors lists the sites that may show the page in a frame', async (t) => {
    const framed = await startServer(t, { config: { FrameAncestors: [FRIEND, 'http://localhost:3000'] } });
    const { headers } = await getPage(framed, '/chats/1');
    const policy = headers['content-security-policy'];
    assert.equal(policy.slice(policy.indexOf('frame-')), `frame-ancestors ${FRIEND} http://localhost:3000`);
    assert.equal(headers['cross-origin-resource-policy'], 'cross-origin');
});
