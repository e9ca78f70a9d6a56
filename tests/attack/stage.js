// The server that is attacked, with what it has stored: the same for each attack. Addresses are part of it: the attacker
// and the users have different ones, and none of them is exempt from the limits.
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PASSWORD, createPrivateRoom, createRoom, onlineIn } from '../api/harness/api.js';
import { runCommand } from '../api/harness/command.js';
import { metricsOf } from '../api/harness/metrics.js';
import { readProc } from '../api/harness/proc.js';
import { Server } from '../api/harness/server.js';
import { WebSocket } from '../api/harness/web_socket.js';
import { eventually } from '../api/harness/wait.js';
import { USERS } from './users.js';

/** What an attack may cost others (docs/security.md#attacks): a factor and an addition for their times, and memory. */
export const TARGETS = { factor: 3, extra_ms: 5, memory_mib: 256 };

const PRIVATE_ROOMS = 10;
const LISTED_ROOMS = 1000;
const FIRST_LISTED = 100;
const LONG_MESSAGES = 1500;
const CROWD = 200;
const LARGE_FILE_BYTES = 64 << 20;

/** With Public Chat and the hidden one. */
export const STORED_ROOMS = 1 + 3 + LISTED_ROOMS + PRIVATE_ROOMS + 1;

/** Without limits, for what a test itself does. */
const config = { ExemptAddresses: ['127.0.0.1'] };

/**
 * Room 2 is the users' own, room 3 has the longest messages, room 4 will have many members, and the rooms from 100 on have
 * the longest titles, nearly equal.
 */
function* exportedLines() {
    const time = '2024-01-01T00:00:00.000000Z';
    const rooms = [
        { id: 2, title: 'Users', events: 200, msg: (seq) => `message ${seq} of those from before` },
        { id: 3, title: 'Long', events: LONG_MESSAGES, msg: (seq) => `${seq} `.padEnd(4096, '\u20AC') },
        { id: 4, title: 'Crowd', events: 0 },
        ...Array.from({ length: LISTED_ROOMS }, (_, index) => ({
            ...{ id: FIRST_LISTED + index, title: `${index}`.padStart(70, '\u20AC'), events: 0 },
            description: '\u20AC'.repeat(70),
        })),
    ];
    let total = 0;
    yield { kind: 'globes-export', version: 1, next_room_id: FIRST_LISTED + LISTED_ROOMS };
    for (const { id, title, description = '', events, msg } of rooms) {
        yield {
            ...{ kind: 'room', id, title, description, visibility: 'public', password_hash: '', owned: false },
            ...{ token_epoch: 0, owner_epoch: 0, salt: id.toString(16).padStart(32, '0'), old_keys_until: '' },
            ...{ retention: 0, max_events: 0, createdAt: time, updatedAt: time, first_seq: 1, last_seq: events },
        };
        for (let seq = 1; seq <= events; seq += 1) {
            yield { kind: 'send', room_id: id, seq, name: `sender ${seq % 7}`, color: 'teal', msg: msg(seq), id: `${seq}`, time };
        }
        total += events;
    }
    yield { kind: 'end', rooms: rooms.length, events: total };
}

export class Stage {
    #folder;
    #rooms;
    #dataFolders = new Map();

    /** Makes the data, once. */
    static async make() {
        const stage = new Stage();
        stage.#folder = await mkdtemp(join(tmpdir(), 'globes-stage-'));
        const lines = [...exportedLines()].map((line) => `${JSON.stringify(line)}\n`);
        const { code, stderr } = await runCommand(stage.#folder, ['import'], lines.join(''));
        assert.equal(code, 0, stderr);
        const server = new Server({ config, args: ['--data', join(stage.#folder, 'data')] });
        await server.start();
        const privateRooms = [];
        for (let count = 0; count < PRIVATE_ROOMS; count += 1) privateRooms.push((await createPrivateRoom(server)).id);
        const hidden = (await createRoom(server, { title: 'Nobody knows', visibility: 'hidden', password: PASSWORD })).id;
        await server.finish();
        await mkdir(join(stage.#folder, 'site'));
        await writeFile(join(stage.#folder, 'site/index.html'), 'page');
        await writeFile(join(stage.#folder, 'site/large.bin'), '');
        await truncate(join(stage.#folder, 'site/large.bin'), LARGE_FILE_BYTES);
        stage.#rooms = { users: 2, long: 3, crowd: 4, firstListed: FIRST_LISTED, listed: LISTED_ROOMS, privateRooms, hidden };
        return stage;
    }

    /**
     * A server with a copy of the data. `Static: true` in `changes` stands for a folder with a large file. `tls`: attackers
     * and users speak TLS to it. `env`: as in `Server`.
     */
    async start(changes = {}, { tls = false, env } = {}) {
        const data = await mkdtemp(join(this.#folder, 'data-'));
        await cp(join(this.#folder, 'data'), data, { recursive: true });
        const site = changes.Static ? { Static: join(this.#folder, 'site') } : {};
        const server = await new Server({ config: { ...config, ...changes, ...site }, args: ['--data', data], tls, env }).start();
        this.#dataFolders.set(server, data);
        await this.#fillCrowd(server);
        return server;
    }

    /** Where that server keeps its data. */
    dataFolderOf(server) {
        return this.#dataFolders.get(server);
    }

    /** Members that do nothing until the server ends. */
    async #fillCrowd(server) {
        const url = `ws${server.tls ? 's' : ''}://${server.host}:${server.port}/chats/${this.#rooms.crowd}/ws`;
        for (let index = 0; index < CROWD; index += 1) {
            const socket = new WebSocket(url, { perMessageDeflate: false, rejectUnauthorized: false });
            socket.on('error', () => {});
            socket.on('open', () => socket.send(JSON.stringify({ event_type: 'join', name: `${index}`.padStart(32, '\u20AC') })));
        }
        const isFull = async () => (await onlineIn(server, { id: this.#rooms.crowd })) === CROWD;
        await eventually(isFull, `${CROWD} members are in the crowded room`);
    }

    /** What attackers and users need to know of a server, as JSON. */
    sceneOf({ host, port, tls }) {
        return { host, port, tls, rooms: this.#rooms, password: PASSWORD, users: USERS };
    }

    remove() {
        return rm(this.#folder, { recursive: true, force: true });
    }
}

/** The counters of failed tasks that are not 0, as texts. */
export async function failedTasks(server) {
    const counters = [...(await metricsOf(server))].filter(([name]) => name.startsWith('globes_tasks_failed_total{'));
    assert.ok(counters.length > 0, 'failed tasks are counted');
    return counters.filter(([, value]) => value > 0).map((counter) => counter.join(' '));
}

/** The most memory that a process has had at once, in MiB. */
export function peakMemory(pid) {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`))[1]) / 1024;
}
