// A room's whole history through GET /chats/{room}/events, page by page, each event as the very text that was answered.
import assert from 'node:assert/strict';

import { assertStatus, get } from '../api/harness/api.js';

const PAGE = 1000;

/** The texts of the items of the array that begins at `text[start]`. */
function splitArray(text, start) {
    const items = [];
    let depth = 0;
    let isString = false;
    let begin = start + 1;
    for (let at = begin; ; at += 1) {
        const character = text[at];
        if (isString) {
            if (character === '\\') at += 1;
            else if (character === '"') isString = false;
        } else if (character === '"') isString = true;
        else if (character === '{') depth += 1;
        else if (character === '}') depth -= 1;
        else if (depth === 0 && (character === ',' || character === ']')) {
            if (at > begin) items.push(text.slice(begin, at));
            if (character === ']') return items;
            begin = at + 1;
        }
    }
}

/** One page: `{ first_seq, last_seq, events }`, the events as texts. `query` as on the URL. */
export async function readPage(server, room, query, token) {
    const answer = await get(server, `/chats/${room.id}/events?${query}`, { token });
    assertStatus(answer, 200);
    const { room_id, first_seq, last_seq, events } = answer.json;
    assert.equal(room_id, room.id);
    const texts = splitArray(answer.text, answer.text.indexOf('['));
    assert.equal(texts.length, events.length);
    return { first_seq, last_seq, events: texts };
}

export const seqOf = (text) => JSON.parse(text).seq;

/** All stored messages, from the oldest on. */
export async function readForward(server, room, token) {
    const events = [];
    for (let after = 0; ;) {
        const page = await readPage(server, room, `after=${after}&limit=${PAGE}`, token);
        if (page.events.length === 0) return events;
        events.push(...page.events);
        after = seqOf(page.events.at(-1));
    }
}

/**
 * All stored messages, read from the oldest on, and again from the newest back: both must be the same. Nothing may be
 * sent meanwhile.
 */
export async function readHistory(server, room, token) {
    const { first_seq, last_seq } = await readPage(server, room, 'limit=1', token);
    const events = await readForward(server, room, token);
    const pages = [];
    for (let query = `limit=${PAGE}`; ;) {
        const page = await readPage(server, room, query, token);
        if (page.events.length === 0) break;
        pages.push(page.events);
        query = `before=${seqOf(page.events[0])}&limit=${PAGE}`;
    }
    const backwards = pages.reverse().flat();
    assert.equal(backwards.length, events.length, 'history read backwards is as long');
    const other = events.findIndex((text, index) => text !== backwards[index]);
    assert.equal(backwards[other], events[other], 'history read backwards is the same');
    return { first_seq, last_seq, events };
}
