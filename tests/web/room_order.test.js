// The order and the groups in which a room is shown, in whatever order events come.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Rows } from '../../web/room/rows.js';
import { Timeline } from '../../web/room/timeline.js';
import { Unread } from '../../web/room/unread.js';

const START = Date.UTC(2025, 5, 10, 12);
const at = (minutes) => new Date(START + minutes * 60_000).toISOString();

function said(seq, { name = 'ada', minute = 0, ...more } = {}) {
    return { event_type: 'send', name, msg: `text ${seq}`, time: at(minute), seq, ...more };
}

const came = (name, minute = 0) => ({ event_type: 'join', name, msg: '', time: at(minute) });
const went = (name, minute = 0) => ({ event_type: 'leave', name, msg: '', time: at(minute) });
const itemsOf = (timeline) => [...timeline.confirmed, ...timeline.unconfirmed];
const order = (timeline) => itemsOf(timeline).map((item) => (item.kind === 'message' ? item.seq : item.kind));

/** All rows of a timeline, made at once. */
function rowsOf(timeline, state) {
    const rows = new Rows();
    rows.update(timeline.confirmed, 0, timeline.unconfirmed, state);
    return rows.all;
}

function shown(events, state) {
    const timeline = new Timeline();
    for (const event of events) timeline.add(event, event.name === 'me');
    return rowsOf(timeline, state);
}

const kinds = (rows) => rows.map(({ kind, first, last }) => kind + (first ? ' first' : '') + (last ? ' last' : ''));

test('messages are in order of seq, each once, in whatever order they come', () => {
    const timeline = new Timeline();
    for (const seq of [5, 6, 2, 3, 5, 1, 4, 6, 3]) timeline.add(said(seq), false);
    assert.deepEqual(order(timeline), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual([timeline.oldestSeq, timeline.newestSeq], [1, 6]);
});

test('joins and leaves keep their place when older messages are added', () => {
    const timeline = new Timeline();
    timeline.add(said(5), false);
    timeline.add(came('ben'), false);
    timeline.add(went('ben'), false);
    timeline.add(said(6), false);
    for (const seq of [3, 4]) timeline.add(said(seq), false);
    assert.deepEqual(order(timeline), [3, 4, 5, 'join', 'leave', 6]);
});

test('a message keeps its key from sending to its event, and is shown once', () => {
    const timeline = new Timeline();
    timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'text 2' });
    timeline.add(said(1), false);
    assert.deepEqual(order(timeline), [1, Infinity]);
    const { key } = itemsOf(timeline)[1];
    assert.equal(timeline.add(said(2, { name: 'me', id: 'x' }), true), null, 'it is no news');
    timeline.confirm('x', 2);
    assert.deepEqual(order(timeline), [1, 2]);
    assert.deepEqual([timeline.confirmed[1].key, timeline.confirmed[1].state], [key, 'sent']);
});

test('an ack before the event, or instead of it, confirms too', () => {
    const timeline = new Timeline();
    timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'text 2', date: new Date(START + 9e6) });
    timeline.confirm('x', 2);
    timeline.add(said(1), false);
    assert.deepEqual(order(timeline), [1, 2]);
    timeline.add(said(2, { name: 'me', id: 'x', minute: 1 }), true);
    assert.deepEqual(order(timeline), [1, 2]);
    assert.equal(timeline.confirmed[1].date.toISOString(), at(1), 'the time is the one that everybody sees');
});

test('failed messages stay at the end until they are sent again or discarded', () => {
    const timeline = new Timeline();
    timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'lost' });
    timeline.mark('x', 'failed', new Error('no'));
    timeline.add(said(1), false);
    assert.deepEqual([order(timeline), timeline.unconfirmed[0].state], [[1, Infinity], 'failed']);
    assert.equal(timeline.discard('x').text, 'lost');
    timeline.mark('x', 'sending');
    timeline.confirm('x', 2);
    assert.deepEqual(order(timeline), [1]);
});

