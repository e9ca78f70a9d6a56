// Rooms, tokens and history with the client library, and the class of each error.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';

import { freshTitle, PASSWORD } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import * as library from '../../web/globes.js';
import { globesAt } from './support/test_client.js';

const server = sharedServer();
const { Globes } = library;

/** Asserts that a promise is rejected with this class and these properties. */
function assertRefused(promise, className, properties) {
    return assert.rejects(promise, (error) => {
        assert.ok(error instanceof library.GlobesError, String(error));
        assert.equal(error.constructor.name, className, String(error));
        for (const [key, value] of Object.entries(properties)) assert.equal(error[key], value, key);
        return true;
    });
}

test('a room is created, read, changed and removed', async () => {
    const { rooms } = globesAt(server);
    const title = freshTitle('Fish & chips / 50 %');
    const room = await rooms.create({ title, description: 'There are many like it', visibility: 'public' });
    assert.deepEqual([room.title, room.visibility, room.users], [title, 'public', []]);
    for (const ref of [room, room.id, String(room.id), title, title.toUpperCase()])
        assert.deepEqual(await rooms.get(ref), room);
    const changed = await rooms.update(room, { description: 'None is like it' });
    assert.deepEqual([changed.id, changed.title, changed.description], [room.id, title, 'None is like it']);
    assert.equal(await rooms.remove(room), undefined);
    await assertRefused(rooms.get(room), 'NotFoundError', { code: 101, status: 404, field: null });
});

test('the list comes in pages, and listAll returns all of it', async () => {
    const { rooms } = globesAt(server);
    for (let count = 0; count < 5; count += 1) await rooms.create({ title: freshTitle(), visibility: 'public' });
    const all = [];
    for await (const room of rooms.listAll()) all.push(room.id);
    assert.ok(all.length >= 6);
    const first = await rooms.list({ limit: 2 });
    const second = await rooms.list({ limit: 2, after: first[1].id });
    assert.deepEqual(
        [...first, ...second].map(({ id }) => id),
        all.slice(0, 4),
    );
    assert.equal(first[0].online, 0);
});

test('a password gives a token, a token gives the next one, and a public room needs none', async () => {
    const { rooms, tokens, history } = globesAt(server);
    const room = await rooms.create({ title: freshTitle(), visibility: 'private', password: PASSWORD });
    const token = await tokens.request(room, { name: 'Zoë 🎈', secret: PASSWORD });
    assert.deepEqual([token.name, token.roomId], ['Zoë 🎈', room.id]);
    const minutes = (token.expiresAt - Date.now()) / 60_000;
    assert.ok(minutes > 59 && minutes < 61, `${minutes} minutes`);
    for (const form of [token, token.token]) {
        assert.equal((await tokens.renew(room, form)).name, 'Zoë 🎈');
        assert.deepEqual((await history(room, { token: form })).events, []);
    }
    assert.equal(await tokens.request(1, { name: 'zoë', secret: '' }), null);

    await assertRefused(tokens.request(room, { name: 'eve', secret: 'wrong' }), 'UnauthorizedError', {
        code: 304,
        status: 401,
        field: 'secret',
    });
    const badName = { code: 303, status: 400, field: 'name' };
    await assertRefused(tokens.request(room, { name: '', secret: PASSWORD }), 'InvalidContentError', badName);
    const badToken = { code: 403, status: 403, field: 'token' };
    await assertRefused(tokens.renew(room, `${token.token}x`), 'InvalidTokenError', badToken);
    await assertRefused(history(room), 'InvalidTokenError', badToken);
});

test('only the owner changes an owned room', async () => {
    const { rooms } = globesAt(server);
    const room = await rooms.create({ title: freshTitle(), visibility: 'public', owner: true, name: 'ada' });
    await assertRefused(rooms.update(room, { title: freshTitle() }), 'UnauthorizedError', { code: 104, status: 401 });
    const changed = await rooms.update(room, { description: 'mine' }, { token: room.owner_token });
    assert.equal(changed.description, 'mine');
    await rooms.remove(room, { token: room.owner_token });
});

test('an owner ends all owner tokens and gets a new one', async () => {
    const { rooms, tokens } = globesAt(server);
    const room = await rooms.create({ title: freshTitle(), visibility: 'public', owner: true, name: 'ada' });
    const renewed = await tokens.renew(room, room.owner_token);
    const token = await tokens.endOwnerTokens(room, renewed);
    assert.deepEqual([token.name, token.roomId], ['ada', room.id]);
    const badToken = { code: 403, status: 403, field: 'token' };
    for (const ended of [room.owner_token, renewed])
        await assertRefused(tokens.endOwnerTokens(room, ended), 'InvalidTokenError', badToken);
    assert.equal((await rooms.update(room, { description: 'mine' }, { token })).description, 'mine');
    await assertRefused(tokens.endOwnerTokens(1, token), 'UnauthorizedError', { code: 104, status: 401 });
});

