// Room tokens: request, renewal, forgery, expiry (docs/protocol.md#tokens-and-owners).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    PASSWORD,
    assertError,
    assertStatus,
    createPrivateRoom,
    createRoom,
    errorBody,
    freshTitle,
    get,
    post,
    put,
    remove,
    takeToken,
} from './harness/api.js';
import { Connection } from './harness/connection.js';
import { sharedServer, startServer } from './harness/server.js';
import { forgeToken, freshClaims, openToken, tamper, unsigned } from './harness/tokens.js';
import { eventually } from './harness/wait.js';

const SECRET_KEY = 'a key that this test knows';
const server = sharedServer({ env: { SECRET_KEY } });

const ask = (room, body, options) => post(server, `/chats/${room.id}/token`, body, options);
const renew = (room, token, on = server) => get(on, `/chats/${room.id}/token/renew`, { token });

test('the answer has its fields in order, and the token has name, room and expiry', async () => {
    const room = await createPrivateRoom(server);
    const answer = await ask(room, { secret: PASSWORD, name: 'ada' });
    assertStatus(answer, 201);
    assert.deepEqual(Object.keys(answer.json), ['status', 'name', 'room_id', 'token']);
    assert.deepEqual([answer.json.status, answer.json.name, answer.json.room_id], [true, 'ada', room.id]);
    const { header, claims } = openToken(answer.json.token);
    assert.equal(header.alg, 'HS256');
    assert.deepEqual(Object.keys(claims).sort(), ['exp', 'iat', 'jti', 'room_id', 'username']);
    assert.equal(claims.exp - claims.iat, 3600);
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 60);
});

test('no cache may store an answer with a token', async () => {
    const room = await createPrivateRoom(server, { owner: true });
    const asked = await ask(room, { secret: PASSWORD, name: 'ada' });
    const created = await post(server, '/chats', { title: freshTitle(), visibility: 'public', owner: true });
    const ended = await remove(server, `/chats/${room.id}/token`, { token: room.owner_token });
    for (const answer of [asked, await renew(room, asked.json.token), created, ended])
        assert.equal(answer.headers['cache-control'], 'no-store', answer.text);
    const open = await createRoom(server);
    for (const answer of [await ask(open, {}), await renew(open), await ask(room, {}), await get(server, '/chats/1')])
        assert.equal(answer.headers['cache-control'], 'no-cache', answer.text);
});

test('TokenMinutes sets the lifetime', async (t) => {
    const own = await startServer(t, { config: { TokenMinutes: 5 } });
    const { iat, exp } = openToken(await takeToken(own, await createPrivateRoom(own), 'ada')).claims;
    assert.equal(exp - iat, 300);
});

test('a token expires', { skip: process.env.GLOBES_LONG !== '1' && 'takes a minute: GLOBES_LONG=1' }, async (t) => {
    const own = await startServer(t, { config: { TokenMinutes: 1 } });
    const room = await createPrivateRoom(own);
    const token = await takeToken(own, room, 'ada');
    assertStatus(await renew(room, token, own), 201);
    const { exp } = openToken(token).claims;
    await new Promise((resolve) => setTimeout(resolve, exp * 1000 - Date.now() + 1500));
    assertError(await renew(room, token, own), 403, 403, 'token');
});

test('a public room needs no token', async () => {
    const room = await createRoom(server);
    for (const body of ['', '{}', 'nonsense', { secret: 'any', name: 'ada' }]) {
        const answer = await ask(room, body);
        assert.deepEqual([answer.status, answer.text], [200, '{"status":true}']);
    }
    const renewed = await renew(room);
    assert.deepEqual([renewed.status, renewed.text], [200, '{"status":true}']);
});

test('the secret is checked first, then the name', async () => {
    const room = await createPrivateRoom(server);
    const wrongSecrets = [
        '',
        '{',
        '[]',
        'null',
        { name: 'ada' },
        { name: '' },
        { secret: null, name: 'ada' },
        { secret: 42, name: 'ada' },
        { secret: 'wrong', name: '' },
    ];
    for (const body of wrongSecrets) assertError(await ask(room, body), 401, 304, 'secret');
    const wrongNames = [
        {},
        { name: '' },
        { name: null },
        { name: 42 },
        { name: 'x'.repeat(33) },
        { name: 'a\nb' },
        { name: 'a\u0000b' },
    ];
    for (const body of wrongNames) assertError(await ask(room, { secret: PASSWORD, ...body }), 400, 303, 'name');
});

test('a name has up to 32 characters, whatever their length in bytes', async () => {
    const room = await createPrivateRoom(server);
    for (const name of ['a', 'x'.repeat(32), '🎈'.repeat(32), 'Größe 世界', '"<&>\\']) {
        const answer = await ask(room, { secret: PASSWORD, name });
        assertStatus(answer, 201);
        assert.equal(answer.json.name, name);
        assert.equal(openToken(answer.json.token).claims.username, name);
    }
});