test('forgotten messages can be added again', () => {
    const timeline = new Timeline();
    for (const seq of [1, 2, 3, 4]) timeline.add(said(seq), false);
    timeline.forgetBefore(3);
    assert.deepEqual(order(timeline), [3, 4]);
    timeline.add(said(2), false);
    assert.deepEqual(order(timeline), [2, 3, 4]);
});

test('the oldest items are forgotten by number, joins and leaves included', () => {
    const timeline = new Timeline();
    for (const seq of [1, 2]) timeline.add(said(seq), false);
    for (let count = 0; count < 6; count += 1) timeline.add(came(`guest ${count}`), false);
    assert.equal(timeline.forgetAllBut(7), true, 'a message was among them');
    assert.deepEqual(order(timeline), [2, ...Array(6).fill('join')]);
    assert.equal(timeline.forgetAllBut(7), false);
    assert.equal(timeline.forgetAllBut(6), true);
    assert.equal(timeline.forgetAllBut(2), false, 'nothing that history would bring back');
    assert.deepEqual([order(timeline), timeline.hasMessages], [['join', 'join'], false]);
});

test('messages of one user within minutes are grouped under one name', () => {
    const rows = shown([said(1), said(2, { minute: 4 }), said(3, { minute: 10 }), said(4, { name: 'ben', minute: 10 }), said(5, { name: 'me', minute: 10 })]);
    assert.deepEqual(kinds(rows), [
        'beginning', 'day', 'message first', 'message last', 'message first last', 'message first last', 'message first last',
    ]);
});

test('a new day, a join and the marker each start a new group', () => {
    const nextDay = 24 * 60;
    const rows = shown([said(1), came('ben'), said(2), said(3), said(4, { minute: nextDay })], { newFrom: 3, older: 'more' });
    assert.deepEqual(kinds(rows), [
        'older', 'day', 'message first last', 'presence', 'message first last', 'marker', 'message first last', 'day', 'message first last',
    ]);
    assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length, 'each row has a key of its own');
});

test('the marker is above the first message of another user', () => {
    const rows = shown([said(1), said(2, { name: 'me' }), said(3)], { newFrom: 2 });
    assert.deepEqual(rows.map(({ kind }) => kind), ['beginning', 'day', 'message', 'message', 'marker', 'message']);
});

test('many joins and leaves in a row become one line', () => {
    const rows = shown([said(1), came('ben'), came('cleo'), went('ben'), went('cleo'), said(2), came('dora')]);
    assert.deepEqual(rows.map(({ kind, items }) => items?.length ?? kind), ['beginning', 'day', 'message', 4, 'message', 1]);
});

test('missing messages have a row in their place', () => {
    const gap = { from: 3, failed: false };
    assert.deepEqual(shown([said(1), said(2), said(9)], { gap }).map(({ kind }) => kind), ['beginning', 'day', 'message', 'message', 'gap', 'message']);
    assert.deepEqual(shown([said(1)], { gap: { from: 2, failed: true } }).map(({ kind }) => kind), ['beginning', 'day', 'message', 'gapFailed']);
});

test('unseen messages are counted, and marked until they were seen and more come', () => {
    let looks = true;
    const counts = [];
    const unread = new Unread({ isVisible: () => looks, onCount: (count) => counts.push(count) });
    unread.add(4);
    assert.deepEqual([unread.newFrom, counts], [null, []]);
    looks = false;
    unread.add(5);
    unread.add(6);
    unread.update();
    assert.deepEqual([unread.newFrom, counts], [5, [1, 2]]);
    looks = true;
    unread.update();
    unread.update();
    assert.deepEqual([unread.newFrom, counts], [5, [1, 2, 0]], 'the marker stays while it is being read');
    looks = false;
    unread.add(9);
    assert.deepEqual([unread.newFrom, counts], [9, [1, 2, 0, 1]]);
    unread.clearMarker();
    assert.equal(unread.newFrom, null);
});

/** The same sequence of numbers between 0 and 1 in every run. */
function dice(seed) {
    let state = seed;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
    };
}

const look = ({ key, kind, first, last, items, names, date, isLoose }) => [
    key, kind, first, last, items?.map((item) => item.key), names && [...names.join, '|', ...names.leave], date?.getTime(), isLoose,
];

