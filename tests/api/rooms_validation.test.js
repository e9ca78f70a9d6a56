// The validation of rooms (docs/protocol.md#rooms). One table for POST, tried on PUT too.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    PASSWORD,
    assertError,
    assertStatus,
    createPrivateRoom,
    createRoom,
    freshTitle,
    get,
    post,
    put,
    remove,
    takeToken,
} from './harness/api.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer();

const long = (count, letter = 'x') => letter.repeat(count);

const REFUSED = [
    ['a title left out', { title: undefined }, 'title'],
    ['a null title', { title: null }, 'title'],
    ['an empty title', { title: '' }, 'title'],
    ['a title of one character', { title: 'x' }, 'title'],
    ['a title of one character and spaces', { title: '   x   ' }, 'title'],
    ['a title of spaces', { title: '          ' }, 'title'],
    ['a title of 71 characters', { title: long(71) }, 'title'],
    ['a title of 71 characters beyond the BMP', { title: long(71, '🎈') }, 'title'],
    ['the title ..', { title: '..' }, 'title'],
    ['the title .. with spaces around', { title: ' \u3000.. ' }, 'title'],
    ['the title .', { title: '.' }, 'title'],
    ['a title of digits', { title: '12345' }, 'title'],
    ['a title of digits and spaces around', { title: '  42  ' }, 'title'],
    ['a title with U+0000', { title: 'ab\u0000cd' }, 'title'],
    ['a title with a line break', { title: 'ab\ncd' }, 'title'],
    ['a title with a tab', { title: 'ab\tcd' }, 'title'],
    ['a title with DEL', { title: 'ab\u007fcd' }, 'title'],
    ['a title with a C1 control', { title: 'ab\u0090cd' }, 'title'],
    ['a description of 71 characters', { description: long(71, 'é') }, 'description'],
    ['a description with a line break', { description: 'ab\ncd' }, 'description'],
    ['no visibility', { visibility: undefined }, 'visibility'],
    ['a null visibility', { visibility: null }, 'visibility'],
    ['an unknown visibility', { visibility: 'secret' }, 'visibility'],
    ['an empty visibility', { visibility: '' }, 'visibility'],
    ['a password on a public room', { password: 'long enough' }, 'visibility'],
    ['a private room without password', { visibility: 'private' }, 'password'],
    ['a hidden room without password', { visibility: 'hidden' }, 'password'],
    ['a private room with a null password', { visibility: 'private', password: null }, 'password'],
    ['a private room with an empty password', { visibility: 'private', password: '' }, 'password'],
    ['a hidden room with an empty password', { visibility: 'hidden', password: '' }, 'password'],
    ['a password of 7 bytes', { visibility: 'private', password: '7 bytes' }, 'password'],
    ['a password of 73 bytes', { visibility: 'private', password: long(73) }, 'password'],
    ['a password of 37 characters in 74 bytes', { visibility: 'hidden', password: long(37, 'é') }, 'password'],
    ['a password with U+0000', { visibility: 'private', password: 'long\u0000enough' }, 'password'],
];

for (const [what, fields, field] of REFUSED) {
    test(`${what} is refused`, async () => {
        assertError(
            await post(server, '/chats', { title: freshTitle(), visibility: 'public', ...fields }),
            400,
            105,
            field,
        );
    });
}

test('checks run in the order title, description, visibility, password, duplicate', async () => {
    const taken = await createRoom(server);
    const wrong = { title: 'x', description: long(71), visibility: 'secret', password: 'short' };
    assertError(await post(server, '/chats', wrong), 400, 105, 'title');
    wrong.title = taken.title;
    assertError(await post(server, '/chats', wrong), 400, 105, 'description');
    wrong.description = '';
    assertError(await post(server, '/chats', wrong), 400, 105, 'visibility');
    wrong.visibility = 'private';
    assertError(await post(server, '/chats', wrong), 400, 105, 'password');
    wrong.password = PASSWORD;
    assertError(await post(server, '/chats', wrong), 400, 102, 'title');
});

test('the limits themselves are allowed', async () => {
    const accepted = [
        { title: 'é1' },
        { title: long(70, 'ü') },
        { title: long(70, '🎈') },
        { title: `   ${long(70, 'ß')}   ` },
        { description: long(70, '世') },
        { description: '' },
        { password: '' },
        { description: '', password: '', name: '', owner: '', retention: '', max_events: '' },
        { visibility: 'private', password: '8 bytes!' },
        { visibility: 'private', password: long(4, 'é') },
        { visibility: 'hidden', password: long(72) },
        { visibility: 'hidden', password: long(36, 'é') },
    ];
    for (const fields of accepted) await createRoom(server, fields);
});

test('a title is trimmed and visibility stored in lower case', async () => {
    const room = await createRoom(server, { title: '   Trimmed title  ', visibility: 'PubLIC' });
    assert.deepEqual([room.title, room.visibility], ['Trimmed title', 'public']);
    assert.equal((await createPrivateRoom(server, { visibility: 'PRIVATE' })).visibility, 'private');
    assert.equal(
        (await createPrivateRoom(server, { visibility: 'hidden', visibility: 'Hidden' })).visibility,
        'hidden',
    );
});

