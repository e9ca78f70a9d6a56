// The site as a browser asks for it, with the bytes as they came.
import assert from 'node:assert/strict';
import http from 'node:http';

import { request } from './api.js';
import { within, withResolvers } from './wait.js';

/** What Chromium sends when somebody enters an address. */
export const BROWSER_ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

/** What a browser gets that is led to `path`. */
export function getPage(server, path, { headers = {} } = {}) {
    return request(server, 'GET', path, { headers: { Accept: BROWSER_ACCEPT, ...headers } });
}

/** The undecoded body, which need not be text. */
export function getBytes(server, path, headers = {}) {
    const { promise, resolve, reject } = withResolvers();
    const { host, port } = server;
    const outgoing = http.get({ host, port, path, headers, agent: false }, async (incoming) => {
        try {
            const bytes = Buffer.concat(await incoming.toArray());
            resolve({ status: incoming.statusCode, headers: incoming.headers, bytes });
        } catch (error) {
            reject(error);
        }
    });
    outgoing.on('error', reject);
    return within(promise, () => `GET ${path} is answered`);
}

export function assertPage({ status, headers }, expectedStatus = 200) {
    assert.equal(status, expectedStatus);
    assert.match(headers['content-type'], /^text\/html; *charset=utf-8$/);
}

/** That caches keep this answer apart from the one of the other kind under the same path. */
export function assertVariesByAccept({ headers }) {
    assert.match(headers.vary ?? '', /\bAccept\b(?!-)/);
    assert.equal(headers['cache-control'], 'no-cache');
}
