// Tokens that are renewed ahead of their expiry, and what happens where that is refused or not possible.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, PASSWORD } from '../api/harness/api.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import { forgeToken, freshClaims } from '../api/harness/tokens.js';
import { eventually } from '../api/harness/wait.js';
import { InvalidTokenError } from '../../web/globes.js';
import { globesAt, Person } from './support/people.js';
import { TcpProxy } from './support/tcp_proxy.js';

const server = sharedServer();
const MINUTE_MS = 60_000;
const LONG = process.env.GLOBES_LONG === '1';

/** Timers of minutes end in milliseconds; answers with how long was asked for. */
function lapseTime(t) {
    const real = globalThis.setTimeout;
    const asked = [];
    globalThis.setTimeout = (task, ms, ...more) => {
        if (ms < MINUTE_MS) return real(task, ms, ...more);
        asked.push(ms);
        return real(task, ms / MINUTE_MS, ...more);
    };
    t.after(() => {
        globalThis.setTimeout = real;
    });
    return asked;
}

/** `fetch` with the answers of a failing server in front, one for each renewal that is asked for. */
function failing(...answers) {
    return (url, options) => {
        const answer = url.endsWith('/token/renew') ? answers.shift() : undefined;
        if (answer === 'outage') return Promise.reject(new TypeError('fetch failed'));
        return answer ? Promise.resolve(answer) : fetch(url, options);
    };
}

const tokenRefused = () =>
    Response.json(
        { status: false, error: { code: 403, error: 'Token error: Invalid token', field: 'token' } },
        { status: 403 },
    );

async function privateRoom(globes) {
    const room = await createPrivateRoom(server);
    return [room, await globes.tokens.request(room, { name: 'ada', secret: PASSWORD })];
}

test('a token is renewed at about 80 % of its life, again and again', async (t) => {
    const globes = globesAt(server);
    const [room, token] = await privateRoom(globes);
    const asked = lapseTime(t);
    const ada = await Person.join(t, globes, room, 'ada', { token });
    for (let count = 0; count < 3; count += 1) {
        const renewed = (await ada.find('token')).token;
        assert.deepEqual([renewed.name, renewed.roomId], ['ada', room.id]);
        assert.equal(ada.connection.token, renewed);
    }
    ada.connection.close();
    for (const ms of asked) {
        const share = ms / (60 * MINUTE_MS);
        assert.ok(share > 0.74 && share <= 0.85, `at ${share} of its life`);
    }
    assert.equal(new Set(asked).size, asked.length, 'with jitter');
    assert.equal(ada.all('welcome').length, 1, 'the connection is not touched');
});

test('a renewal that meets an outage is tried again; one that is refused is a problem and ends nothing', async (t) => {
    const asked = lapseTime(t);
    const [room, token] = await privateRoom(globesAt(server));
    const globes = globesAt(server, { fetch: failing('outage', Response.json({}, { status: 503 }), undefined, tokenRefused()) });
    const ada = Person.connect(t, globes, room, { name: 'ada', token });
    await ada.find('token');
    assert.ok(Math.max(...asked.slice(1, 3)) < 4 * MINUTE_MS, 'soon again');
    const { error } = await ada.find('problem');
    assert.deepEqual([error.constructor.name, error.code], ['InvalidTokenError', 403]);
    assert.equal((await ada.say('still here')).seq, 1);
});

test('renew: false leaves the token alone', async (t) => {
    const asked = lapseTime(t);
    const globes = globesAt(server);
    const [room, token] = await privateRoom(globes);
    const ada = await Person.join(t, globes, room, 'ada', { token, renew: false });
    await ada.say('hello');
    assert.deepEqual(asked, []);
});

test('a reconnect late in the life of a token renews it first; a refusal then is the end', async (t) => {
    const realNow = Date.now;
    const proxy = await TcpProxy.start(t, server);
    const requests = [];
    const refusals = [];
    const globes = globesAt(proxy, {
        fetch: (url, options) => {
            requests.push(url.split('/').at(-1));
            return refusals.length ? Promise.resolve(refusals.shift()) : fetch(url, options);
        },
    });
    const [room, token] = await privateRoom(globesAt(server));
    Date.now = () => realNow() + 40 * MINUTE_MS;
    t.after(() => {
        Date.now = realNow;
    });
    const old = await Person.join(t, globes, room, 'ada', { token });
    Date.now = realNow;
    assert.deepEqual(requests, []);
    proxy.cut();
    const renewed = (await old.find('token')).token;
    await old.find('welcome', () => old.all('welcome').length === 2);
    assert.deepEqual(requests, ['renew']);
    proxy.cut();
    await old.find('welcome', () => old.all('welcome').length === 3);
    assert.deepEqual([requests, old.connection.token], [['renew'], renewed], 'a young token is not renewed');
    old.connection.close();

    Date.now = () => realNow() + 40 * MINUTE_MS;
    const refused = await Person.join(t, globes, room, 'ada', { token });
    refusals.push(tokenRefused());
    proxy.cut();
    assert.equal((await refused.find('closed')).error.code, 403);
});

test('an upgrade that fails while the server answers is waited for, as long as it asks for', async (t) => {
    const proxy = await TcpProxy.start(t, server);
    const [room, token] = await privateRoom(globesAt(server));
    const busy = Response.json(
        { status: false, error: { code: 505, error: 'Temporarily unavailable' } },
        { status: 503, headers: { 'Retry-After': '3600' } },
    );
    const globes = globesAt(proxy, { fetch: failing(busy) });
    proxy.refuse();
    const ada = Person.connect(t, globes, room, { name: 'ada', token });
    const { error, retryAt } = await ada.state('waiting');
    assert.equal(error.code, 505);
    assert.ok(retryAt - Date.now() > 3_590_000, `${retryAt - Date.now()} ms`);
    await proxy.accept();
    ada.connection.retry();
    assert.equal((await ada.say('at last')).seq, 1);
});

test('a session outlives its first token', { skip: !LONG && 'takes more than a minute' }, async (t) => {
    const own = await startServer(t, { config: { TokenMinutes: 1 } });
    const proxy = await TcpProxy.start(t, own);
    const globes = globesAt(proxy);
    const room = await createPrivateRoom(own);
    const take = (name) => globes.tokens.request(room, { name, secret: PASSWORD });
    const ada = await Person.join(t, globes, room, 'ada', { token: await take('ada') });
    const lazy = await Person.join(t, globes, room, 'lazy', { token: await take('lazy'), renew: false });
    const expired = lazy.connection.token.expiresAt;
    await eventually(() => Date.now() > expired.getTime() + 5000, 'the first tokens have expired', 2 * MINUTE_MS);
    assert.equal(lazy.connection.state, 'online', 'an open connection outlives its token');
    await lazy.say('still talking');
    proxy.cut();
    assert.equal((await lazy.find('closed')).error.code, 403);
    await ada.say('I have another one');
    assert.equal(ada.connection.state, 'online');
});

test('a token is read without asking the server', () => {
    const text = forgeToken({ claims: freshClaims({ id: 7 }, 'Zoë'), key: 'any' });
    const { tokens } = globesAt(server);
    const { name, roomId, token } = tokens.read(text);
    assert.deepEqual([name, roomId, token], ['Zoë', 7, text]);
    assert.deepEqual(tokens.read(tokens.read(text)), tokens.read(text));
    for (const none of ['no token', 'a.b.c', '', null]) assert.throws(() => tokens.read(none), InvalidTokenError);
});
