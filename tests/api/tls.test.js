// TLS in the server: certificates, versions, renewal, the listener that redirects, and clients that do not use TLS.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';

import { assertError, assertLimited, assertStatus, createRoom, get, post } from './harness/api.js';
import { makeCertificate, sharedCertificate } from './harness/certificate.js';
import { ChatClient } from './harness/chat_client.js';
import { Connection, exchange } from './harness/connection.js';
import { metricsOf } from './harness/metrics.js';
import { freePort } from './harness/ports.js';
import { runToEnd, sharedServer, startServer } from './harness/server.js';
import { eventually, within } from './harness/wait.js';

const server = sharedServer({ tls: true });

/** A TLS connection; rejects if the handshake fails. */
async function handshake(target, options = {}) {
    const socket = tls.connect({ host: target.host, port: target.port, rejectUnauthorized: false, ...options });
    await within(once(socket, 'secureConnect'), () => 'the handshake ends');
    return socket;
}

/** The common name of the certificate that a new connection gets. */
async function nameOf(target) {
    const socket = await handshake(target);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
}

/** Replaces a file at once, as ACME clients do. */
function replace(folder, file, content) {
    writeFileSync(join(folder, `${file}.new`), content);
    renameSync(join(folder, `${file}.new`), join(folder, file));
}

/** The same server without TLS, for clients that do not use it. */
const plain = () => ({ host: server.host, port: server.port, tls: false });

test('TLS 1.2 and 1.3 are accepted, with forward secrecy and authenticated encryption', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const socket = await handshake(server, { minVersion: version, maxVersion: version });
        assert.equal(socket.getProtocol(), version);
        assert.match(socket.getCipher().name, /^(TLS_|ECDHE-).*(GCM|POLY1305)/);
        socket.destroy();
    }
});

test('older versions, weak ciphers and other protocols are refused', async () => {
    await assert.rejects(handshake(server, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }), /version|protocol/i);
    await assert.rejects(handshake(server, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }));
    await assert.rejects(handshake(server, { ALPNProtocols: ['h2'] }), /no.application.protocol/i);
});

test('http/1.1 is selected by ALPN, whatever else the client offers', async () => {
    const socket = await handshake(server, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
});

test('a client reconnects with a ticket instead of a full handshake', async () => {
    const first = await handshake(server);
    const [session] = await within(once(first, 'session'), () => 'a ticket');
    first.destroy();
    const second = await handshake(server, { session });
    assert.equal(second.isSessionReused(), true);
    second.destroy();
});

test('the page\'s own origin is https, and responses are for https only from then on', async () => {
    const room = await createRoom(server);
    const answer = await get(server, '/chats');
    assert.equal(answer.headers['strict-transport-security'], 'max-age=2592000');
    const { origin } = server;
    assertStatus(await post(server, '/chats', { title: 'Of the page', visibility: 'public' }, { headers: { Origin: origin } }), 201);
    const foreign = { headers: { Origin: origin.replace('https', 'http') } };
    assertError(await post(server, '/chats', { title: 'Of http', visibility: 'public' }, foreign), 403, 304);
    const ada = await ChatClient.open(server, room, { origin });
    await ada.leave();
});

test('HSTSSeconds 0 leaves the header out', async (t) => {
    const without = await startServer(t, { tls: true, config: { HSTSSeconds: 0 } });
    assert.equal((await get(without, '/health')).headers['strict-transport-security'], undefined);
});

test('a client without TLS is answered 400 on the port of TLS', async () => {
    assertStatus(await get(plain(), '/chats'), 400);
    const answer = await exchange(plain(), 'POST /chats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}', 'POST');
    assert.equal(answer.json.error.code, 506);
    assert.equal(answer.json.error.reason, 'This port speaks TLS. Use https.');
    assert.equal(answer.headers['cache-control'], 'no-cache');
    assert.equal(answer.headers.connection, 'close');
    assert.equal(answer.headers['strict-transport-security'], undefined, 'RFC 6797, 7.2');
    const upgrade = 'GET /chats/1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    assert.equal((await exchange(plain(), upgrade)).status, 400);
});

test('garbage instead of a handshake ends the connection, and nobody else\'s', async () => {
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    const record = Buffer.from([22, 3, 1, 0, 5, 1, 2, 3, 4, 5]);
    for (const bytes of [record, Buffer.alloc(20_000, 22), Buffer.concat([record, Buffer.alloc(100_000, 0xff)]), Buffer.from([22])]) {
        const socket = net.connect(server.port, server.host);
        const ended = new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
        socket.resume();
        socket.end(bytes);
        await within(ended, () => 'the connection ends');
    }
    ada.say('ada', 'still here');
    assert.equal((await ada.next()).msg, 'still here');
    await ada.leave();
});

test('the connections of one address beyond its limit are few and short, also if they send half a handshake', async (t) => {
    const config = { AddressConnections: 4, ExemptAddresses: ['127.0.0.1'] };
    const small = await startServer(t, { tls: true, config });
    const sockets = [];
    for (let count = 0; count < 40; count += 1) {
        const socket = net.connect({ port: small.port, host: small.host, localAddress: '127.0.0.2' });
        socket.on('error', () => {}).resume();
        sockets.push(new Promise((resolve) => socket.on('close', resolve)));
        socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0]));
    }
    const http = async () => (await metricsOf(small)).get('globes_connections{kind="http"}');
    await eventually(
        async () => (await metricsOf(small)).get('globes_address_refusals_total{limit="open_connections"}') === 36,
        'all were accepted',
    );
    assert.ok((await http()) <= 4 + 8 + 1, 'those of the limit, eight that wait for their answer, and this question');
    await eventually(async () => (await http()) <= 4 + 1, 'those beyond the limit have ended', 5_000);
    assertStatus(await get(small, '/chats', { from: '127.0.0.3' }), 200);
});

