// The examples of docs/operations.md#behind-a-proxy in real proxies, with TLS: the page, REST, chat, the address of the
// client in the log and in the limits, the own origin, and the paths that the proxy denies.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { test } from 'node:test';
import WebSocket from 'ws';

import { assertStatus, freshTitle, get, request } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection } from './harness/connection.js';
import { NAME, Proxy, withoutProxy } from './harness/proxies.js';
import { startServer } from './harness/server.js';
import { eventually, within } from './harness/wait.js';

const KINDS = [
    { name: 'nginx', kind: 'nginx' },
    { name: 'Caddy', kind: 'caddy' },
    { name: 'HAProxy', kind: 'haproxy' },
    { name: 'HAProxy with the PROXY protocol', kind: 'haproxy', index: 1, isTcp: true },
];

const config = {
    TrustedProxies: ['127.0.0.1'],
    Hosts: [NAME, '127.0.0.1'],
    AddressConnections: 4,
    AddressRoomsPerHour: 2,
};

const hostOf = (proxy) => `${NAME}:${proxy.port}`;
const tlsOptions = { servername: NAME, rejectUnauthorized: false };

/** A request over https from this address of the loopback. */
function ask(proxy, method, path, { from = '127.0.0.1', body, headers = {} } = {}) {
    const text = body && JSON.stringify(body);
    const answer = new Promise((resolve, reject) => {
        const options = { host: proxy.host, port: proxy.port, method, path, localAddress: from, agent: false, ...tlsOptions };
        const length = text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) };
        const outgoing = https.request({ ...options, headers: { Host: hostOf(proxy), ...length, ...headers } }, (incoming) => {
            let received = '';
            incoming.setEncoding('utf8').on('data', (chunk) => (received += chunk));
            incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, text: received }));
        });
        outgoing.on('error', reject).end(text);
    });
    return within(answer, () => `${method} ${path} is answered`);
}

/** A chat client over wss, as a page of the server's own origin, and the status of its upgrade. */
async function chat(proxy, path, { from = '127.0.0.1', protocols = ['globes.v1'], headers = {} } = {}) {
    const socket = new WebSocket(`wss://${proxy.host}:${proxy.port}${path}`, protocols, {
        localAddress: from,
        origin: `https://${hostOf(proxy)}`,
        headers: { Host: hostOf(proxy), ...headers },
        perMessageDeflate: false,
        ...tlsOptions,
    });
    const client = new ChatClient(socket);
    const refused = new Promise((resolve) => {
        socket.on('unexpected-response', (outgoing, { statusCode }) => {
            outgoing.destroy();
            resolve(statusCode);
        });
    });
    const status = await within(Promise.race([once(socket, 'open').then(() => 101), refused]), () => `${path} is answered`);
    return { client, status };
}

/** A request with these bytes as its target, which http.request would not send. */
async function statusOf(proxy, target) {
    const tls = await import('node:tls');
    const socket = tls.connect({ host: proxy.host, port: proxy.port, ALPNProtocols: ['http/1.1'], ...tlsOptions });
    await once(socket, 'secureConnect');
    const connection = new Connection(socket);
    try {
        connection.write(`GET ${target} HTTP/1.1\r\nHost: ${hostOf(proxy)}\r\nConnection: close\r\n\r\n`);
        return (await connection.response()).status;
    } finally {
        connection.close();
    }
}

