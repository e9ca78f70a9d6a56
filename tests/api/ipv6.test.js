// Clients with IPv6 addresses, on a server that listens at `[::]` for both versions of IP: limits by /64, TLS, hosts,
// origins, trusted proxies, and the documented proxies. Needs root, for a network in which the clients have such addresses.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';

import { PASSWORD, assertError, assertLimited, assertStatus, createPrivateRoom, createRoom, freshTitle, get, post, request } from './harness/api.js';
import { sharedCertificate } from './harness/certificate.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection, connect, exchange } from './harness/connection.js';
import { metricsOf } from './harness/metrics.js';
import { enterOwnNetwork, withoutNetworks } from './harness/network.js';
import { freePort } from './harness/ports.js';
import { NAME, Proxy, withoutProxy } from './harness/proxies.js';
import { handshake } from './harness/raw_socket.js';
import { startServer } from './harness/server.js';
import { eventually, within } from './harness/wait.js';

const skip = withoutNetworks();
if (!skip) enterOwnNetwork(import.meta.url);

const LIMITS = {
    AddressConnections: 3,
    AddressRoomsPerHour: 3,
    AddressTokensPerMinute: 100,
    AddressHistoryPerMinute: 3,
    AddressGuessesPerMinute: 3,
    AddressUpgradesPerMinute: 12,
    AddressRequestsPerMinute: 100,
};
/** The limits of a /48 are those of a /64 times this (docs/configuration.md#limits-by-address). */
const WIDER = 8;

let lastSite = 0;
/** A /48 that no other test uses, as the start of an address. */
function newSite() {
    lastSite += 1;
    return `fd00:1:${lastSite.toString(16)}`;
}

let lastHost = 0;
/** Another address of a /64 each time, with other bits in its highest and its lowest group. */
function addressIn(network) {
    lastHost += 1;
    return `${network}:${(0xa000 + (lastHost % 7)).toString(16)}::${lastHost.toString(16)}`;
}

/** The /64 number `index` of a site, as the start of an address. */
const networkOf = (site, index = 1) => `${site}:${index.toString(16)}`;

/** The server by another of its addresses. */
const at = ({ port, tls: usesTls }, host) => ({ host, port, tls: usesTls });

/** A server at `[::]`, as clients of `::1` see it. */
async function startDual(t, { config = {}, ...options } = {}) {
    const server = await startServer(t, { address: '[::]:0', ...options, config: { ...LIMITS, ...config } });
    server.host = '::1';
    return server;
}

const createFrom = (server, from, headers = {}) =>
    post(server, '/chats', { title: freshTitle(), visibility: 'public' }, { from, headers });

let paths = 0;
/** The `peer` in the log for what `ask(path)` sends. */
async function peerOf(server, ask) {
    paths += 1;
    const begin = server.log.length;
    await ask(`/chats/${paths}/nothing`);
    const [, peer] = await server.logged(new RegExp(` path=/chats/${paths}/\\* .* peer=(\\S+)`), begin);
    return peer;
}

test('the start line and the log have the address that the server listens at', { skip }, async (t) => {
    for (const [address, text] of [['[::]:0', '\\[::\\]'], ['[::1]:0', '\\[::1\\]'], ['[0:0::1]:0', '\\[(0:0::1|::1)\\]']]) {
        const server = await startServer(t, { address });
        assert.match(server.log, new RegExp(`^Globes \\S+ started at ${text}:${server.port}$`, 'm'));
        await server.logged(new RegExp(`event=listening address=\\[::1?\\]:${server.port}$`, 'm'));
        const isOpen = address.startsWith('[::]');
        assert.equal(/event=rooms_without_owner/.test(server.log), isOpen, `${address}: a warning beyond loopback only`);
    }
});

