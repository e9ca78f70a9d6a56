// globes export, import, backup and check: while a server runs, after kills, on damaged stores.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { assertStatus, createPrivateRoom, createRoom, get, remove, takeToken } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Command, runCommand } from './harness/command.js';
import { exportLines, readExport } from './harness/export_file.js';
import { releaseBinary, startServer } from './harness/server.js';
import { countEvents, storedEvents } from './harness/store.js';
import { eventually } from './harness/wait.js';

const run = promisify(execFile);

async function scratchFolder(t) {
    const folder = await mkdtemp(join(tmpdir(), 'globes-maintenance-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    return folder;
}

/** A folder whose store has one room, 2, with that many messages. */
async function importedFolder(t, events) {
    const folder = await scratchFolder(t);
    const { code, stderr } = await runCommand(folder, ['import'], exportLines({ events }).join(''));
    assert.equal(code, 0, stderr);
    return folder;
}

async function fine(folder, args, input) {
    const result = await runCommand(folder, args, input);
    assert.equal(result.code, 0, `globes ${args.join(' ')}: ${result.stderr}`);
    assert.equal(result.stderr, '', 'no progress without a terminal');
    return result.stdout;
}

/** Sends a message as soon as the previous one was received, until it is stopped. */
function talk(client, name) {
    let said = 0;
    let goesOn = true;
    const say = () => client.say(name, `${name} says ${(said += 1)}`, { id: `${name}-${said}` });
    client.socket.on('message', (data) => {
        const event = JSON.parse(data.toString());
        assert.notEqual(event.event_type, 'error');
        if (goesOn && event.event_type === 'send' && event.name === name) say();
    });
    say();
    return () => (goesOn = false);
}

test('export, backup and check work while a server is busy', async (t) => {
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const rooms = [await createRoom(server), await createRoom(server)];
    const clients = await Promise.all([0, 1, 2, 3].map((index) => ChatClient.open(server, rooms[index % 2])));
    const stops = clients.map((client, index) => talk(client, `talker ${index}`));
    for (let round = 1; round <= 3; round += 1) {
        const before = await countEvents(server.dataFolder, rooms[0].id);
        await eventually(async () => (await countEvents(server.dataFolder, rooms[0].id)) > before + 200, 'traffic');
        assert.match(await fine(server.folder, ['check']), /^checked 3 rooms and [1-9]\d* events: 0 faults\n$/);
        await fine(server.folder, ['export', '--output', `export-${round}`]);
        await fine(server.folder, ['backup', `backup-${round}.db`]);
    }
    for (const stop of stops) stop();

    const refused = await runCommand(server.folder, ['import', 'export-1']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /another Globes uses it/);
    assertStatus(await get(server, '/ready'), 200);
    await server.stop();

    let last = 0;
    for (let round = 1; round <= 3; round += 1) {
        const exported = readExport(await readFile(join(server.folder, `export-${round}`), 'utf8'));
        const restored = join(server.folder, `restored-${round}`);
        await mkdir(restored);
        await copyFile(join(server.folder, `backup-${round}.db`), join(restored, 'globes.db'));
        assert.match(await fine(server.folder, ['check', '--data', restored]), /: 0 faults\n$/);
        for (const room of rooms) {
            const stored = await storedEvents(server.dataFolder, room.id);
            const { events } = exported.get(room.id);
            assert.ok(events.length > 0 && events.length <= stored.length);
            for (const event of events) {
                const row = stored[event.seq - 1];
                assert.deepEqual([event.name, event.msg, event.id], [row.name, row.text, row.client_id]);
            }
            const copied = await storedEvents(restored, room.id);
            assert.ok(copied.length >= events.length, 'the backup was made after the export');
            assert.deepEqual(copied, stored.slice(0, copied.length));
        }
        const { length } = exported.get(rooms[0].id).events;
        assert.ok(length > last, 'each round exports new messages');
        last = length;
    }
});

test('a store that was exported and imported continues as the first one would', async (t) => {
    const server = await startServer(t);
    const room = await createPrivateRoom(server, { title: 'Moved room' });
    await remove(server, `/chats/${(await createRoom(server)).id}`);
    const token = await takeToken(server, room, 'ada');
    const ada = await ChatClient.join(server, room, 'ada', { token });
    ada.say('ada', 'before', { id: 'one' });
    const before = await ada.next();
    await server.stop();
    await fine(server.folder, ['export', '--output', 'first']);
    await rm(server.dataFolder, { recursive: true });
    assert.match(await fine(server.folder, ['import', 'first']), /^imported 2 rooms and 1 events; 0 rooms and 0 events/);
    assert.equal(await fine(server.folder, ['export']), await readFile(join(server.folder, 'first'), 'utf8'));

    await server.start();
    const newToken = await takeToken(server, room, 'ada');
    const again = await ChatClient.join(server, room, 'ada', { token: newToken });
    again.say('ada', 'before', { id: 'one' });
    assert.deepEqual(await again.next(), before, 'the id is still known');
    again.say('ada', 'after');
    assert.equal((await again.next()).seq, 2);
    assert.equal((await createRoom(server)).id, room.id + 2, 'the id of the deleted room is not used again');
});

test('an import that was killed half-way can be repeated', async (t) => {
    const folder = await scratchFolder(t);
    const lines = exportLines({ events: 50_000 });
    for (const share of [0.3, 0.7]) {
        const command = new Command(folder, ['import']);
        const fed = lines.slice(0, lines.length * share);
        command.process.stdin.write(fed.join(''));
        // Less than two batches of 1000 wait for the next lines.
        const isNearlyThere = () => countEvents(join(folder, 'data'), 2).then((count) => count > fed.length - 3000);
        await eventually(() => isNearlyThere().catch(() => false), 'most of it is imported');
        await command.kill();
    }
    await writeFile(join(folder, 'whole'), lines.join(''));
    const said = await fine(folder, ['import', 'whole']);
    const [, events, known] = said.match(/^imported 0 rooms and (\d+) events; 1 rooms and (\d+) events existed/);
    assert.equal(Number(events) + Number(known), 50_000);
    assert.ok(Number(known) > 30_000, said);
    assert.equal(await fine(folder, ['export']), lines.join(''));
    assert.match(await fine(folder, ['check']), /^checked 1 rooms and 50000 events: 0 faults/);
});

test('an import ends at the first invalid line and reports the imported rooms and events', async (t) => {
    const folder = await scratchFolder(t);
    const lines = exportLines({ events: 100 });
    const broken = [...lines.slice(0, 50), '{"kind":"send"\n', ...lines.slice(50)];
    const { code, stderr } = await runCommand(folder, ['import'], broken.join(''));
    assert.equal(code, 1);
    assert.match(stderr, /^globes: standard input: line 51: is not a JSON object\n/);
    assert.match(stderr, /before that: imported 1 rooms and 48 events; 0 rooms and 0 events existed already\n$/, 'a repetition would not help');
    const cut = await runCommand(folder, ['import', '-'], lines.slice(0, 60).join(''));
    assert.equal(cut.code, 1);
    assert.match(cut.stderr, /line 60: is the last line, but not an end line: the file is truncated\n.*\. Another import of the same file continues there\.\n$/);
    assert.match(await fine(folder, ['import'], lines.join('')), /imported 0 rooms and 42 events; 1 rooms and 58 events/);
});

test('an import recognizes files of other formats', async (t) => {
    const folder = await scratchFolder(t);
    const dump = '{"_id":{"$oid":"5fc9cb2a0000000000000001"},"id":2,"title":"My chat room","type":"public"}\n';
    const forgotten = await runCommand(folder, ['import'], dump);
    assert.equal(forgotten.code, 1);
    assert.match(forgotten.stderr, /line 1: is not the first line of an export; a dump of the original system needs --from-original\n/);
    for (const args of [['import'], ['import', '--from-original']]) {
        const { code, stderr } = await runCommand(folder, args, Buffer.from('\x4b\0\0\0\x07_id\0'));
        assert.equal(code, 1);
        assert.match(stderr, /^globes: standard input: is BSON, as mongodump writes it: convert it to JSON with bsondump first\n/);
    }
});

test('the files of export and backup are private, complete, and never replace a file', async (t) => {
    const folder = await importedFolder(t, 10);
    for (const args of [['export', '--output', 'file'], ['backup', 'file']]) {
        await fine(folder, args);
        assert.equal((await stat(join(folder, 'file'))).mode & 0o777, 0o600);
        const content = await readFile(join(folder, 'file'));
        const refused = await runCommand(folder, args);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /file: exists already; --force overwrites it/);
        await fine(folder, [...args, '--force']);
        assert.deepEqual(await readFile(join(folder, 'file')), content);
        await rm(join(folder, 'file'));
        assert.deepEqual(await readdir(folder), ['data']);
    }
    const itself = await runCommand(folder, ['backup', 'data/globes.db', '--force']);
    assert.equal(itself.code, 1);
    assert.match(itself.stderr, /is the database; name another file/);
    assert.match(await fine(folder, ['check']), /: 0 faults/);
});

test('one room is exported by its id or its title', async (t) => {
    const folder = await importedFolder(t, 10);
    await fine(folder, ['import'], exportLines({ room: 5, title: 'Other room', events: 3 }).join(''));
    const other = await fine(folder, ['export', '--room', '5']);
    assert.deepEqual([...readExport(other).keys()], [5]);
    assert.equal(await fine(folder, ['export', '--room', 'oTHER room']), other);
    const none = await runCommand(folder, ['export', '--room', 'No room', '--output', 'file']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /room No room does not exist/);
    assert.deepEqual(await readdir(folder), ['data'], 'no file remains');
});

test('if the reader of an export goes away, that is an error', async (t) => {
    const folder = await importedFolder(t, 20_000);
    const command = new Command(folder, ['export']);
    command.process.stdout.destroy();
    const { code, stderr } = await command.ended();
    assert.equal(code, 1);
    assert.match(stderr, /standard output: cannot be written: Broken pipe/);
});

const PLANTED = {
    'a gap': ['DELETE FROM events WHERE seq IN (40, 41)', /^fault: room 2: seqs 40 to 41 are missing$/m],
    'a lost beginning': ['DELETE FROM events WHERE seq < 10', /^fault: room 2: begins at seq 10/m],
    'an id that is there twice': [
        "UPDATE events SET name = 'sender 6', client_id = 'id-7', name_key = NULL WHERE seq = 50",
        /^fault: room 2: seq 50 has the same id as seq 7 of the same sender$/m,
    ],
    'a kind of a later version': [
        'UPDATE events SET kind = 7 WHERE seq = 50',
        /^fault: room 2: seq 50 has the kind 7, which this version of Globes does not know$/m,
    ],
    'an event without a room': [
        'UPDATE events SET room_id = 99 WHERE seq = 100',
        /^fault: 1 events of room 99, which does not exist$/m,
    ],
    'a room without a salt': [
        "UPDATE rooms SET salt = ''",
        /^fault: room 2: its salt is not 32 hexadecimal digits$/m,
    ],
    'an id that would be given again': [
        "UPDATE meta SET value = 2 WHERE key = 'next_room_id'",
        /^fault: room 2: its id is not below the next room id, 2$/m,
    ],
};

test('check accepts times that go back', async (t) => {
    const folder = await importedFolder(t, 100);
    await run('sqlite3', [join(folder, 'data', 'globes.db'), 'UPDATE events SET time_us = 1 WHERE seq = 50']);
    assert.match(await fine(folder, ['check']), / 0 faults$/m);
});

for (const [what, [sql, pattern]] of Object.entries(PLANTED)) {
    test(`check finds ${what}`, async (t) => {
        const folder = await importedFolder(t, 100);
        await run('sqlite3', [join(folder, 'data', 'globes.db'), sql]);
        const { code, stdout } = await runCommand(folder, ['check']);
        assert.equal(code, 3, stdout);
        assert.match(stdout, pattern);
        assert.match(stdout, /^checked 1 rooms and \d+ events: 1 faults$/m);
    });
}

test('an export refuses a kind of a later version', async (t) => {
    const folder = await importedFolder(t, 100);
    await run('sqlite3', [join(folder, 'data', 'globes.db'), 'UPDATE events SET kind = 7 WHERE seq = 50']);
    const { code, stderr } = await runCommand(folder, ['export', '--output', 'file']);
    assert.equal(code, 1);
    assert.match(stderr, /room 2: seq 50 has the kind 7, which this version of Globes does not know/);
    assert.deepEqual(await readdir(folder), ['data'], 'no file remains');
});

test('check names the cause if events could not be read', async (t) => {
    const folder = await importedFolder(t, 100);
    await run('sqlite3', [join(folder, 'data', 'globes.db'), 'UPDATE events SET kind = 101 WHERE seq = 50']);
    const { code, stdout, stderr } = await runCommand(folder, ['check']);
    assert.equal(code, 1, stdout);
    assert.match(stderr, /event=store_read_failed cause="room 2: the event 50 has the kind 101, which is never stored"/);
});

test('check finds a broken page', async (t) => {
    const folder = await importedFolder(t, 5000);
    const file = await open(join(folder, 'data', 'globes.db'), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(4096, 0xab), 0, 4096, Math.floor(size / 4096 / 2) * 4096);
    await file.close();
    const { code, stdout } = await runCommand(folder, ['check']);
    assert.equal(code, 3, stdout);
    assert.match(stdout, /^fault: the database file: /m);
    await writeFile(join(folder, 'data', 'globes.db'), 'no database at all'.repeat(1000));
    const none = await runCommand(folder, ['check']);
    assert.equal(none.code, 3, none.stdout);
    assert.match(none.stdout, /^fault: .*not a database/m);
    assert.equal(none.stdout.match(/^fault: /gm).length, 1, 'reported once');
});

test('if the folder of a store is read-only, the error says that reading needs write access too', async (t) => {
    const folder = await importedFolder(t, 3);
    // A file that SQLite cannot create there, as on a read-only file system.
    await mkdir(join(folder, 'data/globes.db-wal'));
    for (const command of ['check', 'export']) {
        const { code, stderr } = await runCommand(folder, [command]);
        assert.equal(code, 1);
        assert.match(stderr, /^globes: .*globes\.db: unable to open database file .*folder must be writable, even for reading\n$/);
    }
});

test('a write-ahead log that is removed under a running server is reported', async (t) => {
    const server = await startServer(t);
    await createRoom(server);
    await rm(join(server.dataFolder, 'globes.db-wal'));
    for (const args of [['check'], ['export'], ['backup', 'file']]) {
        const { code, stderr } = await runCommand(server.folder, args);
        assert.equal(code, 1);
        assert.match(stderr, /^globes: .*globes\.db: disk I\/O error .*; its -wal file was removed or replaced while a server uses it/);
    }
});

test('without a store the commands fail', async (t) => {
    const folder = await scratchFolder(t);
    for (const args of [['export'], ['check'], ['backup', 'file']]) {
        const { code, stderr } = await runCommand(folder, args);
        assert.equal(code, 1);
        assert.match(stderr, /data\/globes\.db: does not exist/);
    }
    assert.deepEqual(await readdir(folder), [], 'and nothing is created');
    await writeFile(join(folder, 'config.json'), '{"Store":"memory"}');
    for (const args of [['export'], ['import'], ['check'], ['backup', 'file']]) {
        const { code, stderr } = await runCommand(folder, args);
        assert.equal(code, 2);
        assert.match(stderr, /"memory" stores nothing/);
    }
});

test('a wrong command line is refused with exit code 2, and --help prints the usage', async (t) => {
    const folder = await scratchFolder(t);
    for (const args of [['exprot'], ['--adress', 'x'], ['backup'], ['check', 'extra'], ['export', '--planted'], ['import', 'a', 'b']]) {
        const { code, stderr } = await runCommand(folder, args);
        assert.equal(code, 2, args.join(' '));
        assert.match(stderr, /^globes: .*\nRun with --help/);
    }
    for (const command of ['export', 'import', 'backup', 'check']) {
        const { code, stdout } = await runCommand(folder, [command, '--help']);
        assert.equal(code, 0);
        assert.match(stdout, /--config FILE[^]*--env FILE[^]*--data DIR[^]*running server/);
    }
});

test('progress is shown on a terminal', async (t) => {
    const folder = await importedFolder(t, 5000);
    const { stdout } = await run('script', ['-qefc', `${releaseBinary} export --output file`, '/dev/null'], { cwd: folder });
    assert.match(stdout, /export: 1,000 events, 20 %/);
    assert.match(stdout, /file: 1 rooms, 5000 events/);
});
