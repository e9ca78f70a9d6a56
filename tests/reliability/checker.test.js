// The checker itself: it is content with what is right, and finds each fault that is planted.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { findFaults } from './checker.js';
import { Record } from './record.js';

function eventText(name, number, seq) {
    const msg = `${name} says ${number}`;
    return JSON.stringify({ event_type: 'send', name, room_id: 2, color: 'red', msg, seq, id: `${number}` });
}

/**
 * Two senders with six messages each, two receivers of all and one that came late. The last message of each went out
 * twice, because its first ack was lost.
 */
function soundRecord() {
    const record = new Record();
    record.receives('early');
    record.receives('also early');
    record.receives('late', 7);
    const events = [];
    for (let number = 1; number <= 6; number += 1) {
        for (const name of ['ada', 'bob']) {
            const seq = events.length + 1;
            const text = eventText(name, number, seq);
            record.tried(name, `${number}`, `${name} says ${number}`);
            if (number === 6) record.tried(name, `${number}`, `${name} says ${number}`);
            record.acked(name, { id: `${number}`, seq, duplicate: number === 6 });
            events.push(text);
            for (const [receiver, { after }] of record.receivers) if (seq > after) record.saw(receiver, text, seq);
        }
    }
    record.history = { first_seq: 1, last_seq: events.length, events };
    return record;
}

/** The event at this place with other fields. */
function change(texts, index, fields) {
    texts[index] = JSON.stringify({ ...JSON.parse(texts[index]), ...fields });
}

/** Two events change places and seqs, as a server would number them that swapped them. */
function swap(texts, first, second) {
    [texts[first], texts[second]] = [texts[second], texts[first]];
    change(texts, first, { seq: first + 1 });
    change(texts, second, { seq: second + 1 });
}

const seen = (record, name) => record.receivers.get(name).frames;

/** Everyone saw what history now says, and acks say it too: only the senders know better. */
function agreeWithHistory(record) {
    const { events } = record.history;
    for (const receiver of record.receivers.values()) receiver.frames = events.slice(receiver.after);
    for (const [name, { acks }] of record.senders) {
        for (const ack of acks) {
            const text = events.find((event) => JSON.parse(event).name === name && JSON.parse(event).id === ack.id);
            ack.seq = JSON.parse(text).seq;
        }
    }
}

