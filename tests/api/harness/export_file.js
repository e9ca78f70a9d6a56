// Files of `globes export` (docs/operations.md), written and read without the program.
import assert from 'node:assert/strict';

const FIRST_TIME = Date.UTC(2024, 0, 1);

function time(index) {
    return new Date(FIRST_TIME + index).toISOString().replace('Z', '000Z');
}

const SALT_FIELDS = { owner_epoch: 0, salt: '0123456789abcdef0123456789abcdef', old_keys_until: '' };

/**
 * The lines of one public room with that many messages, each with an id. `isOld`: as a version writes them whose rooms have
 * no salts.
 */
export function exportLines({ room = 2, title = 'Imported room', events, nextRoomId = room + 1, isOld = false }) {
    const head = { kind: 'globes-export', version: 1, next_room_id: nextRoomId };
    const record = {
        ...{ kind: 'room', id: room, title, description: '', visibility: 'public', password_hash: '', owned: false },
        ...{ token_epoch: 0, ...(isOld ? {} : SALT_FIELDS), retention: 0, max_events: 0, createdAt: time(0), updatedAt: time(0) },
        ...{ first_seq: 1, last_seq: events },
    };
    const sends = Array.from({ length: events }, (_, index) => ({
        ...{ kind: 'send', room_id: room, seq: index + 1, name: `sender ${index % 7}`, color: 'teal' },
        ...{ msg: `message ${index + 1}, "quoted" and ☃`, id: `id-${index + 1}`, time: time(index + 1) },
    }));
    const end = { kind: 'end', rooms: 1, events };
    return [head, record, ...sends, end].map((line) => `${JSON.stringify(line)}\n`);
}

/** The rooms of an export by id, each with its `events`; asserts that the file is complete and the seqs have no gap. */
export function readExport(text) {
    const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.equal(lines[0].kind, 'globes-export');
    const rooms = new Map();
    let count = 0;
    for (const line of lines.slice(1, -1)) {
        if (line.kind === 'room') {
            rooms.set(line.id, { ...line, events: [] });
            continue;
        }
        const room = rooms.get(line.room_id);
        assert.equal(line.seq, room.first_seq + room.events.length);
        room.events.push(line);
        count += 1;
    }
    for (const room of rooms.values()) assert.equal(room.events.length, room.last_seq - room.first_seq + 1);
    assert.deepEqual(lines.at(-1), { kind: 'end', rooms: rooms.size, events: count });
    return rooms;
}
