// The site as a browser requests it, with the raw bytes.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';

import { request } from './api.js';
import { within, withResolvers } from './wait.js';

/** The Accept header of Chromium for an address that a user enters. */
export const BROWSER_ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

/** The response to a browser that navigates to `path`. */
export function getPage(server, path, { headers = {} } = {}) {
    return request(server, 'GET', path, { headers: { Accept: BROWSER_ACCEPT, ...headers } });
}

/** The raw body, which need not be text. */
export function getBytes(server, path, headers = {}) {
    const { promise, resolve, reject } = withResolvers();
    const { host, port } = server;
    const outgoing = (server.tls ? https : http).get({ host, port, path, headers, agent: false, rejectUnauthorized: false }, async (incoming) => {
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

/** Caches must keep this response apart from the one of the other type under the same path. */
export function assertVariesByAccept({ headers }) {
    assert.match(headers.vary ?? '', /\bAccept\b(?!-)/);
    assert.equal(headers['cache-control'], 'no-cache');
}
