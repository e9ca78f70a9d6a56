// An error of an event goes only to its sender (docs/protocol.md#errors-in-chat).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from './harness/api.js';
import { ChatClient, roomWith } from './harness/chat_client.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

/** Sends it and expects the error, and that the connection works on while others receive nothing. */
async function assertRefused(cases) {
    const [room, ada, witness] = await roomWith(server, 'ada', 'witness');
    for (const [event, code, field, id] of cases) {
        ada.send(event);
        await ada.expectError(room, code, field, id).catch((error) => {
            error.message = `${JSON.stringify(event).slice(0, 200)}: ${error.message}`;
            throw error;
        });
    }
    await witness.expectSilence('witness');
    await ada.next();
    await ada.expectSilence('ada');
    await ada.leave();
    await witness.leave();
}

const good = { event_type: 'send', name: 'ada', color: 'red', msg: 'hi' };
const wrong = (change, field) => [{ ...good, ...change }, 303, field];

test('broken JSON has no field', () =>
    assertRefused(
        [
            '',
            '{',
            'nonsense',
            'null',
            '[]',
            '"text"',
            '42',
            '{"event_type":"send","name":"ada","msg":"hi"',
            '{"event_type":"send","name":"ada","msg":"hi"}}',
            "{'event_type':'send'}",
            '{"event_type":"send","name":"ada","msg":"a\nb"}',
            '{"event_type":"send","name":"ada","msg":"lone \\ud800 surrogate"}',
            '{"event_type":"send","name":"ada","msg":"\\udc00"}',
            '{"event_type":"send","name":"\\ud800","msg":"x"}',
            `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
            `${'{"x":'.repeat(5_000)}`,
        ].map((text) => [text, 303]),
    ));

test('event_type must be known', () =>
    assertRefused([
        wrong({ event_type: undefined }, 'event_type'),
        wrong({ event_type: null }, 'event_type'),
        wrong({ event_type: '' }, 'event_type'),
        wrong({ event_type: 'shout' }, 'event_type'),
        wrong({ event_type: 5 }, 'event_type'),
        wrong({ event_type: ['send'] }, 'event_type'),
        wrong({ event_type: 'error' }, 'event_type'),
        wrong({ event_type: ' send' }, 'event_type'),
        [{}, 303, 'event_type'],
    ]));

test('name must be text of 1 to 32 characters, visible and without control characters', () =>
    assertRefused(
        [
            undefined,
            null,
            '',
            42,
            {},
            'x'.repeat(33),
            '🎈'.repeat(33),
            'a\nb',
            'a\u0000b',
            'a\u007fb',
            'a\u0090b',
            ' ',
            '\u200b\u00ad',
            '\u2800',
            'a\u202eb',
            '\u2066a',
            'a\u200f',
        ].flatMap((name) => [
            wrong({ name }, 'name'),
            wrong({ name, event_type: 'join' }, 'name'),
            wrong({ name, event_type: 'leave' }, 'name'),
        ]),
    ));

test('msg must be text of 1 to 4096 characters', () =>
    assertRefused(
        [undefined, null, '', 42, ['hi'], { text: 'hi' }, 'x'.repeat(4097), '🎈'.repeat(4097)].map((msg) =>
            wrong({ msg }, 'msg'),
        ),
    ));

test('color, if any, must be text', () =>
    assertRefused([42, true, ['red'], {}].map((color) => wrong({ color }, 'color'))));

test('id, if any, must be text of 1 to 64 characters', () =>
    assertRefused([42, ['x'], 'x'.repeat(65), '🎈'.repeat(65)].map((id) => wrong({ id }, 'id'))));

test('an empty text in an optional field of an event is left out', async () => {
    const [, ada, witness] = await roomWith(server, 'ada', 'witness');
    ada.say('ada', 'hello', { color: '', id: '' });
    const said = await witness.next();
    assert.deepEqual(Object.keys(said), ['event_type', 'name', 'room_id', 'msg', 'time', 'seq']);
    ada.send({ event_type: 'leave', name: 'ada', color: '', msg: '', id: '' });
    const left = await witness.next();
    assert.deepEqual([left.event_type, left.msg, left.id], ['leave', 'ada has left the room.', undefined]);
    await Promise.all([ada.leave(), witness.leave()]);
});

test('the error carries the id of its event if the id is valid', () =>
    assertRefused([
        [{ ...good, id: 'c1', msg: '' }, 303, 'msg', 'c1'],
        [{ ...good, id: '🎈'.repeat(64), name: 5 }, 303, 'name', '🎈'.repeat(64)],
        [{ event_type: 'what', id: 'x' }, 303, 'event_type', 'x'],
        [{ ...good, id: 'mine', name: 'witness' }, 204, 'name', 'mine'],
    ]));

test('the limits themselves are allowed', async () => {
    const room = await createRoom(server);
    for (const name of ['a', 'x'.repeat(32), '🎈'.repeat(32)]) {
        const client = await ChatClient.join(server, room, name);
        client.say(name, '世'.repeat(4096), { id: '界'.repeat(64) });
        const event = await client.next();
        assert.deepEqual([event.name, event.id], [name, '界'.repeat(64)]);
        await client.leave();
    }
});
