// The commands on MongoDB: the deadlines of live chat do not apply.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { runCommand } from '../harness/command.js';
import { exportLines } from '../harness/export_file.js';
import { freshDatabase, startFerretdb, withoutFerretdb } from '../harness/mongodb.js';
import { MongodbGate } from '../harness/mongodb_gate.js';

// Longer than a live commit (2 s), a lookup (0.8 s) or a page of history (2.5 s) may take.
const SLOW_MS = 3000;

async function folderOn(t, uri) {
    const folder = await mkdtemp(join(tmpdir(), 'globes-commands-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, '.env'), `MONGODB_URI=${uri}\n`);
    return folder;
}

/** Runs a command whose first call `call` with `text` in it gets no reply for that long, unless the command ends
 * before. */
async function runSlowly(t, ferretdb, name, { args, input, call, text }) {
    const gate = await MongodbGate.start(t, ferretdb.uri);
    const folder = await folderOn(t, gate.uri + name);
    const isStuck = gate.holdUp(call, text);
    const result = runCommand(folder, args, input);
    await Promise.race([isStuck, result]);
    await Promise.race([pause(SLOW_MS), result]);
    gate.letGo();
    const { code, stdout, stderr } = await result;
    assert.equal(code, 0, `globes ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
}

test('a slow database is not a fault of its contents', { skip: withoutFerretdb() }, async (t) => {
    const ferretdb = await startFerretdb(t);
    const uri = freshDatabase(ferretdb.uri);
    const name = uri.slice(ferretdb.uri.length);
    const exported = exportLines({ events: 50 }).join('');
    const imported = await runSlowly(t, ferretdb, name, { args: ['import'], input: exported, call: 'insert', text: 'seq' });
    assert.equal(imported, 'imported 1 rooms and 50 events; 0 rooms and 0 events existed already\n');
    const page = { call: 'find', text: '$gte' };
    const [readSlowly, lookedUpSlowly, exportedSlowly] = await Promise.all([
        runSlowly(t, ferretdb, name, { args: ['check'], ...page }),
        runSlowly(t, ferretdb, name, { args: ['check'], call: 'find', text: 'dedupe_key' }),
        runSlowly(t, ferretdb, name, { args: ['export'], ...page }),
    ]);
    assert.equal(readSlowly, 'checked 1 rooms and 50 events: 0 faults\n');
    assert.equal(lookedUpSlowly, readSlowly);
    assert.equal(exportedSlowly, exported);
});

test('documents that a check is not allowed to read are not a fault', { skip: withoutFerretdb() }, async (t) => {
    const ferretdb = await startFerretdb(t);
    const gate = await MongodbGate.start(t, ferretdb.uri);
    const folder = await folderOn(t, freshDatabase(gate.uri));
    await runCommand(folder, ['import'], exportLines({ events: 5 }).join(''));
    gate.refuse('find', 'dedupe_key');
    const { code, stdout, stderr } = await runCommand(folder, ['check']);
    assert.equal(code, 1, stdout);
    assert.match(stderr, /^globes: room 2: its ids from seq 1 on could not be looked up$/m);
    assert.equal(stdout, 'checked 1 rooms and 5 events: 0 faults, 1 could not be read\n');
});
