// A room's history, read over the API: the same for every store.
import assert from 'node:assert/strict';

import { assertStatus, get } from './api.js';

/** All events of a room, page by page; their seqs must be 1, 2, 3 … without gap. */
export async function history(server, room) {
    const events = [];
    for (;;) {
        const answer = await get(server, `/chats/${room.id}/events?after=${events.length}&limit=1000`);
        assertStatus(answer, 200);
        for (const event of answer.json.events) {
            events.push(event);
            assert.equal(event.seq, events.length, `seq ${event.seq} stands at place ${events.length}`);
        }
        if (answer.json.last_seq === events.length) return events;
        assert.notEqual(answer.json.events.length, 0, `the newest is ${answer.json.last_seq}, not ${events.length}`);
    }
}

/** Everything that these clients received must be in the history unchanged. */
export function assertInHistory(events, clients) {
    for (const client of clients) {
        for (const received of client.received('send')) {
            assert.deepEqual(events[received.seq - 1], received, `seq ${received.seq} was delivered`);
        }
    }
}

/** For rooms in which no text is sent twice. */
export function assertOnce(events) {
    const texts = new Set(events.map(({ msg }) => msg));
    assert.equal(texts.size, events.length, 'something is stored twice');
}
