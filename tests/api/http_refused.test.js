// Invalid HTTP/1.1, and ambiguous requests (RFC 9112, 11.2).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, errorBody, freshTitle, get, request } from './harness/api.js';
import { Connection } from './harness/connection.js';
import { sharedServer } from './harness/server.js';
import { chunked, postChats, roomBody, withLength } from './harness/http_bytes.js';

const server = sharedServer();

/** The request must be refused as invalid, and the connection must end without another response. */
async function assertRefused(bytes, what) {
    const connection = await Connection.open(server);
    connection.write(bytes);
    const answer = await connection.response();
    assert.equal(answer.status, 400, `${what}: ${answer.text}`);
    assert.equal(answer.text, errorBody(506), what);
    assert.equal(answer.headers.connection?.toLowerCase(), 'close', what);
    assert.equal((await connection.ended()).length, 0, `${what}: nothing follows`);
}

// A second request that another parser would take out of the body of the first.
const SMUGGLED = 'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n';

const AMBIGUOUS = {
    'Transfer-Encoding with Content-Length': postChats(
        ['Transfer-Encoding: chunked', 'Content-Length: 5'],
        `0\r\n\r\n${SMUGGLED}`,
    ),
    'Content-Length with Transfer-Encoding': postChats(
        ['Content-Length: 5', 'Transfer-Encoding: chunked'],
        `0\r\n\r\n${SMUGGLED}`,
    ),
    'two different lengths': postChats(['Content-Length: 2', 'Content-Length: 40'], `{}${SMUGGLED}`),
    'the same length twice': postChats(['Content-Length: 2', 'Content-Length: 2'], `{}${SMUGGLED}`),
    'a list of lengths': postChats(['Content-Length: 2, 2'], `{}${SMUGGLED}`),
    'a negative length': postChats(['Content-Length: -1'], SMUGGLED),
    'a length with a plus': postChats(['Content-Length: +2'], `{}${SMUGGLED}`),
    'a length in hex': postChats(['Content-Length: 0x2'], `{}${SMUGGLED}`),
    'a length beyond 64 bits': postChats(['Content-Length: 18446744073709551618'], `{}${SMUGGLED}`),
    'an empty length': postChats(['Content-Length:'], SMUGGLED),
    'Transfer-Encoding: identity': postChats(['Transfer-Encoding: identity'], SMUGGLED),
    'an unknown transfer coding': postChats(['Transfer-Encoding: xchunked'], `0\r\n\r\n${SMUGGLED}`),
    'chunked not last': postChats(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${SMUGGLED}`),
    'chunked twice': postChats(['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${SMUGGLED}`),
    'chunked twice in two lines': postChats(
        ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
        `0\r\n\r\n${SMUGGLED}`,
    ),
    'chunked and another in two lines': postChats(
        ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'],
        `0\r\n\r\n${SMUGGLED}`,
    ),
    'chunked hidden by a vertical tab': postChats(['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${SMUGGLED}`),
    'chunked on HTTP/1.0': postChats(['Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`, '1.0'),
    'a blank before the colon': postChats(['Content-Length : 2'], `{}${SMUGGLED}`),
    'a blank before the colon of a coding': postChats(['Transfer-Encoding : chunked'], `0\r\n\r\n${SMUGGLED}`),
    'a folded header': postChats(['X-Folded: one\r\n two', 'Content-Length: 0'], SMUGGLED),
    'a folded coding': postChats(['Transfer-Encoding:\r\n chunked'], `0\r\n\r\n${SMUGGLED}`),
    'a first header that begins with a blank': 'GET /chats/1 HTTP/1.1\r\n Host: localhost\r\n\r\n',
    'a bare LF after a header': 'GET /chats/1 HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n',
    'bare LFs only': 'GET /chats/1 HTTP/1.1\nHost: localhost\n\n',
    'a bare LF at the end': 'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n\n',
    'a bare CR in a value': 'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n',
    'a bare CR in the request line': 'GET /chats/1\rHTTP/1.1\r\nHost: localhost\r\n\r\n',
    'a chunk size that is not a number': postChats(['Transfer-Encoding: chunked'], `xyz\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
    'a negative chunk size': postChats(['Transfer-Encoding: chunked'], `-2\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
    'a chunk size beyond 64 bits': postChats(
        ['Transfer-Encoding: chunked'],
        `10000000000000002\r\n{}\r\n0\r\n\r\n${SMUGGLED}`,
    ),
    'a chunk that is longer than it says': postChats(
        ['Transfer-Encoding: chunked'],
        `2\r\n{}x\r\n0\r\n\r\n${SMUGGLED}`,
    ),
};

const NOT_HTTP = {
    'no Host': 'GET /chats/1 HTTP/1.1\r\nAccept: */*\r\n\r\n',
    'two Hosts': 'GET /chats/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    nonsense: 'nonsense\r\n\r\n',
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    TLS: Buffer.from('1603010200010001fc0303000d0a0d0a', 'hex'),
    'a version of its own': 'GET /chats/1 HTTP/3.1\r\nHost: localhost\r\n\r\n',
    'no version': 'GET /chats/1\r\nHost: localhost\r\n\r\n',
    'a header without colon': 'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n',
    'a header without name': 'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\n: value\r\n\r\n',
    'a NUL in a value': 'GET /chats/1 HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n',
    'a NUL in the target': 'GET /chats/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'a method that is not a token': 'G(T /chats/1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
};

for (const [what, bytes] of Object.entries({ ...AMBIGUOUS, ...NOT_HTTP })) {
    test(`${what} is not accepted as a request`, () => assertRefused(bytes, what));
}

test('a smuggled request is never carried out', async () => {
    const title = freshTitle('Smuggled');
    const inner = withLength(roomBody(title));
    const connection = await Connection.open(server);
    connection.write(postChats(['Transfer-Encoding: chunked', 'Content-Length: 5'], `0\r\n\r\n${inner}`));
    assert.equal((await connection.response()).status, 400);
    await connection.ended();
    assertError(await get(server, `/chats/${encodeURIComponent(title)}`), 404, 101);
});
