// The parts of the client library that do no I/O, each by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Backoff } from '../../web/client/backoff.js';
import { ConnectionError, UnavailableError, errorOf } from '../../web/client/errors.js';
import { DEFAULT_LIMITS } from '../../web/client/limits.js';
import { Outbox } from '../../web/client/outbox.js';
import { OwnMessages } from '../../web/client/own_messages.js';
import { Pacer } from '../../web/client/pacer.js';
import { SessionStore } from '../../web/client/session_store.js';
import { memoryStorage } from './support/memory_storage.js';

test('each delay of the back-off is below twice the bound of the one before, up to the maximum', () => {
    const backoff = new Backoff({ ...DEFAULT_LIMITS, backoffBaseMs: 100, backoffMaxMs: 1000, quickReconnectMs: 10 });
    assert.ok(backoff.nextDelayMs(true) <= 10, 'the first one after a restart of the server is short');
    for (const bound of [200, 400, 800, 1000, 1000]) assert.ok(backoff.nextDelayMs(true) <= bound);
    backoff.endedAfter(DEFAULT_LIMITS.stableAfterMs - 1);
    assert.equal(backoff.attempts, 6, 'a short connection does not reset the back-off');
    backoff.endedAfter(DEFAULT_LIMITS.stableAfterMs);
    assert.equal(backoff.attempts, 0);
});

test('the pacer allows a burst, then one frame an interval, and slows down once for each refusal', () => {
    const pacer = new Pacer(10, 3);
    for (let sent = 0; sent < 3; sent += 1) {
        assert.equal(pacer.waitMs(1000), 0);
        pacer.take(1000);
    }
    assert.equal(pacer.waitMs(1000), 100);
    pacer.slowDown(1000, 1000, 500);
    assert.equal(pacer.waitMs(1000), 500);
    pacer.slowDown(1001, 999, 5000);
    assert.equal(pacer.waitMs(1000), 500, 'a frame from before the first refusal proves nothing new');
    pacer.take(1500);
    assert.equal(pacer.waitMs(1500), 500, 'without bursts');
    assert.equal(new Pacer(0, 40).waitMs(0), 0, 'no limit');
});

test('the outbox sends in order and one by one after a refusal, until it is empty', () => {
    const outbox = new Outbox(2);
    const [a, b, c] = ['a', 'b', 'c'].map((id) => outbox.add({ kind: 'send', id, name: null, text: id }));
    for (const entry of [a, b]) {
        assert.equal(outbox.next(0, false), entry);
        outbox.sent(entry, 0);
    }
    assert.equal(outbox.next(0, false), null, 'two are in flight');
    outbox.putBack(a, 0, 100);
    outbox.putBack(b, 0);
    assert.equal(outbox.next(99, false), null);
    assert.equal(outbox.heldMs(99), 1);
    assert.equal(outbox.next(100, false), a);
    outbox.sent(a, 100);
    assert.equal(outbox.next(100, false), null, 'one by one');
    for (const entry of [a, b, c]) outbox.remove(entry);
    const [d, e] = ['d', 'e'].map((id) => outbox.add({ kind: 'send', id, name: null, text: id }));
    outbox.sent(d, 200);
    assert.equal(outbox.next(200, false), e, 'two at a time again');
});

test('a join waits for the answers before it, and only a join is sent without a name', () => {
    const outbox = new Outbox(8);
    const message = outbox.add({ kind: 'send', id: 'm', name: null, text: 'm' });
    const join = outbox.add({ kind: 'join', id: 'j', name: 'ada', color: null, step: null });
    assert.equal(outbox.next(0, true), join);
    outbox.sent(message, 0);
    assert.equal(outbox.next(0, false), null);
    outbox.remove(message);
    assert.equal(outbox.next(0, false), join);
    outbox.sent(join, 0);
    outbox.add({ kind: 'send', id: 'n', name: null, text: 'n' });
    assert.equal(outbox.next(0, false), null, 'messages wait for the new name');
});

test('a session is removed by the connection that stored it, and by no other', () => {
    const storage = memoryStorage();
    const store = new SessionStore(storage, 'http://host', { id: 2 });
    store.writeSession('ada', 's1');
    assert.deepEqual(store.readSession(), { name: 'ada', session: 's1' });
    store.removeSession('s2');
    assert.equal(storage.items.size, 1);
    store.removeSession('s1');
    assert.equal(storage.items.size, 0);
});

test('a storage that fails, or holds something else, counts as empty', () => {
    const fail = () => {
        throw new Error('forbidden');
    };
    const failing = new SessionStore({ getItem: fail, setItem: fail, removeItem: fail }, 'http://host', 2);
    failing.writeSession('ada', 's1');
    assert.deepEqual([failing.readSession(), failing.readOwnIds().size], [{}, 0]);
    for (const text of ['', '{', '5', 'null', '[1]', '{}']) {
        const storage = memoryStorage({ 'globes:http://host:2': text, 'own-globes:http://host:2': text });
        const store = new SessionStore(storage, 'http://host', 2);
        assert.deepEqual([store.readSession().session, store.readOwnIds().size], [undefined, 0], text);
    }
});

test('a message is one’s own by its id and its name together, after a reload too', async () => {
    const storage = memoryStorage();
    const own = new OwnMessages(new SessionStore(storage, 'http://host', 2), 'ada', 10);
    own.add('x', 'ada');
    await null;
    const reloaded = new OwnMessages(new SessionStore(storage, 'http://host', 2), 'ada', 10);
    for (const messages of [own, reloaded]) {
        assert.ok(messages.has({ id: 'x', name: 'ada' }));
        assert.ok(!messages.has({ id: 'x', name: 'ben' }) && !messages.has({ id: 'y', name: 'ada' }));
    }
    assert.ok(!new OwnMessages(new SessionStore(storage, 'http://host', 2), 'ben', 10).has({ id: 'x', name: 'ada' }));
});

test('an error is temporary if another attempt may succeed', () => {
    const temporary = [new UnavailableError('proxy'), errorOf({ code: 503, error: 'flood' }), new ConnectionError('lost')];
    for (const error of temporary) assert.ok(error.isTemporary, error.message);
    const final = [errorOf({ code: 101, error: 'room' }), new ConnectionError('removed', { closeCode: 4503 })];
    for (const error of final) assert.ok(!error.isTemporary, error.message);
});
