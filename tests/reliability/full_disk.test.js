// A disk that is full again and again while people talk. Needs root, for a small tmpfs.
import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertStatus, createRoom, get } from '../api/harness/api.js';
import { Server } from '../api/harness/server.js';
import { fillDisk, mountSmallDisk } from '../api/harness/small_disk.js';
import { within } from '../api/harness/wait.js';
import { readForward, seqOf } from './history.js';
import { Load } from './load.js';

// Room for the write-ahead log, which is some 4 MiB before a checkpoint, and for the database beside it.
const DISK_MIB = 16;
const ROUNDS = process.env.GLOBES_LONG === '1' ? 10 : 2;

test('a full disk under load: refusals, readable history, recovery without a restart, nothing lost', async (t) => {
    const server = new Server({ config: { MessagesPerSecond: 0, MinFreeDisk: 0 } });
    t.after(() => server.finish());
    const disk = mountSmallDisk(t, DISK_MIB);
    if (!disk) return t.skip('mounting a tmpfs is not permitted here');
    await server.start({ args: ['--data', disk] });
    const room = await createRoom(server);
    // One message on its way for each: whatever is refused is repeated before the next, so order can be checked.
    const load = new Load(t, server, room, { senders: 8, receivers: 8, window: 1, padding: 400 });
    await load.welcomed();
    load.talk();
    const ballast = join(disk, 'ballast');
    for (let round = 0; round < ROUNDS; round += 1) {
        await load.acks(100);
        const refusalsOf = ({ name }) => load.record.senders.get(name).refused.size;
        const before = load.senders.map(refusalsOf);
        fillDisk(ballast);
        const refused = load.senders.map((sender, index) => sender.until(() => refusalsOf(sender) > before[index]));
        await within(Promise.all(refused), () => 'every sender is refused on a full disk');

        assertStatus(await get(server, '/health'), 200);
        // What fits into the log that is there already is stored all the while, and acked.
        const acked = load.record.ackCount;
        const whileFull = await readForward(server, room);
        assert.ok(whileFull.length >= acked, 'history can be read while the disk is full');
        const late = load.join(`late comer ${round}`);
        await within(late.until(() => late.last >= seqOf(whileFull.at(-1))), () => 'who comes now can read all');
        load.receivers.push(late);

        unlinkSync(ballast);
    }
    await load.acks(100);
    await load.settle();
    assert.ok(load.all.every(({ connections }) => connections === 1), 'nobody lost the connection over it');
});