/** What is done to a sound record, and the rules that it breaks; no other may complain. */
const PLANTED = [
    {
        fault: 'an acked message that is lost from the end of history',
        rules: ['ackedIsKept', 'deliveredIsKept'],
        plant({ history }) {
            history.events.pop();
            history.last_seq -= 1;
        },
    },
    {
        fault: 'a loss in the middle, and all behind it moved up',
        rules: ['ackedIsKept', 'deliveredIsKept'],
        plant({ history }) {
            history.events.splice(4, 1);
            history.events.forEach((_, index) => change(history.events, index, { seq: index + 1 }));
            history.last_seq -= 1;
        },
    },
    {
        fault: 'a hole in history',
        rules: ['seqWithoutGap', 'ackedIsKept', 'deliveredIsKept'],
        plant: ({ history }) => history.events.splice(4, 1),
    },
    {
        fault: 'a beginning that is gone though nothing expires',
        rules: ['seqWithoutGap'],
        plant({ history }) {
            history.events.shift();
            history.first_seq = 2;
        },
    },
    {
        fault: 'a delivered message that nobody got an ack for and that is lost',
        rules: ['deliveredIsKept'],
        plant(record) {
            record.senders.get('bob').acks.pop();
            record.history.events.pop();
            record.history.last_seq -= 1;
        },
    },
    {
        fault: 'an acked message that nobody saw and that is lost',
        rules: ['ackedIsKept'],
        plant(record) {
            record.history.events.pop();
            record.history.last_seq -= 1;
            for (const { frames } of record.receivers.values()) frames.pop();
        },
    },
    {
        fault: 'a message that is stored twice',
        rules: ['idsOnce'],
        plant(record) {
            record.history.events.push(eventText('bob', 6, 13));
            record.history.last_seq += 1;
            agreeWithHistory(record);
        },
    },
    {
        fault: "two of a sender's messages in the other order",
        rules: ['sendersInOrder'],
        plant(record) {
            swap(record.history.events, 2, 4);
            agreeWithHistory(record);
        },
    },
    {
        fault: 'two refused messages in an order that no try explains',
        rules: ['sendersInOrder'],
        plant(record) {
            record.refused('ada', '2');
            record.refused('ada', '3');
            swap(record.history.events, 2, 4);
            agreeWithHistory(record);
        },
    },
    {
        fault: 'a swap at one receiver',
        rules: ['receiversWithoutGap'],
        plant(record) {
            const frames = seen(record, 'early');
            [frames[5], frames[6]] = [frames[6], frames[5]];
        },
    },
    {
        fault: 'a swap at one receiver, with the seqs in order',
        rules: ['deliveredIsKept'],
        plant: (record) => swap(seen(record, 'also early'), 2, 4),
    },
    {
        fault: 'a gap at one receiver',
        rules: ['receiversWithoutGap'],
        plant: (record) => seen(record, 'early').splice(7, 1),
    },
    {
        fault: 'a gap right where a receiver came in',
        rules: ['receiversWithoutGap'],
        plant: (record) => seen(record, 'late').shift(),
    },
    {
        fault: 'a repeat at one receiver',
        rules: ['receiversWithoutGap'],
        plant: (record) => seen(record, 'early').splice(7, 0, seen(record, 'early')[6]),
    },
    {
        fault: 'a message from an unknown sender',
        rules: ['nothingForeign'],
        plant(record) {
            record.history.events.push(eventText('eve', 1, 13));
            record.history.last_seq += 1;
            agreeWithHistory(record);
        },
    },
    {
        fault: 'a text that its sender did not send',
        rules: ['nothingForeign'],
        plant(record) {
            change(record.history.events, 4, { msg: 'ada never sent this' });
            agreeWithHistory(record);
        },
    },
    {
        fault: 'other bytes at one receiver',
        rules: ['deliveredIsKept'],
        plant: (record) => change(seen(record, 'early'), 4, { color: 'blue' }),
    },
    {
        fault: 'a message that only a receiver saw',
        rules: ['deliveredIsKept'],
        plant: (record) => seen(record, 'early').push(eventText('bob', 7, 13)),
    },
    {
        fault: 'a wrong seq in history',
        rules: ['seqWithoutGap', 'ackedIsKept', 'deliveredIsKept'],
        plant: ({ history }) => change(history.events, 11, { seq: 13 }),
    },
    {
        fault: 'an ack with the seq of another message',
        rules: ['ackedIsKept'],
        plant: (record) => (record.senders.get('ada').acks[1].seq = 4),
    },
    {
        fault: 'an ack with a seq that was never given',
        rules: ['ackedIsKept'],
        plant: (record) => (record.senders.get('ada').acks[1].seq = 0),
    },
    {
        fault: 'a second ack with another seq',
        rules: ['acksAgree', 'ackedIsKept'],
        plant: (record) => record.acked('ada', { id: '2', seq: 5, duplicate: true }),
    },
    {
        fault: 'two acks that both claim to be of the first',
        rules: ['acksAgree'],
        plant: (record) => record.acked('ada', { id: '2', seq: 3, duplicate: false }),
    },
    {
        fault: 'an ack for a message that was never sent',
        rules: ['ackedIsKept'],
        plant: (record) => record.acked('ada', { id: '99', seq: 3, duplicate: true }),
    },
];

const brokenRules = (record) => [...new Set(findFaults(record).map(({ rule }) => rule))].sort();

test('a sound record has no fault', () => {
    assert.deepEqual(findFaults(soundRecord()), []);
});

for (const { fault, rules, plant } of PLANTED) {
    test(`finds ${fault}`, () => {
        const record = soundRecord();
        plant(record);
        assert.deepEqual(brokenRules(record), [...rules].sort());
    });
}

test('a refused message may take the place of any of its tries', () => {
    const record = soundRecord();
    const ada = record.senders.get('ada');
    ada.refused.add('2');
    ada.tries.splice(3, 0, '2');
    swap(record.history.events, 2, 4);
    agreeWithHistory(record);
    assert.deepEqual(findFaults(record), []);
});

test('expired messages are checked only if a client has received them', () => {
    const record = soundRecord();
    record.expires = true;
    record.history.events.splice(0, 5);
    record.history.first_seq = 6;
    assert.deepEqual(findFaults(record), []);
    seen(record, 'early').splice(1, 1);
    assert.deepEqual(brokenRules(record), ['receiversWithoutGap']);
});

test('the command reads a record that was kept, and says by its status whether it is sound', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'globes-record-'));
    t.after(() => rm(folder, { recursive: true }));
    const command = fileURLToPath(new URL('check.js', import.meta.url));
    const check = (path) =>
        new Promise((resolve) => {
            execFile(process.execPath, [command, path], (error, output) => resolve({ code: error?.code ?? 0, output }));
        });

    const path = join(folder, 'record');
    const record = soundRecord();
    record.write(path);
    assert.deepEqual(await check(path), { code: 0, output: '12 messages, 12 acks, 3 receivers: 0 faults\n' });
    seen(record, 'early').splice(7, 1);
    record.write(path);
    const { code, output } = await check(path);
    assert.equal(code, 1);
    assert.match(output, /^receiversWithoutGap: early saw seq 9 right after 7\n/);
});
