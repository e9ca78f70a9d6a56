// MinFreeDisk (docs/operations.md#health): the server stops storing before the disk is full, and continues by itself.
// Needs root, for a small tmpfs.
import assert from 'node:assert/strict';
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ERROR_TEXT, assertStatus, createRoom, freshTitle, get, post, put, remove } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { metricsOf } from '../harness/metrics.js';
import { Server } from '../harness/server.js';
import { mountSmallDisk } from '../harness/small_disk.js';

const MIB = 1 << 20;
const REASON = 'The server has too little free disk space. Try again later.';
const REFUSAL = { code: 505, error: ERROR_TEXT[505], reason: REASON };

function assertRefused(answer) {
    assertStatus(answer, 503);
    assert.deepEqual(answer.json, { status: false, error: REFUSAL });
    assert.equal(answer.headers['retry-after'], '30');
}

test('with too little free space, nothing new is stored, and everything else goes on', async (t) => {
    const server = new Server({ config: { MinFreeDisk: 16 * MIB } });
    t.after(() => server.finish());
    const disk = mountSmallDisk(t, 32);
    if (!disk) return t.skip('mounting a tmpfs is not permitted here');
    await server.start({ args: ['--data', disk] });
    const room = await createRoom(server);
    const other = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    ada.say('ada', 'before', { id: 'a' });
    await ada.find(({ msg }) => msg === 'before');
    const free = (await metricsOf(server)).get('globes_disk_free_bytes');
    assert.ok(free > 16 * MIB && free < 32 * MIB, `${free} bytes are free`);

    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(20 * MIB));
    const lowAt = server.log.length;
    await server.logged(/event=disk_low free_bytes=\d+ least_bytes=16777216/);
    ada.say('ada', 'while it is low', { id: 'b' });
    const refusal = await ada.find(({ event_type }) => event_type === 'error');
    assert.deepEqual([refusal.id, refusal.msg, refusal.error], ['b', REASON, REFUSAL]);
    assertRefused(await post(server, '/chats', { title: freshTitle(), visibility: 'public' }));
    assertRefused(await put(server, `/chats/${room.id}`, { title: freshTitle() }));

    assertStatus(await get(server, '/ready'), 200);
    const { events } = (await get(server, `/chats/${room.id}/events`)).json;
    assert.deepEqual(
        events.map(({ msg }) => msg),
        ['before'],
    );
    const bob = await ChatClient.join(server, room, 'bob');
    await bob.leave();
    await ada.find(({ event_type, name }) => event_type === 'leave' && name === 'bob');
    assertStatus(await remove(server, `/chats/${other.id}`), 200);
    assertStatus(await get(server, `/chats/${other.id}`), 404);

    unlinkSync(ballast);
    await server.logged(/event=disk_ok free_bytes=\d+/, lowAt);
    ada.say('ada', 'while it is low', { id: 'b' });
    assert.equal((await ada.find(({ event_type }) => event_type === 'send')).msg, 'while it is low');
    assertStatus(await put(server, `/chats/${room.id}`, { title: freshTitle() }), 200);
    await ada.leave();
});

test('a server that starts on a low disk refuses from the first message', async (t) => {
    const server = new Server({ config: { MinFreeDisk: 1e15 } });
    t.after(() => server.finish());
    await server.start();
    const ada = await ChatClient.join(server, { id: 1 }, 'ada');
    ada.say('ada', 'hi');
    assert.deepEqual((await ada.find(({ event_type }) => event_type === 'error')).error, REFUSAL);
    await ada.leave();
    await server.stop();
    await server.start({ config: { MinFreeDisk: 0 } });
    assert.ok(!server.log.slice(server.log.lastIndexOf('started')).includes('disk_low'));
    const again = await ChatClient.join(server, { id: 1 }, 'ada');
    again.say('ada', 'hi');
    assert.equal((await again.find(({ event_type }) => event_type === 'send')).msg, 'hi');
    await again.leave();
});
