// Compares what users were shown, what acks have promised, and what is stored.
import assert from 'node:assert/strict';

import { assertContiguous } from '../../api/harness/store.js';

/**
 * Checks one room after all activity has ended.
 * @param {import('./people.js').Person[]} people everybody in it, from its first message on
 * @param {{ seq: number, name: string, text: string }[]} rows what the store holds
 * @param {Map<string, { name: string, seq: number }>} promised by text: who said it, and the seq that the ack gave
 */
export function assertRoom(people, rows, promised) {
    assertContiguous(rows);
    const stored = rows.map(({ seq, name, text }) => `${seq} ${name}: ${text}`);
    for (const person of people) {
        const { name } = person.connection;
        const shown = person.messages.map(({ seq, name: by, msg }) => `${seq} ${by}: ${msg}`);
        const at = shown.findIndex((line, index) => line !== stored[index]);
        assert.equal(at, -1, `${name} was shown "${shown[at]}" where "${stored[at]}" stands`);
        assert.equal(shown.length, stored.length, `${name} was shown ${shown.length} of ${stored.length}`);
        for (const type of ['problem', 'gap', 'closed']) assert.deepEqual(person.all(type), [], `${name}: ${type}`);
        const own = person.messages.filter(({ isOwn }) => isOwn);
        assert.ok(
            own.every(({ name: by }) => by === name),
            `${name} is shown the messages of others as own`,
        );
        const numbers = own.map(({ msg }) => Number(msg.split('/').at(-1)));
        assert.deepEqual(
            numbers,
            numbers.map((_, index) => index + 1),
            `${name}'s messages stand in the order in which they were said`,
        );
    }
    assert.equal(rows.length, promised.size, 'as many are stored as were said');
    for (const { seq, name, text } of rows) assert.deepEqual(promised.get(text), { name, seq }, text);
}
