// The page's rules are the server's: both get the same input and must give the same answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom, freshTitle, post } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import {
    descriptionProblem,
    maxEventsProblem,
    nameProblem,
    passwordProblem,
    titleProblem,
} from '../../web/app/room_rules.js';

const server = sharedServer();

/** The field of a new room that the server rejects, or null. */
async function faultOfRoom(fields) {
    const answer = await post(server, '/chats', { title: freshTitle(), visibility: 'public', ...fields });
    // A title that is taken is valid.
    if (answer.status === 201 || answer.json.error.code === 102) return null;
    assert.equal(answer.json.error.code, 105, answer.text);
    return answer.json.error.field;
}

const SPACES = [' ', '\t', '\n', '\u00a0', '\u2003', '\u3000', '\u0085', '\ufeff', '\u200b', '\u180e'];

test('the page rejects exactly the titles that the server rejects', async () => {
    const titles = [
        '',
        ' ',
        'x',
        ' x ',
        'xy',
        '12',
        '007',
        '1a',
        '１２',
        '٣٤',
        '👍',
        '👍👍',
        '🏳️‍🌈',
        'a\u0301',
        'x'.repeat(70),
        'x'.repeat(71),
        ` ${'y'.repeat(70)} `,
        '👍'.repeat(70),
        '👍'.repeat(71),
        'tab\there',
        'line\nhere',
        '..',
        ' .. ',
        '...',
        'nul\0',
        'del\u007f',
        'c1\u0090',
        'rtl\u202e',
        'zero\u200bwidth',
        'b\ufeffom',
        ...SPACES.flatMap((space) => [`${space}x`, `${space}ab`, `de${space}`, `${space}${space}`]),
    ];
    for (const title of titles) {
        const refused = (await faultOfRoom({ title })) === 'title';
        assert.equal(titleProblem(title) !== null, refused, JSON.stringify(title));
    }
});

test('the page rejects exactly the descriptions that the server rejects', async () => {
    for (const description of [
        '',
        ' ',
        'x'.repeat(70),
        'x'.repeat(71),
        '👍'.repeat(70),
        '👍'.repeat(71),
        'a\nb',
        'a\u0085b',
        '\u202e',
    ]) {
        const refused = (await faultOfRoom({ description })) === 'description';
        assert.equal(descriptionProblem(description) !== null, refused, JSON.stringify(description));
    }
});

test('the page rejects exactly the passwords that the server rejects', async () => {
    const passwords = [
        '',
        '1234567',
        '12345678',
        ' '.repeat(8),
        'é'.repeat(3),
        'é'.repeat(4),
        'x'.repeat(72),
        'x'.repeat(73),
        '👍'.repeat(18),
        '👍'.repeat(19),
        'with\0nul.',
        'tab\ttab\t',
    ];
    for (const password of passwords) {
        const refused = (await faultOfRoom({ visibility: 'private', password })) === 'password';
        assert.equal(passwordProblem(password) !== null, refused, JSON.stringify(password));
    }
});

test('the page rejects exactly the names that the server rejects', async () => {
    const room = await createRoom(server, { visibility: 'private', password: 'correct horse' });
    for (const name of [
        '',
        'x',
        'x'.repeat(32),
        'x'.repeat(33),
        '👍'.repeat(32),
        '👍'.repeat(33),
        'a\nb',
        'a\u0085b',
        ' ',
        ' a ',
        '\u00a0\u3000',
        '\u200b',
        '\u2800',
        '\u3164',
        '\u034f\u0301',
        '\u202eabc',
        'abc\u200f',
        '\u2066',
        'e\u0301',
        '👩\u200d🚀',
        '<b>',
    ]) {
        const answer = await post(server, `/chats/${room.id}/token`, { name, secret: 'correct horse' });
        assert.equal(nameProblem(name) !== null, answer.status !== 201, `${JSON.stringify(name)}: ${answer.text}`);
    }
});

test('the page rejects a limit of messages that is not a whole number', async () => {
    assert.deepEqual(['', '0', '1', '1000', '9007199254740991'].map(maxEventsProblem), Array(5).fill(null));
    for (const text of ['-1', '1.5', 'ten', ' 1', '1e3', '9007199254740993'])
        assert.equal(maxEventsProblem(text), 'problemMaxEvents', text);
    assert.equal(await faultOfRoom({ max_events: Number.MAX_SAFE_INTEGER }), null);
    assert.equal(await faultOfRoom({ max_events: -1 }), 'max_events');
});