test('a ClientHello of more than 16 KiB ends the connection', async () => {
    const socket = net.connect(server.port, server.host);
    const ended = once(socket.on('error', () => {}).resume(), 'close');
    socket.write(Buffer.from([22, 3, 1, 0, 4, 1, 2, 0, 0]));
    await within(ended, () => 'the connection ends');
});

test('a handshake that does not end within ReadTimeout is given up', async (t) => {
    const hasty = await startServer(t, { tls: true, config: { ReadTimeout: 0.3 } });
    const silent = net.connect(hasty.port, hasty.host);
    const partial = net.connect(hasty.port, hasty.host);
    partial.write(Buffer.from([22, 3, 1, 2, 0, 1]));
    const ended = [silent, partial].map((socket) => once(socket.resume(), 'close'));
    await within(Promise.all(ended), () => 'both connections end');
});

test('a connection beyond the limit of its address is answered 503 after its handshake', async (t) => {
    const config = { AddressConnections: 1, ExemptAddresses: [] };
    const small = await startServer(t, { tls: true, config });
    const first = await handshake(small, { localAddress: '127.0.0.9' });
    assertLimited(await get(small, '/chats', { from: '127.0.0.9' }), 503, 505);
    assertStatus(await get(small, '/chats', { from: '127.0.0.10' }), 200);
    first.destroy();
});

