// Tokens that are renewed before they expire, and what happens if that is refused or impossible.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPrivateRoom, PASSWORD, put } from '../api/harness/api.js';
import { sharedServer, startServer } from '../api/harness/server.js';
import { forgeToken, freshClaims } from '../api/harness/tokens.js';
import { eventually } from '../api/harness/wait.js';
import { ConnectionError, InvalidTokenError, UnauthorizedError } from '../../web/globes.js';
import { TokenRenewer } from '../../web/client/token_renewer.js';
import { globesAt, TestClient } from './support/test_client.js';
import { stubBrowser } from './support/stub_browser.js';
import { TcpProxy } from './support/tcp_proxy.js';

const server = sharedServer();
const MINUTE_MS = 60_000;
const LONG = process.env.GLOBES_LONG === '1';

/** Timers of minutes fire after milliseconds, except for those of Node's `fetch`; returns the requested delays. */
function lapseTime(t) {
    const real = globalThis.setTimeout;
    const asked = [];
    globalThis.setTimeout = (task, ms, ...more) => {
        if (ms < MINUTE_MS || new Error().stack.includes('undici')) return real(task, ms, ...more);
        asked.push(ms);
        return real(task, ms / MINUTE_MS, ...more);
    };
    t.after(() => {
        globalThis.setTimeout = real;
    });
    return asked;
}

/** A `fetch` that returns these answers of a failing server first, one for each renewal. */
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