test('titles are unique without regard to case, in every script', async () => {
    const pairs = [
        ['Duplicate me', 'dUPLICATE ME'],
        ['Über Flüsse', 'ÜBER FLÜSSE'],
        ['ΟΔΥΣΣΕΥΣ πλοίο', 'οδυσσευς πλοίο'],
        ['Привет мир', 'ПРИВЕТ МИР'],
        ['Trim me too', '  trim me too  '],
    ];
    for (const [first, second] of pairs) {
        await createRoom(server, { title: first });
        assertError(await post(server, '/chats', { title: second, visibility: 'public' }), 400, 102, 'title');
        const other = await createRoom(server);
        assertError(await put(server, `/chats/${other.id}`, { title: second }), 400, 102, 'title');
    }
    await createPrivateRoom(server, { visibility: 'hidden', title: 'Known to few' });
    assertError(await post(server, '/chats', { title: 'known to FEW', visibility: 'public' }), 400, 102, 'title');
});

function assertLooksTaken(answer) {
    assert.equal(answer.status, 400);
    const { code, field, reason } = answer.json.error;
    assert.deepEqual([code, field, reason], [102, 'title', 'The title looks like that of another room.']);
}

test('titles of listed rooms do not look alike', async () => {
    for (const [first, second] of [
        ['Support team', 'Supp\u043ert team'],
        ['Moderators only', 'Moderat\u200bors only'],
        ['Lost and found', 'Lost  and\u00a0found'],
        ['Full width', '\uff26\uff55\uff4c\uff4c width'],
        ['Café Noir', 'Cafe\u0301 Noir'],
        ['Helpdesk 1', 'Helpdesk l'],
    ]) {
        const room = await createRoom(server, { title: first });
        const lookAlike = { title: second, visibility: 'public' };
        assertLooksTaken(await post(server, '/chats', lookAlike));
        assertLooksTaken(await post(server, '/chats', { ...lookAlike, visibility: 'private', password: PASSWORD }));
        const other = await createRoom(server);
        assertLooksTaken(await put(server, `/chats/${other.id}`, { title: second }));
        assertStatus(await get(server, `/chats/${encodeURIComponent(second)}`), 404);
        assertStatus(await put(server, `/chats/${room.id}`, { title: second }), 200);
        assertStatus(await remove(server, `/chats/${room.id}`), 200);
        await createRoom(server, { title: first });
    }
});

test('a refused look-alike reveals no hidden room', async () => {
    const hidden = await createPrivateRoom(server, { visibility: 'hidden', title: 'Secret supper' });
    const open = await createRoom(server, { title: 'Secret supp\u0435r' });
    await createPrivateRoom(server, { visibility: 'hidden', title: 'Secret  supper' });
    const token = await takeToken(server, hidden, 'ada');
    assertLooksTaken(await put(server, `/chats/${hidden.id}`, { visibility: 'private', password: PASSWORD }, { token }));
    assertStatus(await remove(server, `/chats/${open.id}`), 200);
    assertStatus(await put(server, `/chats/${hidden.id}`, { visibility: 'private', password: PASSWORD }, { token }), 200);
});

test('broken JSON, other JSON and wrong types are code 103', async () => {
    const bodies = [
        '',
        '{',
        '{"title":"Never made","visibility":"public"',
        '{"title":"Never made","visibility":"public"} x',
        "{'title':'Never made'}",
        'null',
        '[]',
        '"text"',
        '42',
        'nonsense',
        '[{"title":"Never made","visibility":"public"}]',
        { title: 42, visibility: 'public' },
        { title: ['Never made'], visibility: 'public' },
        { title: 'Never made', visibility: true },
        { title: 'Never made', visibility: 'public', description: {} },
        { title: 'Never made', visibility: 'private', password: 12345678 },
    ];
    const { id } = await createRoom(server);
    for (const body of bodies) {
        for (const answer of [await post(server, '/chats', body), await put(server, `/chats/${id}`, body)]) {
            assertStatus(answer, 400);
            assert.equal(answer.json.error.code, 103, `${JSON.stringify(body)} is answered by ${answer.text}`);
        }
    }
    assertError(await post(server, '/chats', '{"title":'), 400, 103);
    const owner = await post(server, '/chats', { title: 'Never made', visibility: 'public', owner: 'yes' });
    assert.equal(owner.json.error.code, 103, owner.text);
    assertError(await get(server, '/chats/Never%20made'), 404, 101);
});

test('invalid UTF-8 is refused', async () => {
    const bytes = (title) =>
        Buffer.concat([Buffer.from('{"visibility":"public","title":"bad '), title, Buffer.from('"}')]);
    const wrong = [
        Buffer.of(0xff),
        Buffer.of(0xc0, 0x80),
        Buffer.of(0xed, 0xa0, 0x80),
        Buffer.of(0xf5, 0x80, 0x80, 0x80),
        Buffer.of(0xe4, 0xb8),
    ];
    for (const title of wrong) assertStatus(await post(server, '/chats', bytes(title)), 400);
    assertStatus(await post(server, '/chats', '{"visibility":"public","title":"lone \\ud800 surrogate"}'), 400);
});

test('deep and large JSON is refused without harm', async () => {
    assertStatus(await post(server, '/chats', `${'['.repeat(30_000)}${']'.repeat(30_000)}`), 400);
    assertStatus(await post(server, '/chats', `{"x":${'{"x":'.repeat(9_000)}1${'}'.repeat(9_001)}`), 400);
});
