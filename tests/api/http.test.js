// HTTP/1.1 on the wire: framing, connections, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, assertTooLarge, freshTitle, get, post, put, request } from './harness/api.js';
import { Connection, exchange } from './harness/connection.js';
import { sharedServer, startServer } from './harness/server.js';
import { chunked, postChats, roomBody, withLength } from './harness/http_bytes.js';

const server = sharedServer();

const HEADER_LIMIT = 16 * 1024;
const BODY_LIMIT = 64 * 1024;

test('a request may arrive byte by byte', async () => {
    const body = roomBody();
    const connection = await Connection.open(server);
    await connection.writeByteByByte(withLength(body));
    assert.equal((await connection.response()).status, 201);
    await connection.writeByteByByte(postChats(['Transfer-Encoding: chunked'], chunked(...roomBody())));
    assert.equal((await connection.response()).status, 201);
    connection.close();
});

test('a body may be chunked', async () => {
    const bodies = [
        chunked(roomBody()),
        chunked(...roomBody().match(/.{1,7}/g)),
        chunked(roomBody()).replace('0\r\n\r\n', '000\r\nTrailer-Field: x\r\n\r\n'),
        chunked(roomBody()).replace('\r\n', ';name=value;other="quoted"\r\n'),
    ];
    for (const body of bodies) {
        assert.equal((await exchange(server, postChats(['Transfer-Encoding: chunked'], body))).status, 201, body);
    }
    assert.equal(
        (await exchange(server, postChats(['transfer-encoding:   Chunked  '], chunked(roomBody())))).status,
        201,
    );
});

test('header names are case-insensitive, and blanks around values are ignored', async () => {
    const body = roomBody();
    const bytes = `POST /chats HTTP/1.1\r\nhOST:localhost\r\nCONTENT-length: \t ${body.length} \t\r\n\r\n${body}`;
    assert.equal((await exchange(server, bytes)).status, 201);
});

test('pipelined requests are answered in order', async () => {
    const title = freshTitle();
    const requests = [
        'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n',
        withLength(roomBody(title)),
        'HEAD /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
        `GET /chats/${encodeURIComponent(title)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n',
        withLength(roomBody(title)),
        'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    ];
    const connection = await Connection.open(server);
    connection.write(requests.join(''));
    const statuses = [];
    for (const request of requests) statuses.push((await connection.response(request.split(' ')[0])).status);
    assert.deepEqual(statuses, [200, 201, 200, 200, 404, 400, 200]);
    assert.equal((await connection.ended()).length, 0);
});

test('many pipelined requests neither block nor mix', async () => {
    const connection = await Connection.open(server);
    const count = 500;
    for (let index = 0; index < count; index += 1) {
        connection.write(`GET /chats/${index % 2 ? 1 : 'nobody'} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    }
    for (let index = 0; index < count; index += 1) {
        assert.equal((await connection.response()).status, index % 2 ? 200 : 404);
    }
    connection.close();
});

