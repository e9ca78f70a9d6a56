// The REST API as a correct client uses it, and its errors as docs/protocol.md#errors lists them.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';

import { within, withResolvers } from './wait.js';

/** Texts of the error table, by code. */
export const ERROR_TEXT = {
    101: 'Room error: Room not found',
    102: 'Room error: Duplicate room',
    103: 'Room error: Invalid JSON',
    104: 'Room error: Unauthorized operation',
    105: 'Room error: Invalid content',
    201: 'Client error: User not found',
    202: 'Client error: Duplicate username',
    203: 'Client error: Invalid JSON',
    204: 'Client error: Unauthorized operation',
    301: 'Could not establish session',
    303: 'Invalid JSON',
    304: 'Unauthorized operation',
    305: 'Unsupported client device',
    403: 'Token error: Invalid token',
    501: 'Not found',
    502: 'Method not allowed',
    503: 'Too many requests',
    504: 'Request too large',
    505: 'Temporarily unavailable',
    506: 'Bad request',
};

/** The sentence of an error event, by code and field. */
export const ERROR_SENTENCE = {
    '201 name': 'You are not in this room, so you cannot leave it.',
    '202 name': 'That name is taken.',
    '204 name': 'You are here under another name. Use that one.',
    303: 'The server could not read that: it is not a valid JSON object.',
    '303 event_type': 'The event type must be join, leave or send.',
    '303 name': 'A name needs 1 to 32 characters, one visible, and no control characters.',
    '303 msg': 'A message needs 1 to 4096 characters.',
    '303 color': 'The color must be text, such as red or #ff0000.',
    '303 id': 'The id of an event must be text of 1 to 64 characters.',
    503: 'You are sending too fast. Wait a moment, then send it again.',
    505: 'The server could not confirm that. Try again in a moment.',
};

/**
 * One request on a new connection. `path` is sent unchanged.
 * `body`: an object is sent as JSON, text and bytes unchanged. `from`: an address of the loopback to connect from.
 */
export function request(server, method, path, { body, token, headers = {}, from } = {}) {
    const { promise, resolve, reject } = withResolvers();
    const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const all = { ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (bytes !== undefined) all['Content-Length'] = Buffer.byteLength(bytes);
    const { host, port } = server;
    const options = { host, port, method, path, headers: all, agent: false, localAddress: from, rejectUnauthorized: false };
    const outgoing = (server.tls ? https : http).request(options, (incoming) => {
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const answer = { status: incoming.statusCode, headers: incoming.headers, text };
            Object.defineProperty(answer, 'json', { get: () => JSON.parse(text) });
            resolve(answer);
        });
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
    return within(promise, () => `${method} ${path} is answered`);
}

export const get = (server, path, options) => request(server, 'GET', path, options);
export const post = (server, path, body, options) => request(server, 'POST', path, { body, ...options });
export const put = (server, path, body, options) => request(server, 'PUT', path, { body, ...options });
export const remove = (server, path, options) => request(server, 'DELETE', path, options);

/** The exact body of an error. */
export function errorBody(code, field) {
    const error = field === undefined ? { code, error: ERROR_TEXT[code] } : { code, error: ERROR_TEXT[code], field };
    return JSON.stringify({ status: false, error });
}

/** A refusal by a limit of the address: with a reason, so that people know which. Its status is 429 or 503. */
export function assertLimited(answer, status, code) {
    const { reason, ...error } = answer.json?.error ?? JSON.parse(answer.text).error;
    assert.match(reason, /^This address has .*\.$/);
    assert.equal(JSON.stringify({ status: false, error }), errorBody(code));
    assert.equal(answer.status, status);
    assert.match(answer.headers['content-type'], /^application\/json\b/);
}

export function assertError(answer, status, code, field) {
    if (status === 429) return assertLimited(answer, status, code);
    assert.equal(answer.text, errorBody(code, field));
    assert.equal(answer.status, status);
    assert.match(answer.headers['content-type'], /^application\/json\b/);
}

/** 413, 414 or 431; `limit`: the bytes that would have been accepted. */
export function assertTooLarge(answer, status, limit) {
    const error = { code: 504, error: ERROR_TEXT[504], limit };
    assert.equal(answer.text, JSON.stringify({ status: false, error }));
    assert.equal(answer.status, status);
}

export function assertStatus(answer, status) {
    assert.equal(answer.status, status, `the body was ${answer.text}`);
}

let titles = 0;

/** A title that no other test uses. */
export function freshTitle(stem = 'Room') {
    titles += 1;
    return `${stem} no. ${titles}`;
}

/** Creates a room (public, with a new title, unless `fields` say otherwise) and resolves with it. */
export async function createRoom(server, fields = {}) {
    const answer = await post(server, '/chats', { title: freshTitle(), visibility: 'public', ...fields });
    assertStatus(answer, 201);
    return answer.json;
}

export const PASSWORD = 'correct horse';

/** Creates a private room with `PASSWORD`. */
export function createPrivateRoom(server, fields = {}) {
    return createRoom(server, { visibility: 'private', password: PASSWORD, ...fields });
}

/** A room token for `name`. */
export async function takeToken(server, room, name, secret = PASSWORD) {
    const answer = await post(server, `/chats/${room.id}/token`, { secret, name });
    assertStatus(answer, 201);
    return answer.json.token;
}

/** How many members the room has. */
export async function onlineIn(server, room, token) {
    const answer = await get(server, `/chats/${room.id}`, { token });
    assertStatus(answer, 200);
    return answer.json.online;
}

/** The names in the room, in order of arrival, from `GET /chats/{room}`. */
export async function usersOf(server, room, token) {
    const answer = await get(server, `/chats/${room.id}`, { token });
    assertStatus(answer, 200);
    return answer.json.users.map(({ username }) => username);
}