test('rows that are kept through all kinds of changes equal rows that are made at once', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
        const roll = dice(seed);
        const pick = (most) => Math.floor(roll() * most);
        const timeline = new Timeline();
        const rows = new Rows();
        let list = [];
        let newest = 400;
        let oldest = 401;
        let minute = 0;
        let written = 0;
        const state = { older: 'more', newFrom: null, gap: null, isEmpty: false };
        const name = () => ['ada', 'ben', 'me'][pick(3)];
        const steps = [
            () => timeline.add(said((newest += 1), { name: name(), minute }), false),
            () => timeline.add(came(`guest ${pick(4)}`, minute), false),
            () => timeline.add(went(`guest ${pick(4)}`, minute), false),
            () => (minute += [1, 1, 6, 24 * 60][pick(4)]),
            () => timeline.addUnconfirmed({ id: `x${(written += 1)}`, name: 'me', text: '', date: new Date(START + minute * 60_000) }),
            () => timeline.confirm(timeline.unconfirmed[0]?.id, (newest += 1)),
            () => timeline.mark(timeline.unconfirmed[0]?.id, 'failed'),
            () => timeline.discard(timeline.unconfirmed[0]?.id),
            () => timeline.add(said(Math.max(oldest, newest - pick(5)), { minute }), false),
            () => timeline.add(said((oldest -= 1), { name: name(), minute: -oldest }), false),
            () => roll() < 0.2 && timeline.forgetAllBut(10 + pick(30)),
            () => (state.newFrom = roll() < 0.4 ? null : newest - pick(8)),
            () => (state.gap = roll() < 0.5 ? null : { from: newest - pick(6), failed: roll() < 0.5 }),
            () => (state.older = ['more', 'loading', 'failed', 'none'][pick(4)]),
        ];
        for (let step = 0; step < 200; step += 1) {
            for (let count = pick(4); count >= 0; count -= 1) steps[Math.min(pick(steps.length), pick(steps.length))]();
            state.isEmpty = state.older === 'none' && !timeline.hasMessages;
            const kept = rows.update(timeline.confirmed, timeline.takeChange(), timeline.unconfirmed, { ...state });
            list = [...list.slice(0, kept), ...rows.all.slice(kept)];
            assert.deepEqual(list.map(look), rowsOf(timeline, state).map(look), `seed ${seed}, step ${step}`);
        }
    }
});

test('an item at the end costs the same with 10,000 items kept as with 100', () => {
    const looks = (kept) => {
        const timeline = new Timeline();
        const rows = new Rows();
        let count = 0;
        const counting = new Proxy(timeline.confirmed, {
            get: (items, key) => {
                count += 1;
                return items[key];
            },
        });
        const show = () => rows.update(counting, timeline.takeChange(), timeline.unconfirmed, { older: 'more', newFrom: 7 });
        const comes = (from, to) => {
            for (let seq = from; seq <= to; seq += 1) {
                timeline.add(said(seq, { minute: seq / 10 }), false);
                timeline.add(came(`guest ${seq}`, seq / 10), false);
                show();
            }
        };
        for (let seq = 1; seq <= kept; seq += 1) timeline.add(said(seq, { minute: seq / 10 }), false);
        timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'on its way', date: new Date(START + kept * 6000) });
        show();
        count = 0;
        comes(kept + 1, kept + 100);
        return count;
    };
    assert.equal(looks(10_000), looks(100));
});

test('one more join does not read the joins before it', () => {
    const timeline = new Timeline();
    const rows = new Rows();
    for (let count = 0; count < 1000; count += 1) timeline.add(came(`guest ${count}`), false);
    rows.update(timeline.confirmed, timeline.takeChange(), []);
    const line = rows.all.at(-1);
    timeline.add(came('ben'), false);
    const kept = rows.update(timeline.confirmed, timeline.takeChange(), []);
    assert.deepEqual([kept, rows.all.length], [3, 3], 'no row is another one');
    assert.ok(rows.all[2] === line && line.items.length === 1001 && line.names.join.has('ben'));
});