for (const { name, kind, index, isTcp = false } of KINDS) {
    const skip = withoutProxy(kind);

    test(`${name}: page, REST and chat, for clients with their own addresses`, { skip }, async (t) => {
        const server = await startServer(t, { config });
        const proxy = await Proxy.start(t, kind, server, index);
        const [ann, ben] = ['127.0.0.21', '127.0.0.22'];

        const page = await ask(proxy, 'GET', '/', { headers: { Accept: 'text/html' } });
        assertStatus(page, 200);
        assert.match(page.text, /<html/);

        // The own origin is that of https, without AllowedOrigins; and what the client states itself does not count.
        const forged = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9;proto=http', 'X-Forwarded-Proto': 'http' };
        const create = (from, headers = {}) =>
            ask(proxy, 'POST', '/chats', {
                from,
                body: { title: freshTitle(name), visibility: 'public' },
                headers: { Origin: `https://${hostOf(proxy)}`, 'Sec-Fetch-Site': 'same-origin', ...headers },
            });
        const created = await create(ann, forged);
        assertStatus(created, 201);
        assertStatus(await create(ann, { Origin: `http://${hostOf(proxy)}` }), 403);
        assertStatus(await create(ann, { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }), 403);

        // Limits count for each client, whatever it states.
        assertStatus(await create(ann), 201);
        assertStatus(await create(ann), 429);
        assertStatus(await create(ann, { ...forged, 'X-Forwarded-For': '203.0.113.10' }), 429);
        assertStatus(await create(ben), 201);
        await server.logged(/method=POST path=\/chats status=201 .* peer=127\.0\.0\.21\n/);
        await server.logged(/method=POST path=\/chats status=201 .* peer=127\.0\.0\.22\n/);
        assert.doesNotMatch(server.log, /203\.0\.113/);

        // Chat in both directions. A WebSocket is a connection of its client.
        const path = `/chats/${JSON.parse(created.text).id}/ws`;
        const others = await Promise.all([1, 2, 3, 4].map(() => chat(proxy, path, { from: ann, headers: forged })));
        for (const { status, client } of others) {
            assert.equal(status, 101);
            assert.equal((await client.next()).event_type, 'welcome');
        }
        assert.equal((await chat(proxy, path, { from: ann })).status, 503);
        const { client: bens, status } = await chat(proxy, `${path}?session=in-the-query`, { from: ben });
        assert.equal(status, 101);
        assert.equal((await bens.next()).event_type, 'welcome');
        others[0].client.say('ann', 'from ann');
        await bens.find(({ msg }) => msg === 'from ann');
        bens.say('ben', 'from ben');
        for (const { client } of others) await client.find(({ msg }) => msg === 'from ben');
        await others[0].client.leave();
        await eventually(async () => (await chat(proxy, path, { from: ann }).catch(() => null))?.status === 101, 'ann may come back');
        for (const { client } of others.slice(1)) await client.leave();
        await bens.leave();
    });

    test(`${name}: the log has the clients of requests one after another`, { skip }, async (t) => {
        const server = await startServer(t, { config });
        const proxy = await Proxy.start(t, kind, server, index);
        for (let i = 0; i < 30; i += 1) assertStatus(await ask(proxy, 'GET', '/chats', { from: `127.0.0.${30 + (i % 5)}` }), 200);
        for (const part of [1, 2, 3, 4]) await server.logged(new RegExp(`path=/chats status=200 .* peer=127\\.0\\.0\\.3${part}\n`));
    });

    test(`${name}: a plain request is redirected to https`, { skip: skip || isTcp }, async (t) => {
        const server = await startServer(t, { config });
        const proxy = await Proxy.start(t, kind, server, index);
        const plain = { host: proxy.host, port: proxy.plainPort };
        const answer = await request(plain, 'GET', '/chats?limit=1', { headers: { Host: NAME } });
        assertStatus(answer, 308);
        assert.match(answer.headers.location, /^https:\/\/chat\.example\.org(:\d+)?\/chats\?limit=1$/);
    });

    test(`${name}: metrics are denied in every notation`, { skip: skip || (isTcp && 'it does not know paths') }, async (t) => {
        const server = await startServer(t, { config });
        const proxy = await Proxy.start(t, kind, server, index);
        assertStatus(await get(server, '/metrics'), 200);
        for (const target of ['/metrics', '/%6detrics', '/%6Detric%73', '/metrics?a=b', '/%6detrics?a=b', `https://${hostOf(proxy)}/%6detrics`]) {
            assert.equal(await statusOf(proxy, target), 403, target);
        }
        const others = [
            ['//metrics', '/./metrics', '/x/../metrics', '/metrics/', '/metrics/.', '/METRICS', '/metrics;x', '/metrics#x', '/+metrics'],
            ['/%256detrics', '/metrics%2f', '/metrics%00', '/metrics%20', '/%2e/metrics', '/x/%2e%2e/metrics', '/\\metrics'],
        ];
        for (const target of others.flat()) {
            assert.ok([301, 308, 400, 403, 404].includes(await statusOf(proxy, target)), target);
        }
        assertStatus(await ask(proxy, 'GET', '/health'), 200);
        await server.logged(/path=\/health status=200 /);
        assert.equal(server.log.match(/status=200 bytes=\d{4,} /g).length, 1, 'only the request beside the proxy was answered');
    });

    test(`${name}: the proxy’s logs have no query, token or session`, { skip }, async (t) => {
        const server = await startServer(t, { config });
        const proxy = await Proxy.start(t, kind, server, index);
        const headers = { Authorization: 'Bearer in.the.header', Cookie: 'a=in-the-cookie', 'Sec-WebSocket-Protocol': 'globes.v1, globes.session.in-the-offer' };
        const logsOf = (isLogged, what) => eventually(async () => {
            const text = await proxy.logs();
            return isLogged(text) && text;
        }, what);

        await ask(proxy, 'GET', '/chats/1?session=in-the-query', { headers });
        const { client } = await chat(proxy, '/chats/1/ws?session=in-the-query', { protocols: ['globes.v1', 'globes.session.in-the-offer'] });
        await client.leave();
        await logsOf((text) => text.includes(isTcp ? '127.0.0.1:' : '/chats/1/ws'), 'the proxy logs the requests');

        if (proxy.plainPort !== 0) {
            const plain = { host: proxy.host, port: proxy.plainPort };
            assertStatus(await request(plain, 'GET', '/plain?session=in-the-query', { headers: { Host: NAME, ...headers } }), 308);
            await logsOf((text) => text.includes('/plain'), 'the proxy logs the redirect');
        }

        // With Globes down, proxies log the request as an error, too.
        await server.stop();
        if (isTcp) {
            await assert.rejects(ask(proxy, 'GET', '/down?session=in-the-query', { headers }));
        } else {
            const { status } = await ask(proxy, 'GET', '/down?session=in-the-query', { headers });
            assert.ok(status === 502 || status === 503, `${status}`);
        }
        const log = await logsOf((text) => isTcp || text.includes('/down'), 'the proxy logs the failure');
        for (const secret of ['in-the-query', 'in.the.header', 'in-the-cookie', 'in-the-offer']) {
            assert.ok(!log.includes(secret), `${secret} is in the logs:\n${log}`);
        }
    });
}
