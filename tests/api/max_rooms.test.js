// MaxRooms (docs/configuration.md): a full server refuses new rooms, and everything else goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ERROR_TEXT, PASSWORD, assertStatus, createRoom, freshTitle, get, post, put, remove } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { metricsOf } from './harness/metrics.js';
import { startServer } from './harness/server.js';

const FULL = 'The server has as many rooms as it may have.';

function assertFull(answer) {
    assertStatus(answer, 503);
    assert.deepEqual(answer.json, { status: false, error: { code: 505, error: ERROR_TEXT[505], reason: FULL } });
    assert.equal(answer.headers['retry-after'], '30');
}

test('a full server refuses new rooms until one is deleted', async (t) => {
    const server = await startServer(t, { config: { MaxRooms: 3 } });
    const create = (more) => post(server, '/chats', { title: freshTitle(), visibility: 'public', ...more });
    const rooms = [await createRoom(server), await createRoom(server)];
    assertFull(await create());
    assertFull(await create({ visibility: 'private', password: PASSWORD }));
    assert.equal((await metricsOf(server)).get('globes_rooms_refused_total'), 2);
    await server.logged(/method=POST path=\/chats status=503 .* limit=max_rooms\n/);
    assertStatus(await put(server, `/chats/${rooms[0].id}`, { title: freshTitle() }), 200);
    assertStatus(await remove(server, `/chats/${rooms[0].id}`), 200);
    assertStatus(await create(), 201);
    assertFull(await create());
});

test('rooms beyond a lowered limit stay usable', async (t) => {
    const server = await startServer(t);
    const room = await createRoom(server);
    const other = await createRoom(server);
    await server.stop();
    await server.start({ config: { MaxRooms: 1 } });
    assertFull(await post(server, '/chats', { title: freshTitle(), visibility: 'public' }));
    for (const { id } of [room, other]) assertStatus(await get(server, `/chats/${id}`), 200);
    const ada = await ChatClient.join(server, room, 'ada');
    ada.say('ada', 'still here');
    await ada.find(({ msg }) => msg === 'still here');
    await ada.leave();
});