test('other fields and the content type are ignored', async () => {
    const room = await createPrivateRoom(server);
    const body = {
        secret: PASSWORD,
        name: 'ada',
        room_id: 'x',
        title: 5,
        visibility: null,
        owner: [],
        role: 'owner',
        exp: 0,
    };
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
        const answer = await ask(room, body, { headers: { 'Content-Type': type } });
        assertStatus(answer, 201);
        assert.equal(openToken(answer.json.token).claims.role, undefined);
    }
});

test('a password longer than its room has, or nearly right, is wrong', async () => {
    const room = await createPrivateRoom(server, { password: 'x'.repeat(72) });
    for (const secret of ['x'.repeat(71), 'x'.repeat(73), `${'x'.repeat(72)}\u0000`, 'X'.repeat(72)]) {
        assertError(await ask(room, { secret, name: 'ada' }), 401, 304, 'secret');
    }
    const other = await createPrivateRoom(server);
    assertError(await ask(other, { secret: `${PASSWORD}\u0000more`, name: 'ada' }), 401, 304, 'secret');
});

test("passwords beyond the queue's limit are refused for now, and the others are checked", async (t) => {
    const own = await startServer(t, { config: { HashThreads: 1 } });
    const rooms = [await createPrivateRoom(own), await createPrivateRoom(own)];
    const askIt = (_, index) => post(own, `/chats/${rooms[index % 2].id}/token`, { secret: PASSWORD, name: 'ada' });
    const answers = await Promise.all(Array.from({ length: 100 }, askIt));
    const refused = answers.filter(({ status }) => status !== 201);
    assert.ok(refused.length > 0 && refused.length < 50, `${refused.length} of ${answers.length}`);
    for (const answer of refused) {
        assertError(answer, 503, 505);
        assert.match(answer.headers['retry-after'], /^\d+$/);
    }
    assertStatus(await askIt(null, 0), 201);
});

test('a valid token is enough to renew it', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const renewed = await renew(room, token);
    assertStatus(renewed, 201);
    assert.deepEqual({ ...renewed.json, token: '' }, { status: true, name: 'ada', room_id: room.id, token: '' });
    assertStatus(await renew(room, renewed.json.token), 201);
});

test('all invalid tokens are refused in the same way', async () => {
    const room = await createPrivateRoom(server);
    const other = await createPrivateRoom(server);
    const good = await takeToken(server, room, 'ada');
    const [header, claims, signature] = good.split('.');
    const fresh = freshClaims(room);
    const hour = 3600;
    const bad = {
        missing: undefined,
        'no token at all': 'nonsense',
        empty: ' ',
        'two dots': '..',
        "another room's": await takeToken(server, other, 'ada'),
        'alg none': unsigned(fresh),
        'alg None': unsigned(fresh, 'None'),
        'alg none with a good signature': tamper(good, { header: { alg: 'none' } }),
        'without signature': `${header}.${claims}.`,
        'without the last part': `${header}.${claims}`,
        'with a part more': `${good}.${signature}`,
        'another name': tamper(good, { claims: { username: 'root' } }),
        'a role of its own': tamper(good, { claims: { role: 'owner' } }),
        'a longer life': tamper(good, { claims: { exp: fresh.exp + hour } }),
        'another alg in the header': tamper(good, { header: { alg: 'HS512' } }),
        'by the secret key itself': forgeToken({ claims: fresh, key: SECRET_KEY }),
        'by an empty key': forgeToken({ claims: fresh, key: '' }),
        "by the room's password": forgeToken({ claims: fresh, key: PASSWORD }),
        'by HS512': forgeToken({
            header: { alg: 'HS512', typ: 'JWT' },
            claims: fresh,
            key: SECRET_KEY,
            hash: 'sha512',
        }),
        'expired and forged': forgeToken({ claims: { ...fresh, exp: fresh.iat - 1 }, key: SECRET_KEY }),
        'a signature cut short': good.slice(0, -4),
        'a signature of another case': `${header}.${claims}.${signature.toLowerCase()}`,
        'two kilobytes of dots': '.'.repeat(2000),
        'very long': `${header}.${'A'.repeat(5000)}.${signature}`,
    };
    for (const [what, token] of Object.entries(bad)) {
        const answer = await renew(room, token);
        assert.equal(answer.status, 403, `${what}: ${answer.text}`);
        assert.equal(answer.text, errorBody(403, 'token'), what);
    }
    assertStatus(await renew(room, good), 201);
});

test('a token counts only in the Bearer scheme', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const path = `/chats/${room.id}/token/renew`;
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
        assertStatus(await get(server, path, { headers: { Authorization: `${scheme} ${token}` } }), 201);
    }
    for (const value of [token, `Basic ${token}`, `Token ${token}`, `Bearer`, `Bearer${token}`, `Bearer ${token} x`]) {
        assertError(await get(server, path, { headers: { Authorization: value } }), 403, 403, 'token');
    }
});

