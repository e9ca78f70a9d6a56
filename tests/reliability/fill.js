// Inserts a large number of messages into a room of a store that no server has open, as if they had been sent.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Appends `count` messages, all sent `age_s` seconds ago, without ids. */
export async function fillRoom(dataFolder, room, count, { age_s = 0 } = {}) {
    const sql = `
        INSERT INTO events (room_id, seq, kind, name, color, text, client_id, time_us, name_key)
        WITH RECURSIVE
            base(seq) AS (SELECT coalesce(max(seq), 0) FROM events WHERE room_id = ${room.id}),
            numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
        SELECT ${room.id}, base.seq + n, 1, 'member ' || (n % 100), 'red', 'message ' || n || ' of those from before',
            '', (unixepoch() - ${age_s}) * 1000000, NULL
        FROM base, numbers;`;
    await run('sqlite3', ['-bail', join(dataFolder, 'globes.db'), sql]);
}