test('the log has the address of the client, an IPv4 address in its own form', { skip }, async (t) => {
    const server = await startDual(t);
    const from = 'fd00:1:0:1::abcd';
    assert.equal(await peerOf(server, (path) => get(server, path, { from })), from);
    assert.equal(await peerOf(server, (path) => get(at(server, '127.0.0.1'), path, { from: '127.0.0.9' })), '127.0.0.9');
    const mapped = { from: '::ffff:127.0.0.9' };
    assert.equal(await peerOf(server, (path) => get(at(server, '::ffff:127.0.0.1'), path, mapped)), '127.0.0.9');
});

test('addresses of one /64 share their connections, and another /64 has its own', { skip }, async (t) => {
    const server = await startDual(t);
    const site = newSite();
    const [one, other] = [networkOf(site, 1), networkOf(site, 2)];
    const open = [];
    for (let i = 0; i < 3; i += 1) open.push(await connect(server, { from: addressIn(one) }));
    const refused = await Connection.open(server, { from: addressIn(one) });
    assert.equal((await refused.response()).status, 503);
    await refused.ended();
    assertStatus(await get(server, '/chats?limit=1', { from: addressIn(other) }), 200);
    open.pop().destroy();
    await eventually(
        async () => (await get(server, '/chats?limit=1', { from: addressIn(one) }).catch(() => null))?.status === 200,
        'another address of the /64 takes the place',
    );
    for (const socket of open) socket.destroy();
});

test('a /48 has eight times as many connections, in whichever /64, and another /48 has its own', { skip }, async (t) => {
    const server = await startDual(t);
    const site = newSite();
    const open = [];
    for (let i = 0; i < WIDER * LIMITS.AddressConnections; i += 1) {
        const connection = await Connection.open(server, { from: addressIn(networkOf(site, i + 1)) });
        connection.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.equal((await connection.response()).status, 200);
        open.push(connection);
    }
    const refused = await Connection.open(server, { from: addressIn(networkOf(site, 0xffff)) });
    assert.equal((await refused.response()).status, 503);
    assertStatus(await get(server, '/chats?limit=1', { from: addressIn(networkOf(newSite())) }), 200);
    for (const connection of open) connection.close();
});

test('an attacker with all addresses of a /64 has no more than one address', { skip }, async (t) => {
    const server = await startDual(t);
    const room = await createRoom(server);
    const upgrade = (from) => exchangeFrom(server, from, handshake(at(server, '[::1]'), `/chats/${room.id}/ws`));
    const attacks = {
        rooms: { most: 3, ask: (from) => createFrom(server, from) },
        history: { most: 3, ask: (from) => get(server, `/chats/${room.id}/events`, { from }) },
        guesses: { most: 3, ask: (from) => get(server, `/chats/guess%20${from.replaceAll(':', '-')}`, { from }) },
        upgrades: { most: 12, ask: upgrade },
        requests: { most: 100, ask: (from) => get(server, '/chats?limit=1', { from }), spare: 15 },
    };
    for (const [limit, { most, ask, spare = 0 }] of Object.entries(attacks)) {
        const site = newSite();
        const [attacked, other] = [networkOf(site, 1), networkOf(site, 2)];
        let count = 0;
        for (;;) {
            const answer = await ask(addressIn(attacked));
            if (answer.status === 429) break;
            count += 1;
            assert.ok(count <= most + spare, `${limit}: ${count} answers`);
        }
        assert.ok(count >= most, `${limit}: ${count} answers`);
        assert.notEqual((await ask(addressIn(other))).status, 429, `${limit}: another /64 is not affected`);
        assert.ok((await metricsOf(server)).get(`globes_address_refusals_total{limit="${limit}"}`) >= 1, limit);
    }
});

/** The first response to these bytes, from this address. */
async function exchangeFrom(server, from, bytes) {
    const connection = await Connection.open(server, { from });
    try {
        connection.write(bytes);
        return await connection.response();
    } finally {
        connection.close();
    }
}