test('every refusal has its class, code and field', async () => {
    const { rooms } = globesAt(server);
    const { title } = await rooms.create({ title: freshTitle(), visibility: 'public' });
    const create = (room) => rooms.create({ visibility: 'public', ...room });
    await assertRefused(create({ title }), 'DuplicateError', { code: 102, status: 400, field: 'title' });
    await assertRefused(create({ title: 'x' }), 'InvalidContentError', { code: 105, status: 400, field: 'title' });
    await assertRefused(create({ title: 5 }), 'InvalidContentError', { code: 103, status: 400 });
    await assertRefused(rooms.list({ limit: 0 }), 'InvalidContentError', { code: 105, field: 'limit' });
    const tooLarge = { title: freshTitle(), description: 'x'.repeat(70_000) };
    await assertRefused(create(tooLarge), 'GlobesError', { code: 504, status: 413 });
});

test('after too many wrong passwords the error contains the wait', async () => {
    const { rooms, tokens } = globesAt(server);
    const room = await rooms.create({ title: freshTitle(), visibility: 'private', password: PASSWORD });
    const guess = () => tokens.request(room, { name: 'eve', secret: 'wrong' });
    for (let tries = 0; tries < 10; tries += 1) await assert.rejects(guess(), library.UnauthorizedError);
    await assert.rejects(guess(), (error) => {
        assert.ok(error instanceof library.RateLimitedError);
        assert.deepEqual([error.code, error.status], [503, 429]);
        assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 60_000, `${error.retryAfterMs} ms`);
        return true;
    });
});

test('a missing server and something other than a server are different errors', async (t) => {
    await assertRefused(new Globes('http://127.0.0.1:9').rooms.list(), 'ConnectionError', { code: null, status: null });
    const answers = [
        [502, '<h1>Bad gateway</h1>', 'UnavailableError'],
        [200, '<h1>Hello</h1>', 'UnavailableError'],
        [404, '<h1>Not here</h1>', 'UnavailableError'],
    ];
    const other = http.createServer((request, response) => {
        const [status, text] = answers[Number(request.url.split('/').at(-1))];
        response.writeHead(status, { 'Retry-After': '7' }).end(text);
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const { rooms } = new Globes(`http://127.0.0.1:${other.address().port}`);
    for (const [index, [status, , className]] of answers.entries())
        await assertRefused(rooms.get(index), className, { code: null, status, retryAfterMs: 7000 });
});

test('a base URL may have a path, and must be valid', async () => {
    const asked = [];
    const fetch = async (url) => {
        asked.push(url);
        return new Response('[]');
    };
    await new Globes('https://example.org/chat/', { fetch }).rooms.list({ limit: 5 });
    assert.deepEqual(asked, ['https://example.org/chat/chats?limit=5']);
    const none = ['no url', 'localhost:5000', 'ftp://host/', 'ws://host/', 'http://host/#x', 'http://host/#', 'http://host?x'];
    for (const bad of [...none, 'http://me:secret@host/', '', null, undefined])
        assert.throws(
            () => new Globes(bad),
            (error) => error instanceof library.InvalidContentError && error.field === 'baseUrl',
            `${bad}; outside a page there is no default`,
        );
    assert.equal(new Globes(new URL('HTTPS://Example.org:443//')).baseUrl, 'https://example.org');
});

test('a room is public by default', async () => {
    const { rooms } = globesAt(server);
    assert.equal((await rooms.create({ title: freshTitle() })).visibility, 'public');
    assert.equal((await rooms.create({ title: freshTitle(), visibility: undefined })).visibility, 'public');
    const locked = rooms.create({ title: freshTitle(), password: PASSWORD });
    await assertRefused(locked, 'InvalidContentError', { code: 105, field: 'visibility' });
});

test('an invalid room is refused without a request', async () => {
    const { rooms, tokens, history } = globesAt(server);
    for (const none of [null, undefined, {}, true, [1]])
        for (const ask of [
            () => rooms.get(none),
            () => rooms.update(none, {}),
            () => rooms.remove(none),
            () => tokens.request(none, { name: 'ada', secret: '' }),
            () => tokens.renew(none, 'a token'),
            () => tokens.endOwnerTokens(none, 'a token'),
            () => history(none),
        ])
            await assertRefused(ask(), 'InvalidContentError', { code: null, status: null, field: 'room' });
});
