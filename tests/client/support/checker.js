// Compares what users were shown, what acks have promised, and what is stored.
import assert from 'node:assert/strict';

import { assertContiguous } from '../../api/harness/store.js';

/**
 * Checks one room after all activity has ended.
 * @param {import('./test_client.js').TestClient[]} clients all clients in it, since before its first message
 * @param {{ seq: number, name: string, text: string }[]} rows what the store holds
 * @param {Map<string, { name: string, seq: number }>} promised by text: its sender, and the seq in the ack
 */
export function assertRoom(clients, rows, promised) {
    assertContiguous(rows);
    const stored = rows.map(({ seq, name, text }) => `${seq} ${name}: ${text}`);
    for (const client of clients) {
        const { name } = client.connection;
        const shown = client.messages.map(({ seq, name: by, msg }) => `${seq} ${by}: ${msg}`);
        const at = shown.findIndex((line, index) => line !== stored[index]);
        assert.equal(at, -1, `${name} was shown "${shown[at]}" in place of "${stored[at]}"`);
        assert.equal(shown.length, stored.length, `${name} was shown ${shown.length} of ${stored.length}`);
        for (const type of ['problem', 'gap', 'closed']) assert.deepEqual(client.all(type), [], `${name}: ${type}`);
        const own = client.messages.filter(({ isOwn }) => isOwn);
        assert.ok(
            own.every(({ name: by }) => by === name),
            `${name} is shown the messages of others as own`,
        );
        const numbers = own.map(({ msg }) => Number(msg.split('/').at(-1)));
        assert.deepEqual(
            numbers,
            numbers.map((_, index) => index + 1),
            `${name}'s messages are in the order in which they were sent`,
        );
    }
    assert.equal(rows.length, promised.size, 'as many are stored as were sent');
    for (const { seq, name, text } of rows) assert.deepEqual(promised.get(text), { name, seq }, text);
}
