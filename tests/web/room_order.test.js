// In which order, and in which groups, a room is shown, whatever order things come in.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rowsOf } from '../../web/room/rows.js';
import { Timeline } from '../../web/room/timeline.js';
import { Unread } from '../../web/room/unread.js';

const START = Date.UTC(2025, 5, 10, 12);
const at = (minutes) => new Date(START + minutes * 60_000).toISOString();

function said(seq, { name = 'ada', minute = 0, ...more } = {}) {
    return { event_type: 'send', name, msg: `text ${seq}`, time: at(minute), seq, ...more };
}

const came = (name, minute = 0) => ({ event_type: 'join', name, msg: '', time: at(minute) });
const went = (name, minute = 0) => ({ event_type: 'leave', name, msg: '', time: at(minute) });
const order = (timeline) => timeline.items.map((item) => (item.kind === 'message' ? item.seq : item.kind));

function shown(events, options) {
    const timeline = new Timeline();
    for (const event of events) timeline.add(event, event.name === 'me');
    return rowsOf(timeline.items, options);
}

const kinds = (rows) => rows.map(({ kind, first, last }) => kind + (first ? ' first' : '') + (last ? ' last' : ''));

test('messages stand in order of seq, each once, however they come', () => {
    const timeline = new Timeline();
    for (const seq of [5, 6, 2, 3, 5, 1, 4, 6, 3]) timeline.add(said(seq), false);
    assert.deepEqual(order(timeline), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual([timeline.oldestSeq, timeline.newestSeq], [1, 6]);
});

test('comings and goings stay where they happened when older messages come', () => {
    const timeline = new Timeline();
    timeline.add(said(5), false);
    timeline.add(came('ben'), false);
    timeline.add(went('ben'), false);
    timeline.add(said(6), false);
    for (const seq of [3, 4]) timeline.add(said(seq), false);
    assert.deepEqual(order(timeline), [3, 4, 5, 'join', 'leave', 6]);
});

test('a message keeps its key from the first try to its event, and shows once', () => {
    const timeline = new Timeline();
    timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'text 2' });
    timeline.add(said(1), false);
    assert.deepEqual(order(timeline), [1, Infinity]);
    const { key } = timeline.items[1];
    assert.equal(timeline.add(said(2, { name: 'me', id: 'x' }), true), null, 'it is no news');
    timeline.confirm('x', 2);
    assert.deepEqual(order(timeline), [1, 2]);
    assert.deepEqual([timeline.items[1].key, timeline.items[1].state], [key, 'sent']);
});

test('an ack before the event, or in its place, confirms as well', () => {
    const timeline = new Timeline();
    timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'text 2', date: new Date(START + 9e6) });
    timeline.confirm('x', 2);
    timeline.add(said(1), false);
    assert.deepEqual(order(timeline), [1, 2]);
    timeline.add(said(2, { name: 'me', id: 'x', minute: 1 }), true);
    assert.deepEqual(order(timeline), [1, 2]);
    assert.equal(timeline.items[1].date.toISOString(), at(1), 'the time is the one that everybody sees');
});

test('what failed stays at the end until it is tried again or taken back', () => {
    const timeline = new Timeline();
    timeline.addUnconfirmed({ id: 'x', name: 'me', text: 'lost' });
    timeline.mark('x', 'failed', new Error('no'));
    timeline.add(said(1), false);
    assert.deepEqual([order(timeline), timeline.items[1].state], [[1, Infinity], 'failed']);
    assert.equal(timeline.discard('x').text, 'lost');
    timeline.mark('x', 'sending');
    timeline.confirm('x', 2);
    assert.deepEqual(order(timeline), [1]);
});

test('what was forgotten can come back', () => {
    const timeline = new Timeline();
    for (const seq of [1, 2, 3, 4]) timeline.add(said(seq), false);
    timeline.forgetBefore(3);
    assert.deepEqual(order(timeline), [3, 4]);
    timeline.add(said(2), false);
    assert.deepEqual(order(timeline), [2, 3, 4]);
});

test('messages of one person within minutes stand under one name', () => {
    const rows = shown([said(1), said(2, { minute: 4 }), said(3, { minute: 10 }), said(4, { name: 'ben', minute: 10 }), said(5, { name: 'me', minute: 10 })]);
    assert.deepEqual(kinds(rows), [
        'beginning', 'day', 'message first', 'message last', 'message first last', 'message first last', 'message first last',
    ]);
});

test('a new day, somebody coming, and the marker each begin a new group', () => {
    const nextDay = 24 * 60;
    const rows = shown([said(1), came('ben'), said(2), said(3), said(4, { minute: nextDay })], { newFrom: 3, older: 'more' });
    assert.deepEqual(kinds(rows), [
        'older', 'day', 'message first last', 'quiet', 'message first last', 'marker', 'message first last', 'day', 'message first last',
    ]);
    assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length, 'each row has a key of its own');
});

test('the marker stands before the first message of somebody else', () => {
    const rows = shown([said(1), said(2, { name: 'me' }), said(3)], { newFrom: 2 });
    assert.deepEqual(rows.map(({ kind }) => kind), ['beginning', 'day', 'message', 'message', 'marker', 'message']);
});

test('many comings and goings in a row are one line', () => {
    const rows = shown([said(1), came('ben'), came('cleo'), went('ben'), went('cleo'), said(2), came('dora')]);
    assert.deepEqual(rows.map(({ kind, items }) => items?.length ?? kind), ['beginning', 'day', 'message', 4, 'message', 1]);
});

test('what is missing has a row in its place', () => {
    const gap = { from: 3, failed: false };
    assert.deepEqual(shown([said(1), said(2), said(9)], { gap }).map(({ kind }) => kind), ['beginning', 'day', 'message', 'message', 'gap', 'message']);
    assert.deepEqual(shown([said(1)], { gap: { from: 2, failed: true } }).map(({ kind }) => kind), ['beginning', 'day', 'message', 'gapFailed']);
});

test('what came while nobody looked is counted, and marked until it was seen and more came', () => {
    let looks = true;
    const counts = [];
    const unread = new Unread({ looking: () => looks, onCount: (count) => counts.push(count) });
    unread.came(4);
    assert.deepEqual([unread.newFrom, counts], [null, []]);
    looks = false;
    unread.came(5);
    unread.came(6);
    unread.look();
    assert.deepEqual([unread.newFrom, counts], [5, [1, 2]]);
    looks = true;
    unread.look();
    unread.look();
    assert.deepEqual([unread.newFrom, counts], [5, [1, 2, 0]], 'the marker stays while it is being read');
    looks = false;
    unread.came(9);
    assert.deepEqual([unread.newFrom, counts], [9, [1, 2, 0, 1]]);
    unread.answered();
    assert.equal(unread.newFrom, null);
});