test('a renewed certificate is used for new connections, and nobody is dropped', async (t) => {
    const renewing = await startServer(t, { tls: true });
    // The log has the line before the I/O threads have the certificate.
    const hasName = (name) => eventually(async () => (await nameOf(renewing)) === name, `the name ${name}`);
    const room = await createRoom(renewing);
    const ada = await ChatClient.join(renewing, room, 'ada');
    assert.equal(await nameOf(renewing), 'globes test');
    const before = (await metricsOf(renewing)).get('globes_certificate_expires_timestamp_seconds');
    assert.ok(before > Date.now() / 1000 + 29 * 86_400 && before < Date.now() / 1000 + 31 * 86_400);

    // As soon as the server looks at the files: no signal is needed.
    const renewed = makeCertificate({ name: 'renewed', days: 60 });
    let offset = renewing.log.length;
    replace(renewing.folder, 'tls/key.pem', renewed.key);
    await renewing.logged(/event=certificate_not_reloaded reason=".*key values mismatch"/, offset);
    assert.equal(await nameOf(renewing), 'globes test', 'the old one stays until both files fit');
    offset = renewing.log.length;
    replace(renewing.folder, 'tls/cert.pem', renewed.cert);
    await renewing.logged(/event=certificate file=tls\/cert.pem expires=/, offset);
    await hasName('renewed');

    // At once, after SIGHUP.
    const again = makeCertificate({ name: 'renewed again' });
    offset = renewing.log.length;
    replace(renewing.folder, 'tls/cert.pem', again.cert);
    replace(renewing.folder, 'tls/key.pem', again.key);
    renewing.signal('SIGHUP');
    await renewing.logged(/event=certificate file/, offset);
    await hasName('renewed again');

    ada.say('ada', 'still here');
    assert.equal((await ada.next()).msg, 'still here');
    await ada.leave();
});