test('wrong passwords count by /64', { skip }, async (t) => {
    const server = await startDual(t);
    const room = await createPrivateRoom(server);
    const site = newSite();
    const ask = (index, secret) => post(server, `/chats/${room.id}/token`, { name: 'ann', secret }, { from: addressIn(networkOf(site, index)) });
    for (let i = 0; i < 10; i += 1) assertError(await ask(1, 'wrong'), 401, 304, 'secret');
    assertError(await ask(1, 'wrong'), 429, 503);
    assertError(await ask(1, PASSWORD), 429, 503);
    assertStatus(await ask(2, PASSWORD), 201);
});

test('IPv4 clients of the same listener count by their IPv4 address', { skip }, async (t) => {
    const server = await startDual(t, { config: { ExemptAddresses: ['127.0.0.1'] } });
    const v4 = at(server, '127.0.0.1');
    for (let i = 0; i < 3; i += 1) assertStatus(await createFrom(v4, '127.0.0.20'), 201);
    assertError(await createFrom(v4, '127.0.0.20'), 429, 503);
    // All mapped addresses are in one /64.
    assertStatus(await createFrom(v4, '127.0.0.21'), 201);
    assertError(await createFrom(at(server, '::ffff:127.0.0.1'), '::ffff:127.0.0.20'), 429, 503);
    for (let i = 0; i < 5; i += 1) assertStatus(await createFrom(v4, '127.0.0.1'), 201);
});

test('ExemptAddresses may have IPv6 ranges', { skip }, async (t) => {
    const server = await startDual(t, { config: { ExemptAddresses: ['fd00:2:1:10::/60'] } });
    for (let i = 0; i < 5; i += 1) assertStatus(await createFrom(server, `fd00:2:1:1f::${i + 1}`), 201);
    for (let i = 0; i < 3; i += 1) assertStatus(await createFrom(server, `fd00:2:1:20::${i + 1}`), 201);
    assertError(await createFrom(server, 'fd00:2:1:20::9'), 429, 503);
});

test('members chat across both versions of IP, and resume', { skip }, async (t) => {
    const server = await startDual(t);
    const room = await createRoom(server);
    const ann = await ChatClient.join(server, room, 'ann', { from: addressIn(networkOf(newSite())) });
    const ben = await ChatClient.join(at(server, '127.0.0.1'), room, 'ben', { from: '127.0.0.30' });
    ann.say('ann', 'from IPv6');
    const { seq } = await ben.find(({ msg }) => msg === 'from IPv6');
    await ben.leave();
    ann.say('ann', 'missed');
    await ann.find(({ msg }) => msg === 'missed');
    const again = await ChatClient.resume(server, room, `?after=${seq}`, { from: addressIn(networkOf(newSite())) });
    assert.equal((await again.next()).msg, 'missed');
    for (const client of [ann, again]) await client.leave();
});

// TLS.

/** `GET /chats` over https with a verified certificate. */
async function verified(server, ca, from) {
    // Node 18 compares the texts of IPv6 addresses.
    const checkServerIdentity = (host, { raw }) => {
        if (!new X509Certificate(raw).checkIP(host)) throw new Error(`the certificate is not for ${host}`);
    };
    const options = { host: server.host, port: server.port, path: '/chats?limit=1', ca, checkServerIdentity, localAddress: from, agent: false };
    const [incoming] = await within(once(https.get(options), 'response'), () => 'an answer over https');
    incoming.resume();
    return incoming.statusCode;
}

