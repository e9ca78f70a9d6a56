// The contents of the SQLite store, read by SQLite's own shell while the server runs or afterwards.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function query(dataFolder, sql) {
    const database = join(dataFolder, 'globes.db');
    const options = { maxBuffer: 1 << 30 };
    const { stdout } = await run('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 5000', database, sql], options);
    return stdout.trim() === '' ? [] : JSON.parse(stdout);
}

/** All send events of a room in order of `seq`, as rows of the events table. */
export function storedEvents(dataFolder, roomId) {
    const columns = 'seq, kind, name, color, text, client_id, time_us';
    return query(dataFolder, `SELECT ${columns} FROM events WHERE room_id = ${roomId} ORDER BY seq`);
}

/** The number of stored events of a room, including those that readers cannot see any more. */
export async function countEvents(dataFolder, roomId) {
    const [{ count }] = await query(dataFolder, `SELECT count(*) AS count FROM events WHERE room_id = ${roomId}`);
    return count;
}

/** The oldest stored seq of a room, whether readers see it or not; null if the room has no events. */
export async function oldestSeq(dataFolder, roomId) {
    const [{ oldest }] = await query(dataFolder, `SELECT min(seq) AS oldest FROM events WHERE room_id = ${roomId}`);
    return oldest;
}

/** The parts of the key of a room's tokens, besides the server's own: `{ salt, token_epoch, password_hash }`. */
export async function storedRoomKeyParts(dataFolder, roomId) {
    const [parts] = await query(dataFolder, `SELECT salt, token_epoch, password_hash FROM rooms WHERE id = ${roomId}`);
    return parts;
}

/** The seqs of the rows must be 1, 2, 3 … without gap. */
export function assertContiguous(rows) {
    rows.forEach((row, index) => assert.equal(row.seq, index + 1, `seq ${row.seq} stands at place ${index + 1}`));
}

/** Every received send event must be stored once, as it was delivered. */
export function assertStored(rows, events) {
    for (const event of events) {
        const row = rows[event.seq - 1];
        assert.ok(row, `seq ${event.seq} was delivered but is not stored (the newest is ${rows.length})`);
        const stored = { seq: row.seq, name: row.name, msg: row.text };
        assert.deepEqual(stored, { seq: event.seq, name: event.name, msg: event.msg });
    }
}