test('the PROXY header of a trusted proxy comes before the handshake', async (t) => {
    const config = { TrustedProxies: ['127.0.0.1'], AddressConnections: 1, ExemptAddresses: [] };
    const behind = await startServer(t, { tls: true, config });
    const connectFor = async (client) => {
        const tcp = net.connect(behind.port, behind.host);
        tcp.write(`PROXY TCP4 ${client} 192.0.2.1 40000 443\r\n`);
        const socket = tls.connect({ socket: tcp, rejectUnauthorized: false });
        await within(once(socket, 'secureConnect'), () => 'the handshake ends');
        const connection = new Connection(socket);
        connection.write('GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
        return connection;
    };
    const first = await connectFor('192.0.2.7');
    assert.equal((await first.response()).status, 200);
    await behind.logged(/path=\/chats\/1 status=200 .* peer=192\.0\.2\.7$/m);
    const second = await connectFor('192.0.2.7');
    assert.equal((await second.response()).status, 503, 'beyond the limit of this client');
    const other = await connectFor('192.0.2.8');
    assert.equal((await other.response()).status, 200);
    for (const connection of [first, second, other]) connection.close();
});

test('a certificate that cannot be used ends the start with a clear error', async () => {
    const { cert, key } = sharedCertificate();
    const other = makeCertificate();
    const config = { TLSCert: 'a.pem', TLSKey: 'b.pem' };
    const start = async (files, changes = {}) => runToEnd({ tls: false, config: { ...config, ...changes }, files });
    const expectError = ({ code, output }, pattern) => {
        assert.equal(code, 2, output);
        assert.match(output, pattern);
        assert.doesNotMatch(output, /started at/);
    };
    expectError(await start({ 'b.pem': key }), /^globes: TLSCert: a\.pem: cannot be opened: No such file or directory$/m);
    expectError(await start({ 'a.pem': cert }), /^globes: TLSKey: b\.pem: cannot be opened: No such file or directory$/m);
    expectError(await start({ 'a.pem': 'garbage', 'b.pem': key }), /^globes: TLSCert: a\.pem: is not a usable certificate in PEM: /m);
    expectError(await start({ 'a.pem': cert, 'b.pem': other.key }), /^globes: TLSKey: b\.pem: is not the key of a\.pem/m);
    expectError(await start({ 'a.pem': cert, 'b.pem': key }, { TLSKey: '' }), /config\.json: TLSCert: needs TLSKey too$/m);
    expectError(await start({}, { TLSCert: '', TLSKey: '', RedirectAddress: ':0' }), /RedirectAddress: needs TLSCert and TLSKey/);
    const locked = execFileSync('openssl', ['ec', '-aes128', '-passout', 'pass:secret'], { input: key, stdio: 'pipe' });
    expectError(await start({ 'a.pem': cert, 'b.pem': locked }), /^globes: TLSKey: b\.pem: has a passphrase.*openssl pkey/m);
});

test('an expired certificate is used with a warning', async (t) => {
    const expired = makeCertificate({ expired: true });
    const files = { 'a.pem': expired.cert, 'b.pem': expired.key };
    const old = await startServer(t, { tls: false, config: { TLSCert: 'a.pem', TLSKey: 'b.pem' }, files });
    assert.match(old.log, /event=certificate_not_valid /);
    old.tls = true;
    assertStatus(await get(old, '/chats'), 200);
});

test('the certificate of the original is found', async (t) => {
    const { cert, key } = sharedCertificate();
    const found = await startServer(t, { tls: false, files: { 'gencert/cert.pem': cert, 'gencert/key.pem': key } });
    found.tls = true;
    assertStatus(await get(found, '/chats'), 200);
    const { code, output } = await runToEnd({ tls: false, files: { 'gencert/cert.pem': cert } });
    assert.equal(code, 2, 'half of it is not passed over silently');
    assert.match(output, /TLSKey: gencert\/key\.pem: /);
});

test('the redirect listener leads to the same path over https', async (t) => {
    const port = await freePort();
    const config = { RedirectAddress: `127.0.0.1:${port}`, Hosts: ['localhost', '127.0.0.1', 'chat.example'], ExemptAddresses: [] };
    const target = await startServer(t, { tls: true, config });
    const redirect = { host: '127.0.0.1', port, tls: false };
    const location = async (path, host, method = 'GET') => {
        const answer = await exchange(redirect, `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, method);
        return [answer.status, answer.headers.location];
    };
    const https = target.port;
    assert.deepEqual(await location('/chats?after=3', 'localhost'), [308, `https://localhost:${https}/chats?after=3`]);
    assert.deepEqual(await location('/', 'Chat.Example:8080'), [308, `https://chat.example:${https}/`]);
    assert.deepEqual(await location('//evil.example', 'localhost'), [308, `https://localhost:${https}//evil.example`]);
    assert.deepEqual(await location('/chats', 'localhost', 'POST'), [308, `https://localhost:${https}/chats`]);
    assert.deepEqual(await location('/', 'evil.example'), [421, undefined], 'no link leads from here to another site');
    await target.logged(/event=unknown_host host=evil\.example /);
    for (const path of ['/health', '/ready']) assert.equal((await location(path, '192.0.2.1'))[0], 308, 'as in the main port');
    assert.deepEqual(await location('/', 'localhost:'), [308, `https://localhost:${https}/`]);
    assert.equal((await location('*', 'localhost', 'OPTIONS'))[0], 400);
    assert.equal((await exchange(redirect, 'GET / HTTP/1.0\r\n\r\n')).status, 400);
    assertStatus(await get(target, '/chats'), 200);
});

test('RedirectPort is the port in the redirects', async (t) => {
    const port = await freePort();
    await startServer(t, { tls: true, config: { RedirectAddress: `127.0.0.1:${port}`, RedirectPort: 443 } });
    const answer = await get({ host: '127.0.0.1', port, tls: false }, '/chats');
    assert.equal(answer.headers.location, 'https://127.0.0.1/chats');
});

test('the redirect listener serves the challenges of an ACME client, and nothing else of their folder', async (t) => {
    const port = await freePort();
    const config = { RedirectAddress: `127.0.0.1:${port}`, ChallengeDir: 'acme', ExemptAddresses: [] };
    const target = await startServer(t, { tls: true, config, files: { 'acme/secret': 'x' } });
    const redirect = { host: '127.0.0.1', port, tls: false };
    const folder = join(target.folder, 'acme/.well-known/acme-challenge');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'token_1-A'), 'token_1-A.thumbprint');
    const answer = await get(redirect, '/.well-known/acme-challenge/token_1-A', { headers: { Host: 'not.listed.example' } });
    assertStatus(answer, 200);
    assert.equal(answer.text, 'token_1-A.thumbprint');
    assert.equal((await get(redirect, '/.well-known/acme-challenge/none')).status, 404);
    assert.equal((await get(redirect, '/.well-known/acme-challenge/../../secret')).status, 404);
    assert.equal((await get(redirect, '/.well-known/acme-challenge/%2e%2e/%2e%2e/secret')).status, 404);
    assert.equal((await get(redirect, '/secret')).status, 308);
});