test('TLS over IPv6: a certificate for the address, the limit of the /64, and chat', { skip }, async (t) => {
    const server = await startDual(t, { tls: true });
    const site = newSite();
    const [one, other] = [networkOf(site, 1), networkOf(site, 2)];
    assert.equal(await verified(server, sharedCertificate().cert, addressIn(one)), 200);
    const open = [];
    for (let i = 0; i < 3; i += 1) open.push(await connect(server, { from: addressIn(one) }));
    assertLimited(await get(server, '/chats?limit=1', { from: addressIn(one) }), 503, 505);
    assertStatus(await get(server, '/chats?limit=1', { from: addressIn(other) }), 200);
    for (const socket of open) socket.destroy();
    const room = await createRoom(server);
    const origin = `https://[::1]:${server.port}`;
    const ann = await ChatClient.join(server, room, 'ann', { origin, from: addressIn(other) });
    ann.say('ann', 'hello');
    await ann.find(({ msg }) => msg === 'hello');
    await ann.leave();
    assertStatus(await get({ ...at(server, '::1'), tls: false }, '/chats'), 400);
});

test('the redirect listener leads to an IPv6 literal, in brackets', { skip }, async (t) => {
    const port = await freePort();
    const config = { RedirectAddress: `[::]:${port}`, Hosts: ['[::1]', '[fd00:1::1]', 'localhost'] };
    const server = await startDual(t, { tls: true, config });
    const location = async (host, text) => {
        const { status, headers } = await exchange({ host, port, tls: false }, `GET /chats HTTP/1.1\r\nHost: ${text}\r\n\r\n`);
        return [status, headers.location];
    };
    const target = (host) => [308, `https://${host}:${server.port}/chats`];
    assert.deepEqual(await location('::1', `[::1]:${port}`), target('[::1]'));
    assert.deepEqual(await location('::1', '[0:0:0:0:0:0:0:1]'), target('[::1]'));
    assert.deepEqual(await location('fd00:1::1', '[FD00:1::1]'), target('[fd00:1::1]'));
    assert.deepEqual(await location('127.0.0.1', `localhost:${port}`), target('localhost'));
    assert.deepEqual(await location('::1', '[fd00:1::2]'), [421, undefined]);
    assert.equal((await location('::1', '::1'))[0], 400);
    assertStatus(await get(server, '/chats'), 200);
});

// Hosts and origins.

const statusFor = async (server, Host) => (await request(server, 'GET', '/chats/1', { headers: { Host } })).status;

test('a server at [::1] answers to the names of loopback only', { skip }, async (t) => {
    const server = await startServer(t, { address: '[::1]:0' });
    server.host = '::1';
    for (const host of [`[::1]:${server.port}`, '[::1]', '[0:0:0:0:0:0:0:1]:80', 'localhost', '127.0.0.1']) {
        assert.equal(await statusFor(server, host), 200, host);
    }
    for (const host of ['[::2]', '[2001:db8::1]', '[::]', '[::ffff:192.0.2.1]', 'evil.example']) assert.equal(await statusFor(server, host), 421, host);
    for (const host of ['::1', '[::1', '[::1%25lo]', '[::1]x', '[127.0.0.1]']) {
        assert.ok([400, 421].includes(await statusFor(server, host)), host);
    }
});

test('Hosts may have IPv6 addresses, in any notation, with a port or with any', { skip }, async (t) => {
    const config = { Hosts: ['[2001:db8::1]:8080', '[FD00:1:0:0::5]'], AllowedOrigins: ['https://[2001:db8:0::2]:8443'] };
    const server = await startDual(t, { config });
    for (const host of ['[2001:db8::1]:8080', '[2001:0DB8:0::1]:8080', '[fd00:1::5]', '[fd00:1::5]:9', '[2001:db8::2]']) {
        assert.equal(await statusFor(server, host), 200, host);
    }
    for (const host of ['[2001:db8::1]', '[2001:db8::1]:80', '[fd00:1::6]', '[::1]', 'localhost']) {
        assert.equal(await statusFor(server, host), 421, host);
    }
    assertStatus(await get(server, '/health'), 200);
});