test('a token is renewed at about 80 % of its lifetime, again and again', async (t) => {
    const globes = globesAt(server);
    const [room, token] = await privateRoom(globes);
    const asked = lapseTime(t);
    const ada = await TestClient.join(t, globes, room, 'ada', { token });
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

test('a renewal that fails in an outage is tried again; a refused one is a problem and ends nothing', async (t) => {
    const asked = lapseTime(t);
    const [room, token] = await privateRoom(globesAt(server));
    const globes = globesAt(server, { fetch: failing('outage', Response.json({}, { status: 503 }), undefined, tokenRefused()) });
    const ada = TestClient.connect(t, globes, room, { name: 'ada', token });
    await ada.find('token');
    assert.ok(Math.max(...asked.slice(1, 3)) < 4 * MINUTE_MS, 'soon again');
    const { error } = await ada.find('problem');
    assert.deepEqual([error.constructor.name, error.code], ['InvalidTokenError', 403]);
    assert.equal((await ada.say('still here')).seq, 1);
});

/** As if the device had slept: only the wall clock has advanced. */
function sleep(t, ms) {
    const real = Date.now;
    Date.now = () => real() + ms;
    t.after(() => {
        Date.now = real;
    });
}

for (const [how, wake, limits] of [
    ['its page becomes visible', ({ page }) => page.dispatchEvent(new Event('visibilitychange')), {}],
    ['the browser goes online', ({ browser }) => browser.dispatchEvent(new Event('online')), {}],
    ['nothing tells of it', () => {}, { probeTimeoutMs: 400 }],
])
    test(`a token that became due while the device slept is renewed on waking, if ${how}`, async (t) => {
        const stubs = stubBrowser(t);
        // No other event can cause the renewal: the next timer would fire in an hour.
        const patient = { ackTimeoutMs: 3_600_000, probeAfterMs: 3_600_000, probeTimeoutMs: 3_600_000 };
        const interval = globalThis.setInterval;
        if (!limits.probeTimeoutMs) globalThis.setInterval = (task) => interval(task, 3_600_000);
        t.after(() => {
            globalThis.setInterval = interval;
        });
        const globes = globesAt(server);
        const [room, token] = await privateRoom(globes);
        const ada = await TestClient.join(t, globes, room, 'ada', { token, limits: { ...patient, ...limits } });
        sleep(t, 52 * MINUTE_MS);
        wake(stubs);
        assert.notEqual((await ada.find('token')).token.token, token.token);
        await ada.say('awake');
        assert.deepEqual([ada.all('token').length, ada.all('welcome').length], [1, 1]);
    });

/** Ada in a private room whose password changes while she is offline, so that her token cannot be renewed. */
async function lockedOut(t, newToken) {
    const proxy = await TcpProxy.start(t, server);
    const globes = globesAt(proxy);
    const [room, token] = await privateRoom(globesAt(server));
    const ada = await TestClient.join(t, globes, room, 'ada', { token, newToken });
    await ada.say('before');
    proxy.refuse();
    await ada.state('waiting');
    await put(server, `/chats/${room.id}`, { password: 'another secret' }, { token: token.token });
    const fresh = () => globesAt(server).tokens.request(room, { name: 'ada', secret: 'another secret' });
    return { ada, proxy, fresh, token };
}

test('if a token cannot be renewed, another one is requested, and waiting messages are sent with it', async (t) => {
    const asked = [];
    let answer;
    const newToken = (error) => {
        asked.push(error);
        return new Promise((resolve) => {
            answer = resolve;
        });
    };
    const { ada, proxy, fresh, token } = await lockedOut(t, newToken);
    const acked = ada.say('written while locked out');
    await proxy.accept();
    const { error, retryAt } = await ada.state('locked');
    assert.deepEqual([error.code, retryAt, ada.connection.queued], [403, null, 1]);
    assert.deepEqual(asked, [error]);
    ada.connection.retry();
    assert.equal(ada.connection.state, 'locked', 'another try makes no sense');
    answer(await fresh());
    assert.equal((await acked).seq, 2);
    await ada.message('written while locked out');
    assert.notEqual(ada.connection.token.token, token.token);
    assert.equal(ada.all('token').at(-1).token, ada.connection.token);
    assert.deepEqual([asked.length, ada.all('closed'), ada.all('gap')], [1, [], []]);
    ada.assertShown(1, 2);
});

test('during an outage another token is requested again, and after a useless one the client waits', async (t) => {
    const answers = [];
    const { ada, proxy, fresh, token } = await lockedOut(t, async () => answers.shift()());
    answers.push(
        async () => {
            throw new ConnectionError('The server cannot be reached');
        },
        async () => token,
        async () => token,
        fresh,
    );
    await proxy.accept();
    const states = [];
    while (states.at(-1) !== 'online') states.push((await ada.find('state')).state);
    assert.deepEqual(answers, []);
    const locked = states.filter((state) => state === 'locked').length;
    const pauses = states.slice(states.indexOf('locked')).filter((state) => state === 'waiting').length;
    assert.deepEqual([locked, pauses], [4, 3], String(states));
    assert.equal((await ada.say('after')).seq, 2);
});

test('if newToken rejects, the connection closes with its error', async (t) => {
    const gaveUp = new UnauthorizedError('No password');
    for (const [newToken, reason] of [
        [async () => Promise.reject(gaveUp), (error) => error === gaveUp],
        [async () => Promise.reject(new Error('dialog closed')), (error) => error.code === 403],
        [async () => 'no token', (error) => error instanceof InvalidTokenError],
        [() => JSON.parse('{'), (error) => error.code === 403],
    ]) {
        const { ada, proxy } = await lockedOut(t, newToken);
        await proxy.accept();
        const { error } = await ada.find('closed');
        assert.ok(reason(error), String(error));
    }
});

test('a token without an expiry is invalid, and one without an issue time counts as new', () => {
    const { tokens } = globesAt(server);
    const at = Math.floor(Date.now() / 1000);
    for (const claims of [{ username: 'ada' }, { username: 'ada', exp: 'soon' }, { username: 'ada', exp: at, iat: 'x' }])
        assert.throws(() => tokens.read(forgeToken({ claims, key: 'any' })), InvalidTokenError);
    const token = forgeToken({ claims: { username: 'ada', exp: at + 60 }, key: 'any' });
    assert.equal(tokens.read(token).expiresAt.getTime(), (at + 60) * 1000);
});

test('a token without a lifetime is renewed once, and then after a pause', async (t) => {
    for (const life of [0, -10, 1e-3]) {
        let renewals = 0;
        const at = Date.now() / 1000;
        const token = forgeToken({ claims: { username: 'ada', room_id: 7, iat: at, exp: at + life }, key: 'any' });
        const renewer = new TokenRenewer(token, {
            isAutomatic: true,
            request: async () => {
                if ((renewals += 1) > 20) throw new InvalidTokenError('a loop');
                return { token };
            },
            renewed: () => {},
            refused: () => {},
        });
        await new Promise((resolve) => setTimeout(resolve, 100));
        renewer.check();
        await null;
        renewer.end();
        assert.equal(renewals, 1, `a lifetime of ${life} s`);
    }
});

test('with renew: false the token is not renewed', async (t) => {
    const asked = lapseTime(t);
    const globes = globesAt(server);
    const [room, token] = await privateRoom(globes);
    const ada = await TestClient.join(t, globes, room, 'ada', { token, renew: false });
    await ada.say('hello');
    assert.deepEqual(asked, []);
});

test('a reconnect late in a token’s lifetime renews it first, and a refusal is final', async (t) => {
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
    const old = await TestClient.join(t, globes, room, 'ada', { token });
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
    const refused = await TestClient.join(t, globes, room, 'ada', { token });
    refusals.push(tokenRefused());
    proxy.cut();
    assert.equal((await refused.find('closed')).error.code, 403);
});

test('if an upgrade fails while the server answers, the client waits as long as it asks for', async (t) => {
    const proxy = await TcpProxy.start(t, server);
    const [room, token] = await privateRoom(globesAt(server));
    const busy = Response.json(
        { status: false, error: { code: 505, error: 'Temporarily unavailable' } },
        { status: 503, headers: { 'Retry-After': '3600' } },
    );
    const globes = globesAt(proxy, { fetch: failing(busy) });
    proxy.refuse();
    const ada = TestClient.connect(t, globes, room, { name: 'ada', token });
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
    const ada = await TestClient.join(t, globes, room, 'ada', { token: await take('ada') });
    const lazy = await TestClient.join(t, globes, room, 'lazy', { token: await take('lazy'), renew: false });
    const expired = lazy.connection.token.expiresAt;
    await eventually(() => Date.now() > expired.getTime() + 5000, 'the first tokens have expired', 2 * MINUTE_MS);
    assert.equal(lazy.connection.state, 'online', 'an open connection outlives its token');
    await lazy.say('still talking');
    proxy.cut();
    assert.equal((await lazy.find('closed')).error.code, 403);
    await ada.say('I have another one');
    assert.equal(ada.connection.state, 'online');
});

test('a token is read without a request', () => {
    const text = forgeToken({ claims: freshClaims({ id: 7 }, 'Zoë'), key: 'any' });
    const { tokens } = globesAt(server);
    const { name, roomId, token } = tokens.read(text);
    assert.deepEqual([name, roomId, token], ['Zoë', 7, text]);
    assert.deepEqual(tokens.read(tokens.read(text)), tokens.read(text));
    for (const none of ['no token', 'a.b.c', '', null]) assert.throws(() => tokens.read(none), InvalidTokenError);
});
