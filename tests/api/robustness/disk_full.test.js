// A full disk: refusals instead of losses, and the chat continues when there is space again. Needs root, for a small
// tmpfs.
import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertStatus, createRoom, get } from '../harness/api.js';
import { ChatClient, errorEvent } from '../harness/chat_client.js';
import { Server } from '../harness/server.js';
import { fillDisk, mountSmallDisk } from '../harness/small_disk.js';
import { assertContiguous, assertStored, storedEvents } from '../harness/store.js';
import { eventually } from '../harness/wait.js';

test('on a full disk, sends are refused, nothing unsaved is delivered, and the chat continues by itself', async (t) => {
    const server = new Server({ config: { MessagesPerSecond: 0, MinFreeDisk: 0 } });
    t.after(() => server.finish());
    const disk = mountSmallDisk(t);
    if (!disk) return t.skip('mounting a tmpfs is not permitted here');
    await server.start({ args: ['--data', disk] });
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');
    const witness = await ChatClient.join(server, room, 'witness');
    await ada.next();

    const msg = (number) => `${number} `.padEnd(4000, 'x');
    let sent = 0;
    const say = () => {
        sent += 1;
        ada.say('ada', msg(sent), { id: `${sent}` });
    };
    say();
    assert.equal((await ada.next()).seq, 1);
    const ballast = join(disk, 'ballast');
    fillDisk(ballast);

    // Space that was allocated before may still hold some messages.
    let refusal = null;
    let delivered = 1;
    while (!refusal && sent < 2000) {
        say();
        const text = await ada.nextText();
        if (JSON.parse(text).event_type === 'error') refusal = text;
        else delivered += 1;
    }
    assert.ok(refusal, `${sent} messages fitted on a full disk`);
    const { retry_after_ms: _, ...error } = JSON.parse(refusal);
    assert.deepEqual(error, JSON.parse(errorEvent(room, { code: 505, name: 'ada', id: `${sent}` })));
    for (let more = 0; more < 5; more += 1) {
        say();
        const event = await ada.next();
        assert.deepEqual([event.event_type, event.error?.code], ['error', 505]);
    }
    assertStatus(await get(server, '/health'), 200);
    assert.equal((await get(server, `/chats/${room.id}`)).json.users.length, 2, 'rooms can still be read');

    unlinkSync(ballast);
    await eventually(async () => {
        say();
        const event = await ada.find(
            ({ event_type, id }) => ['send', 'error'].includes(event_type) && id === `${sent}`,
        );
        return event.event_type === 'send';
    }, 'sends succeed again');
    const last = ada.received('send').at(-1);

    await witness.find((event) => event.seq === last.seq);
    const received = witness.received('send');
    assert.deepEqual(received, ada.received('send'), 'both received the same');
    assert.deepEqual(
        received.map(({ seq }) => seq),
        received.map((_, index) => index + 1),
        'without gap',
    );
    assert.ok(received.length > delivered);
    const rows = await storedEvents(disk, room.id);
    assertContiguous(rows);
    assertStored(rows, received);

    await server.stop();
    await server.start();
    const again = await ChatClient.open(server, room);
    again.say('eve', 'after the restart');
    assert.equal((await again.next()).seq, rows.length + 1);
    await again.leave();
    await server.stop();
});