test('an IPv6 address is an origin, in any notation', { skip }, async (t) => {
    const server = await startServer(t, { address: '[::1]:0', config: { AllowedOrigins: ['https://[2001:db8::2]:8443'] } });
    server.host = '::1';
    const own = `[::1]:${server.port}`;
    const status = async (Origin, Host = own) =>
        (await exchange(server, handshake(at(server, '[::1]'), '/chats/1/ws', { Host, Origin }))).status;
    for (const origin of [`http://${own}`, 'https://[2001:db8::2]:8443']) assert.equal(await status(origin), 101, origin);
    assert.equal(await status(`http://${own}`, `[0:0::1]:${server.port}`), 101);
    for (const origin of ['http://[::1]', `https://${own}`, `http://[::2]:${server.port}`, `http://localhost:${server.port}`, 'https://[2001:db8::2]']) {
        assert.equal(await status(origin), 403, origin);
    }
});

// Trusted proxies.

const PROXY_SITE = 'fd00:5:5';
const PROXY = `${PROXY_SITE}:1::80`;
const startBehind = (t, options = {}) => startDual(t, { ...options, config: { TrustedProxies: [`${PROXY_SITE}::/48`, '127.0.0.1'], ...options.config } });

test('a proxy of an IPv6 range states its clients by forwarded headers', { skip }, async (t) => {
    const server = await startBehind(t);
    const peer = (headers, from = PROXY) => peerOf(server, (path) => get(server, path, { headers, from }));
    const by = (text) => peer({ 'X-Forwarded-For': text });
    const client = '2001:db8::1';
    for (const text of [client, `[${client}]`, `[${client}]:123`, '2001:0DB8:0::1', `198.51.100.1, ${client}, ${PROXY_SITE}:ffff::1`, `nonsense, ${client}`]) {
        assert.equal(await by(text), client, text);
    }
    assert.equal(await by('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(await by('[::ffff:192.0.2.1]:80'), '192.0.2.1');
    for (const text of ['2001:db8::1%eth0', '[2001:db8::1', '2001:db8::1]:80', '[2001:db8::1]80', '[192.0.2.1]']) assert.equal(await by(text), PROXY, text);
    const forwarded = (text) => peer({ Forwarded: text });
    assert.equal(await forwarded('for="[2001:db8::1]:123"'), client);
    assert.equal(await forwarded('For="[2001:DB8::1]";proto=https;by="[fd00::1]"'), client);
    assert.equal(await forwarded(`for=192.0.2.9, for="[2001:db8::1]", for="[${PROXY_SITE}::7]:_x"`), client);
    assert.equal(await forwarded('for="2001:db8::1"'), client, 'without the brackets of RFC 7239, which some proxies leave out');
    for (const text of ['for=[2001:db8::1]', 'for=2001:db8::1']) assert.equal(await forwarded(text), PROXY, text);
    const stranger = 'fd00:5:6:1::80';
    assert.equal(await peer({ 'X-Forwarded-For': client }, stranger), stranger, 'another /48 is not trusted');
    assert.equal(await peerOf(server, (path) => get(at(server, '127.0.0.1'), path, { headers: { 'X-Forwarded-For': client } })), client);
});

test('clients of a proxy count by their /64', { skip }, async (t) => {
    const server = await startBehind(t);
    const create = (address) => createFrom(server, PROXY, { 'X-Forwarded-For': address });
    for (const host of ['1', '2', 'ffff:1']) assertStatus(await create(`2001:db8:1:1::${host}`), 201);
    assertError(await create('[2001:db8:1:1:2:3:4:5]:80'), 429, 503);
    assertError(await createFrom(server, PROXY, { Forwarded: 'for="[2001:db8:1:1::9]:123"' }), 429, 503);
    assertStatus(await create('2001:db8:1:2::1'), 201);
    // Loopback that a proxy states is never exempt.
    for (let i = 0; i < 3; i += 1) assertStatus(await create('::1'), 201);
    assertError(await create('::1'), 429, 503);
});

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** The 16 bytes of an address. */
function bytesOf(address) {
    const [head, tail = ''] = address.split('::').map((part) => (part ? part.split(':') : []));
    const groups = [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
    return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** PROXY headers of a client: of version 1, and of version 2 for the family AF_INET6. */
const PROXY_HEADERS = {
    'version 1': (client) => Buffer.from(`PROXY TCP6 ${client} fd00::1 4711 5000\r\n`),
    'version 2': (client) =>
        Buffer.concat([V2_SIGNATURE, Buffer.from([0x21, 0x21, 0, 36]), bytesOf(client), bytesOf('fd00::1'), Buffer.from([0x12, 0x67, 0x13, 0x88])]),
};

for (const [version, header] of Object.entries(PROXY_HEADERS)) {
    test(`a PROXY header of ${version} names an IPv6 client, which counts by its /64`, { skip }, async (t) => {
        const server = await startBehind(t);
        const open = [];
        const ask = async (client, path = '/health') => {
            const connection = await Connection.open(server, { from: PROXY });
            connection.write(Buffer.concat([header(client), Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)]));
            open.push(connection);
            return connection.response();
        };
        assert.equal(await peerOf(server, (path) => ask('2001:db8:7:1::1', path)), '2001:db8:7:1::1');
        for (const host of ['2', '3']) assertStatus(await ask(`2001:db8:7:1::${host}`), 200);
        assertStatus(await ask('2001:db8:7:1::4'), 503);
        assertStatus(await ask('2001:db8:7:2::4'), 200);
        for (const connection of open) connection.close();
    });

    test(`a PROXY header of ${version} from an address that is not trusted is refused`, { skip }, async (t) => {
        const server = await startBehind(t);
        const bytes = Buffer.concat([header('2001:db8::1'), Buffer.from('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')]);
        assertStatus(await exchangeFrom(server, 'fd00:5:6::1', bytes), 400);
    });

    test(`a PROXY header of ${version} comes before TLS over IPv6`, { skip }, async (t) => {
        const server = await startBehind(t, { tls: true });
        const tcp = net.connect({ host: '::1', port: server.port, localAddress: PROXY });
        tcp.write(header('2001:db8:8:1::1'));
        const socket = tls.connect({ socket: tcp, rejectUnauthorized: false });
        await within(once(socket, 'secureConnect'), () => 'the handshake ends');
        const connection = new Connection(socket);
        const ask = (path) => {
            connection.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
            return connection.response();
        };
        assert.equal(await peerOf(server, ask), '2001:db8:8:1::1');
        connection.close();
    });
}

const KINDS = [
    { name: 'nginx', kind: 'nginx' },
    { name: 'Caddy', kind: 'caddy' },
    { name: 'HAProxy', kind: 'haproxy' },
    { name: 'HAProxy with the PROXY protocol', kind: 'haproxy', index: 1 },
];

for (const { name, kind, index } of KINDS) {
    test(`${name} serves clients of both versions of IP, and reaches a server at [::1]`, { skip: skip || withoutProxy(kind) }, async (t) => {
        const config = { TrustedProxies: ['::1'], Hosts: [NAME], AddressRoomsPerHour: 2 };
        const server = await startServer(t, { address: '[::1]:0', config });
        const proxy = await Proxy.start(t, kind, server, index);
        const headers = { Host: `${NAME}:${proxy.port}`, Origin: `https://${NAME}:${proxy.port}` };
        const create = (host, from) => createFrom({ host, port: proxy.port, tls: true }, from, headers);
        const site = newSite();
        for (let i = 0; i < 2; i += 1) assertStatus(await create('::1', addressIn(networkOf(site, 1))), 201);
        assertError(await create('::1', addressIn(networkOf(site, 1))), 429, 503);
        const from = addressIn(networkOf(site, 2));
        assertStatus(await create('::1', from), 201);
        await server.logged(new RegExp(`method=POST path=/chats status=201 .* peer=${from}\n`));
        assertStatus(await create('127.0.0.1', '127.0.0.41'), 201);
        await server.logged(/method=POST path=\/chats status=201 .* peer=127\.0\.0\.41\n/);
    });
}