test('a new password invalidates the tokens of the old one', async () => {
    const room = await createPrivateRoom(server);
    const path = `/chats/${room.id}`;
    const old = await takeToken(server, room, 'ada');
    assertStatus(await put(server, path, { password: 'another secret' }, { token: old }), 200);
    assertError(await renew(room, old), 403, 403, 'token');
    assertError(await ask(room, { secret: PASSWORD, name: 'ada' }), 401, 304, 'secret');
    const fresh = await takeToken(server, room, 'ada', 'another secret');
    assertStatus(await renew(room, fresh), 201);
});

test('setting the same password again, or going through public, invalidates the tokens too', async () => {
    const room = await createPrivateRoom(server);
    const path = `/chats/${room.id}`;
    const first = await takeToken(server, room, 'ada');
    assertStatus(await put(server, path, { visibility: 'public' }, { token: first }), 200);
    assertStatus(await put(server, path, { visibility: 'private', password: PASSWORD }), 200);
    assertError(await renew(room, first), 403, 403, 'token');
});

test('a change of neither password nor visibility keeps the tokens valid', async () => {
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const path = `/chats/${room.id}`;
    assertStatus(await put(server, path, { description: 'x', title: `${room.title} renamed` }, { token }), 200);
    assertStatus(await put(server, path, { visibility: 'private' }, { token }), 200);
    assertStatus(await renew(room, token), 201);
});

test('more than ten wrong passwords a minute are refused, then also the correct one', async () => {
    const room = await createPrivateRoom(server);
    const other = await createPrivateRoom(server);
    for (let tries = 0; tries < 10; tries += 1) {
        assertError(await ask(room, { secret: `wrong ${tries}`, name: 'ada' }), 401, 304, 'secret');
    }
    for (const secret of ['wrong once more', PASSWORD]) {
        const answer = await ask(room, { secret, name: 'ada' });
        assertError(answer, 429, 503);
        assert.match(answer.headers['retry-after'], /^\d+$/);
        const seconds = Number(answer.headers['retry-after']);
        assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
    }
    await takeToken(server, other, 'ada');
});

test('guesses of many addresses for one room are delayed, and so is the right password', async (t) => {
    const own = await startServer(t);
    const room = await createPrivateRoom(own);
    const guess = (number) =>
        post(own, `/chats/${room.id}/token`, { secret: 'wrong', name: 'ada' }, { from: `127.0.1.${number}` });
    const answers = await Promise.all(Array.from({ length: 75 }, (_, index) => guess(index + 1)));
    for (const answer of answers) assertError(answer, 401, 304, 'secret');
    await takeToken(own, room, 'ada');
});

test('wrong passwords of one address in parallel do not keep out others who come for the first time', async (t) => {
    const own = await startServer(t);
    const room = await createPrivateRoom(own);
    const body = JSON.stringify({ secret: 'wrong', name: 'ada' });
    const guess =
        `POST /chats/${room.id}/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n` + body;
    const open = () => Connection.open(own, { from: '127.0.1.1' });
    const guessing = await Promise.all(Array.from({ length: 95 }, open));
    for (const connection of guessing) connection.write(guess);
    const others = Array.from({ length: 5 }, (_, index) =>
        post(own, `/chats/${room.id}/token`, { secret: PASSWORD, name: 'ada' }, { from: `127.0.2.${index + 1}` }),
    );
    for (const answer of await Promise.all(others)) assertStatus(answer, 201);
    for (const connection of guessing) connection.close();
});

test('guesses that would wait for more than 5 s are refused, and the right password is not locked out', async (t) => {
    const own = await startServer(t);
    const room = await createPrivateRoom(own);
    const ask = (secret, from) => post(own, `/chats/${room.id}/token`, { secret, name: 'ada' }, { from });
    const answers = await Promise.all(Array.from({ length: 150 }, (_, index) => ask('wrong', `127.0.1.${index + 1}`)));
    const refused = answers.filter(({ status }) => status === 503);
    assert.ok(refused.length > 0, 'some were refused');
    for (const answer of refused) {
        assertError(answer, 503, 505);
        assert.equal(answer.headers['retry-after'], '5');
    }
    for (const answer of answers) assert.ok([401, 503].includes(answer.status), `${answer.status}`);
    await eventually(async () => (await ask(PASSWORD, '127.0.0.9')).status === 201, 'the right password is accepted');
});

test('correct passwords are never throttled', async () => {
    const room = await createPrivateRoom(server);
    for (let tries = 0; tries < 15; tries += 1) await takeToken(server, room, `name ${tries}`);
});

test('password checks do not delay other requests', async () => {
    const rooms = await Promise.all(Array.from({ length: 8 }, () => createPrivateRoom(server)));
    let checking = 16;
    const checks = Array.from({ length: checking }, (_, index) =>
        ask(rooms[index % 8], { secret: PASSWORD, name: 'ada' }).then((answer) => {
            checking -= 1;
            return answer;
        }),
    );
    let answered = 0;
    while (checking > 0) {
        assertStatus(await get(server, '/health'), 200);
        answered += 1;
    }
    for (const answer of await Promise.all(checks)) assertStatus(answer, 201);
    assert.ok(answered > 16, `${answered} other requests were answered meanwhile`);
});
