// globes import --from-original: the steps of docs/moving-from-the-original.md, and the accepted files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { PASSWORD, assertError, assertStatus, createPrivateRoom, createRoom, get, post, put, takeToken } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { runCommand } from './harness/command.js';
import { readExport } from './harness/export_file.js';
import { getPage, assertPage } from './harness/site.js';
import { releaseBinary, startServer } from './harness/server.js';

const run = promisify(execFile);
const page = readFileSync(fileURLToPath(new URL('../../docs/moving-from-the-original.md', import.meta.url)), 'utf8');

async function scratchFolder(t) {
    const folder = await mkdtemp(join(tmpdir(), 'globes-original-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    return folder;
}

/** A bcrypt hash of PASSWORD as Go makes it: $2a$ and $2b$ are the same for passwords of up to 72 bytes. */
async function hashOfPassword(t) {
    const server = await startServer(t, {});
    const room = await createPrivateRoom(server);
    await server.stop();
    const { stdout } = await runCommand(server.folder, ['export', '--room', String(room.id)]);
    return readExport(stdout).get(room.id).password_hash.replace('$2b$', '$2a$');
}

const id = (number) => ({ $oid: `5fc9cb2a${number.toString(16).padStart(16, '0')}` });
const date = (second) => ({ $date: { $numberLong: String(Date.UTC(2020, 11, 3, 21, 23, second)) } });

/** The original's documents, as `mongoexport --jsonFormat canonical` writes them. */
function originalRooms(hash) {
    const common = { created_at: date(0), updated_at: date(1) };
    return [
        { _id: id(1), id: { $numberInt: '2' }, title: 'My chat room', description: 'Mine', type: 'public', ...common },
        { _id: id(2), id: { $numberInt: '3' }, title: 'Our room', description: '', type: 'private', password: hash, ...common },
        { _id: id(3), id: { $numberInt: '8' }, title: 'Unseen', description: '', type: 'hidden', password: hash, ...common },
    ];
}

function originalEvent(number, roomid, fields = {}) {
    return {
        ...{ _id: id(number), eventtype: 'send', user: 'david', roomid: { $numberInt: String(roomid) }, color: 'red' },
        ...{ msg: `message ${number}`, password: 'typed by david', verified: true, timestamp: date(number), ...fields },
    };
}

const lines = (documents) => documents.map((document) => `${JSON.stringify(document)}\n`).join('');

async function fine(folder, args, input) {
    const { code, stdout, stderr } = await runCommand(folder, args, input);
    assert.equal(code, 0, `globes ${args.join(' ')}: ${stderr}`);
    return stdout;
}

/** A `mongoexport` that writes these documents of each collection to the file of `--out`. */
async function makeTools(folder, collections) {
    const tools = join(folder, 'tools');
    await mkdir(tools);
    await symlink(releaseBinary, join(tools, 'globes'));
    for (const [name, documents] of Object.entries(collections)) await writeFile(join(tools, name), lines(documents));
    const script = `#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in --collection) from=$2 ;; --out) out=$2 ;; esac
    shift
done
cp "${tools}/$from" "$out"
`;
    await writeFile(join(tools, 'mongoexport'), script, { mode: 0o755 });
    return tools;
}

test('the documented steps move rooms, messages and passwords', async (t) => {
    const hash = await hashOfPassword(t);
    const events = [
        originalEvent(1, 2, { eventtype: 'join', msg: 'david entered the room.' }),
        originalEvent(3, 2, { msg: 'second' }),
        originalEvent(2, 2, { msg: 'first' }),
        originalEvent(4, 3, { msg: 'between us' }),
        originalEvent(5, 1, { msg: 'hello all' }),
        originalEvent(6, 9, { msg: 'of a room that is gone' }),
        originalEvent(7, 2, { eventtype: 'leave', msg: 'david has left the room.' }),
    ];
    const folder = await scratchFolder(t);
    const tools = await makeTools(folder, { chat_rooms: originalRooms(hash), chat_events: events });
    const steps = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text);
    assert.equal(steps.length, 3);
    const env = { PATH: `${tools}${delimiter}${process.env.PATH}`, ORIGINAL_MONGODB_URI: 'mongodb://unused' };
    const { stdout } = await run('bash', ['-euxc', steps.join('\n')], { cwd: folder, env });
    const told = stdout.split('\n');
    assert.ok(told.includes('imported 4 rooms and 4 events; 0 rooms and 0 events existed already'), stdout);
    assert.ok(told.includes('left out: 2 joins and leaves; the first: events.json: entry 1 (line 1)'), stdout);
    assert.ok(told.includes('left out: 1 messages of rooms that are not in the files: 9'), stdout);
    assert.ok(told.includes('checked 4 rooms and 4 events: 0 faults'), stdout);
    assert.doesNotMatch(stdout, /typed by david|\$2a\$/);

    const server = await startServer(t, {
        dotenv: 'DB_USER=david\nDB_PASSWORD="not for the log"\nDB_CLUSTER=cluster0.ab1cd.mongodb.net\n',
        config: { RedisURL: 'redis://localhost:6379', ReadTimeout: 10, WriteTimeout: 10, Static: 'public', DataDir: join(folder, 'data') },
    });
    assertPage(await getPage(server, '/'));
    await server.logged(/event=configuration note="RedisURL is not used/);
    await server.logged(/event=configuration note="Static is not used/);
    await server.logged(/DB_USER \(did you mean MONGODB_USER\?\), DB_PASSWORD \(.*PASSWORD\?\), DB_CLUSTER \(.*CLUSTER\?\)"/);
    assert.doesNotMatch(server.log, /not for the log/);

    const room = (await get(server, '/chats/My%20chat%20room')).json;
    assert.deepEqual(room, {
        ...{ title: 'My chat room', description: 'Mine', visibility: 'public' },
        ...{ createdAt: '2020-12-03T21:23:00.000000Z', updatedAt: '2020-12-03T21:23:01.000000Z', id: 2, users: [], online: 0 },
    });
    const history = (await get(server, '/chats/2/events')).json.events;
    const head = { event_type: 'send', name: 'david', room_id: 2, color: 'red' };
    assert.deepEqual(history, [
        { ...head, msg: 'first', time: '2020-12-03T21:23:02.000000Z', seq: 1 },
        { ...head, msg: 'second', time: '2020-12-03T21:23:03.000000Z', seq: 2 },
    ]);
    assert.deepEqual((await get(server, '/chats/1/events')).json.events.map(({ msg }) => msg), ['hello all']);
    assert.equal((await get(server, '/chats/1')).json.title, 'Public Chat');

    for (const locked of [{ id: 3 }, { id: 8 }]) {
        assertError(await post(server, `/chats/${locked.id}/token`, { name: 'eve', secret: 'wrong' }), 401, 304, 'secret');
        const token = await takeToken(server, locked, 'eve', PASSWORD);
        assertStatus(await put(server, `/chats/${locked.id}`, { description: 'moved' }, { token }), 200);
    }
    assert.ok(!(await get(server, '/chats')).text.includes('Unseen'), 'a hidden room stays hidden');
    const eve = await ChatClient.join(server, { id: 2 }, 'eve');
    eve.say('eve', 'goes on');
    assert.equal((await eve.next()).seq, 3);
    assert.equal((await createRoom(server)).id, 9);
    await eve.leave();

    const refused = await runCommand(server.folder, ['import', '--from-original', join(folder, 'rooms.json')]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /another Globes uses it/);
});

test('every form of the files results in the same rooms and messages', async (t) => {
    const hash = await hashOfPassword(t);
    const rooms = originalRooms(hash);
    const events = [originalEvent(1, 2), originalEvent(2, 3), originalEvent(3, 2)];
    const relaxed = (documents) =>
        JSON.parse(JSON.stringify(documents), (key, value) => {
            if (value?.$numberInt) return Number(value.$numberInt);
            return value?.$date ? { $date: new Date(Number(value.$date.$numberLong)).toISOString() } : value;
        });
    const plain = (documents) =>
        relaxed(documents).map((document) =>
            JSON.parse(JSON.stringify(document), (key, value) => value?.$oid ?? value?.$date ?? value),
        );
    const forms = {
        canonical: [lines(rooms), lines(events)],
        relaxed: [lines(relaxed(rooms)), lines(relaxed(events))],
        'an array': [JSON.stringify(rooms), JSON.stringify(events)],
        pretty: [JSON.stringify(rooms, null, 2), relaxed(events).map((event) => JSON.stringify(event, null, 2)).join('\n')],
        'with a byte order mark and CRLF': [`\ufeff${lines(rooms).replaceAll('\n', '\r\n')}`, `\ufeff${lines(events)}`],
        'in reverse order': [lines([...rooms].reverse()), lines([...events].reverse())],
        plain: [lines(plain(rooms)), lines(plain(events))],
        'in one file': [lines([...events, ...rooms])],
    };
    // Each import gives the rooms new salts.
    const exportOf = async (folder) => {
        const exported = await fine(folder, ['export']);
        assert.equal(new Set(exported.match(/"salt":"[0-9a-f]{32}"/g)).size, 3);
        return exported.replaceAll(/"salt":"[^"]*",/g, '');
    };
    let expected;
    for (const [form, texts] of Object.entries(forms)) {
        const folder = await scratchFolder(t);
        const names = texts.map((_, index) => `file-${index}.json`);
        await Promise.all(texts.map((text, index) => writeFile(join(folder, names[index]), text)));
        assert.equal(
            await fine(folder, ['import', '--from-original', ...names]),
            'imported 3 rooms and 3 events; 0 rooms and 0 events existed already\n',
            form,
        );
        const exported = await exportOf(folder);
        expected ??= exported;
        assert.equal(exported, expected, form);
    }
    for (const args of [['--from-original', '-'], ['--from-original'], ['-', '--from-original']]) {
        const folder = await scratchFolder(t);
        await fine(folder, ['import', ...args], forms['in one file'][0]);
        assert.equal(await exportOf(folder), expected, `from standard input: ${args.join(' ')}`);
    }
});

test('an import can be repeated, and continues with newer files', async (t) => {
    const folder = await scratchFolder(t);
    const rooms = originalRooms('').slice(0, 1);
    const events = Array.from({ length: 9 }, (_, index) => originalEvent(index + 1, 2));
    await writeFile(join(folder, 'rooms.json'), lines(rooms));
    const importOf = async (count) => {
        await writeFile(join(folder, 'events.json'), lines(events.slice(0, count)));
        return fine(folder, ['import', '--from-original', 'rooms.json', 'events.json']);
    };
    assert.match(await importOf(5), /^imported 1 rooms and 5 events; 0 rooms and 0 events/);
    assert.match(await importOf(5), /^imported 0 rooms and 0 events; 1 rooms and 5 events/);
    assert.match(await importOf(9), /^imported 0 rooms and 4 events; 1 rooms and 5 events/);
    assert.match(await fine(folder, ['check']), /^checked 1 rooms and 9 events: 0 faults/);
});

test('if there is any fault, all faults are reported and nothing is imported', async (t) => {
    const folder = await scratchFolder(t);
    const [room, locked] = originalRooms('no hash');
    await writeFile(join(folder, 'rooms.json'), lines([room, locked, { ...room, title: 'Another' }, { name: 'no room' }]));
    await writeFile(join(folder, 'events.json'), `[${JSON.stringify(originalEvent(1, 2))},`);
    const { code, stdout, stderr } = await runCommand(folder, ['import', '--from-original', 'rooms.json', 'events.json']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.deepEqual(stderr.split('\n'), [
        'globes: rooms.json: entry 2 (line 2): password: is not a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters)',
        'globes: rooms.json: entry 3 (line 3): is another room 2 than rooms.json: entry 1 (line 1)',
        'globes: rooms.json: entry 4 (line 4): is neither a room (no title) nor an event (no eventtype)',
        'globes: events.json: line 1: the array has no end: the file is truncated',
        'globes: 4 faults: nothing was imported',
        '',
    ]);
    assert.match(await fine(folder, ['check']), /^checked 0 rooms and 0 events: 0 faults/);

    const wide = Buffer.from(`\ufeff${lines([room])}`, 'utf16le');
    await writeFile(join(folder, 'rooms.json'), wide);
    const refused = await runCommand(folder, ['import', '--from-original', 'rooms.json']);
    assert.match(refused.stderr, /^globes: rooms\.json: is UTF-16, must be UTF-8\n/);
});

test('the messages of a refused room are not reported as faults', async (t) => {
    const folder = await scratchFolder(t);
    await writeFile(join(folder, 'rooms.json'), lines([{ ...originalRooms('')[0], type: 'strange' }]));
    await writeFile(join(folder, 'events.json'), lines([originalEvent(1, 2)]));
    const { stderr } = await runCommand(folder, ['import', '--from-original', 'rooms.json', 'events.json']);
    assert.equal(
        stderr,
        'globes: rooms.json: entry 1 (line 1): type: must be public, private or hidden\n' +
            'globes: 1 faults: nothing was imported\n',
    );
});

test('a file that is given twice is imported once, whatever its ids are', async (t) => {
    const folder = await scratchFolder(t);
    const rooms = [{ ...originalRooms('')[0], id: 1, title: 'Mine' }, { ...originalRooms('')[0], id: 5, title: 'Public Chat' }];
    const events = [1, 'a', { x: 1 }, id(1)].flatMap((own) => [
        originalEvent(1, 5, { _id: own, timestamp: undefined }),
        originalEvent(2, 5, { _id: { of: own } }),
    ]);
    await writeFile(join(folder, 'dump.json'), lines([...rooms, ...events]));
    const said = await fine(folder, ['import', '--from-original', 'dump.json', 'dump.json']);
    assert.match(said, /^imported 2 rooms and 8 events; 0 rooms and 0 events/m);
    assert.match(await fine(folder, ['import', '--from-original', 'dump.json']), /^imported 0 rooms and 0 events; 2 rooms and 8 events/m);
});

test('rooms that differ from the store are refused before anything is imported', async (t) => {
    const folder = await scratchFolder(t);
    const rooms = originalRooms('').slice(0, 1);
    const other = { ...rooms[0], id: 5, title: 'Taken' };
    await fine(folder, ['import', '--from-original', '-'], lines([...rooms, other]));
    const changed = [{ ...rooms[0], description: 'changed' }, { ...other, id: 6 }, { ...other, id: 7, title: 'New' }];
    const { code, stderr } = await runCommand(folder, ['import', '--from-original', '-'], lines(changed));
    assert.equal(code, 1);
    assert.equal(
        stderr,
        'globes: another room 2 exists already: My chat room\n' +
            'globes: room 6: its title is that of room 5, which is in the store\n' +
            'globes: 2 faults: nothing was imported\n',
    );
    assert.match(await fine(folder, ['check']), /^checked 2 rooms and 0 events/);
});

test('more messages than fit into memory are sorted too', async (t) => {
    const folder = await scratchFolder(t);
    const rooms = originalRooms('').slice(0, 1);
    const count = 60_000;
    const text = 'x'.repeat(300);
    // 7919 has no divisor in common with the count, so each number occurs once, far from its place.
    const events = Array.from({ length: count }, (_, index) => {
        const number = (index * 7919) % count;
        return { eventtype: 'send', user: 'ada', roomid: 2, msg: `${number} ${text}`, timestamp: 1_600_000_000_000 + number };
    });
    await writeFile(join(folder, 'dump.json'), lines([...rooms, ...events]));
    assert.match(await fine(folder, ['import', '--from-original', 'dump.json']), /^imported 1 rooms and 60000 events/);
    const exported = readExport(await fine(folder, ['export'])).get(2).events;
    exported.forEach(({ msg }, index) => assert.equal(parseInt(msg, 10), index));
});

test('a wrong command line is refused', async (t) => {
    const folder = await scratchFolder(t);
    assert.equal((await runCommand(folder, ['import', 'a', 'b'])).code, 2);
    const missing = await runCommand(folder, ['import', '--from-original', 'not-there.json']);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /not-there\.json: cannot be opened: No such file or directory/);
    assert.match((await runCommand(folder, ['import', '--help'])).stdout, /--from-original [^]*mongoexport/);
});