test('a connection is kept open for further requests', async () => {
    const connection = await Connection.open(server);
    for (let count = 0; count < 5; count += 1) {
        connection.write('GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.equal((await connection.response()).status, 200);
    }
    connection.write('GET /chats/1 HTTP/1.1\r\nHost: localhost\r\nConnection: Close\r\n\r\n');
    assert.equal((await connection.response()).headers.connection?.toLowerCase(), 'close');
    assert.equal((await connection.ended()).length, 0);
});

test('HTTP/1.0 is answered, and its connection ends', async () => {
    const connection = await Connection.open(server);
    connection.write('GET /chats/1 HTTP/1.0\r\n\r\n');
    assert.equal((await connection.response()).status, 200);
    assert.equal((await connection.ended()).length, 0);
    const body = roomBody();
    assert.equal(
        (await exchange(server, `POST /chats HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`)).status,
        201,
    );
});

test('a client that has ended its side still gets its response', async () => {
    const connection = await Connection.open(server);
    connection.socket.end('GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await connection.response()).status, 200);
    await connection.ended();
});

test('the absolute form of a target and its query are accepted', async () => {
    assert.equal(
        (await exchange(server, 'GET http://localhost/chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n')).status,
        200,
    );
    assert.equal((await exchange(server, 'GET /chats/1?x=y HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 200);
});

/** A GET whose request line and headers have that many bytes. */
function getOfSize(bytes) {
    const [start, end] = ['GET /chats/1 HTTP/1.1\r\nHost: localhost\r\nCookie: ', '\r\n\r\n'];
    return `${start}${'p'.repeat(bytes - start.length - end.length)}${end}`;
}

test('request line and headers may have 16 KiB together', async () => {
    assert.equal((await exchange(server, getOfSize(HEADER_LIMIT))).status, 200);
    assertTooLarge(await exchange(server, getOfSize(HEADER_LIMIT + 1)), 431, HEADER_LIMIT);
    assertTooLarge(await exchange(server, getOfSize(10 * HEADER_LIMIT)), 431, HEADER_LIMIT);
});

test('MaxHeaderBytes limits the request line and headers', async (t) => {
    for (const limit of [4096, 65_536]) {
        const own = await startServer(t, { config: { MaxHeaderBytes: limit } });
        assert.equal((await exchange(own, getOfSize(limit))).status, 200);
        assertTooLarge(await exchange(own, getOfSize(limit + 1)), 431, limit);
        assertTooLarge(await exchange(own, `GET /${'x'.repeat(limit)}`), 414, limit);
    }
});

test('KeepAliveTimeout limits how long a connection may be idle between requests', async (t) => {
    const short = await startServer(t, { config: { KeepAliveTimeout: 0.2 } });
    const connection = await Connection.open(short);
    connection.write(getOfSize(100));
    assert.equal((await connection.response()).status, 200);
    await connection.ended();
});

test('many small headers have the same limit', async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `X-${index}: y\r\n`).join('');
    assertTooLarge(await exchange(server, `GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`), 431, HEADER_LIMIT);
});

test('a request line that is too long is 414', async () => {
    assertTooLarge(
        await exchange(server, `GET /chats/${'x'.repeat(HEADER_LIMIT + 100)} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
        414,
        HEADER_LIMIT,
    );
    assertTooLarge(await exchange(server, `GET /chats/${'x'.repeat(100_000)}`), 414, HEADER_LIMIT);
});

test('a body may have 64 KiB', async () => {
    const padded = (bytes) => roomBody().padEnd(bytes, ' ');
    assertStatus(await post(server, '/chats', padded(BODY_LIMIT)), 201);
    const { status } = await exchange(
        server,
        postChats(['Transfer-Encoding: chunked'], chunked(...padded(BODY_LIMIT).match(/.{1,8192}/g))),
    );
    assert.equal(status, 201);
    assertTooLarge(await exchange(server, withLength(padded(BODY_LIMIT + 1))), 413, BODY_LIMIT);
    const tooMany = chunked(...padded(BODY_LIMIT + 1).match(/.{1,8192}/g));
    assertTooLarge(await exchange(server, postChats(['Transfer-Encoding: chunked'], tooMany)), 413, BODY_LIMIT);
});

test('a body that is announced as too large is refused before it arrives', async () => {
    assertTooLarge(await exchange(server, postChats(['Content-Length: 1000000000'], '')), 413, BODY_LIMIT);
});

test('Expect: 100-continue is answered before the body', async () => {
    const body = roomBody();
    const connection = await Connection.open(server);
    connection.write(postChats([`Content-Length: ${body.length}`, 'Expect: 100-continue'], ''));
    assert.equal((await connection.response()).status, 100);
    connection.write(body);
    assert.equal((await connection.response()).status, 201);
    connection.close();
    const large = await exchange(server, postChats([`Content-Length: ${BODY_LIMIT + 1}`, 'Expect: 100-continue'], ''));
    assertTooLarge(large, 413, BODY_LIMIT);
});

test('a request that takes too long is 408', async (t) => {
    const own = await startServer(t, { config: { ReadTimeout: 1 } });
    const slow = [
        'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n',
        'GET',
        postChats(['Content-Length: 100'], '{'),
        postChats(['Transfer-Encoding: chunked'], '5\r\n{'),
    ];
    await Promise.all(
        slow.map(async (bytes) => {
            const connection = await Connection.open(own);
            connection.write(bytes);
            assertError(await connection.response('GET', 6000), 408, 506);
            await connection.ended(6000);
        }),
    );
});

test('a slow stream of bytes does not extend the deadline', async (t) => {
    const own = await startServer(t, { config: { ReadTimeout: 1 } });
    const connection = await Connection.open(own);
    connection.write('GET /chats/1 HTTP/1.1\r\n');
    const trickle = setInterval(() => connection.write('X-More: y\r\n'), 200);
    try {
        assertError(await connection.response('GET', 6000), 408, 506);
    } finally {
        clearInterval(trickle);
        connection.close();
    }
});

test('a client that reads its responses slowly delays no other client', async () => {
    const lazy = await Connection.open(server);
    lazy.socket.pause();
    for (let count = 0; count < 2000; count += 1)
        lazy.write('GET /chats HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n');
    for (let count = 0; count < 20; count += 1) assertStatus(await get(server, '/health'), 200);
    lazy.reset();
});
