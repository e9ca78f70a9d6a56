// From SQLite to MongoDB and back: the same export, byte for byte (docs/mongodb.md).
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { createPrivateRoom, createRoom } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { runCommand } from '../harness/command.js';
import { freshDatabase, startFerretdb, withoutFerretdb } from '../harness/mongodb.js';
import { startServer } from '../harness/server.js';

async function fine(folder, args, input) {
    const { code, stdout, stderr } = await runCommand(folder, args, input);
    assert.equal(code, 0, `globes ${args.join(' ')}: ${stderr}`);
    return stdout;
}

/** An export of a server that has rooms of every kind and a few hundred messages. */
async function exportOfServer(t) {
    const server = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const room = await createRoom(server, { title: 'Größe 大 🌍', retention: 86400, owner: true });
    await createPrivateRoom(server, { max_events: 7 });
    await createPrivateRoom(server, { visibility: 'hidden' });
    const ada = await ChatClient.resume(server, room);
    for (let number = 1; number <= 300; number += 1)
        ada.say('Ada "ä" \\', `${number} ☃ \u2028`, number % 3 === 0 ? { id: `c${number}` } : {});
    await ada.find(({ seq, event_type }) => event_type === 'send' && seq === 300);
    await ada.leave();
    await server.stop();
    return fine(server.folder, ['export']);
}

test('an export moves to MongoDB and back without a byte changed', { skip: withoutFerretdb() }, async (t) => {
    const exported = await exportOfServer(t);
    const ferretdb = await startFerretdb(t);
    const folder = await mkdtemp(join(tmpdir(), 'globes-moving-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const onMongodb = join(folder, 'mongodb');
    const onSqlite = join(folder, 'sqlite');
    await Promise.all([mkdir(onMongodb), mkdir(onSqlite)]);
    await writeFile(join(onMongodb, '.env'), `MONGODB_URI=${freshDatabase(ferretdb.uri)}\n`);

    await fine(onMongodb, ['import'], exported);
    assert.match(await fine(onMongodb, ['check']), /^checked 4 rooms and 300 events: 0 faults\n$/);
    const moved = await fine(onMongodb, ['export']);
    assert.equal(moved, exported);
    await fine(onSqlite, ['import'], moved);
    assert.equal(await fine(onSqlite, ['export']), exported);

    const refused = await runCommand(onMongodb, ['backup', 'copy.db']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /mongodump/);
});
