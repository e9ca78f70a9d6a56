// The database is replaced while a server uses it: nothing more is acked, and the server reports it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertError, assertStatus, createRoom, get, post } from '../harness/api.js';
import { ChatClient } from '../harness/chat_client.js';
import { freshDatabase, startMongoJavaServer, withoutMongoJavaServer } from '../harness/mongodb.js';
import { startServer } from '../harness/server.js';

test('a database that comes back empty gets no more writes', { skip: withoutMongoJavaServer() }, async (t) => {
    const database = await startMongoJavaServer(t);
    const server = await startServer(t, { env: { MONGODB_URI: freshDatabase(database.uri) } });
    const room = await createRoom(server);
    const ada = await ChatClient.open(server, room);
    ada.say('ada', 'kept', { id: 'kept' });
    assert.equal((await ada.next()).msg, 'kept');
    await database.kill();
    await database.start();
    await server.logged(/event=database_lost cause=.*missing/);
    ada.say('ada', 'lost', { id: 'lost' });
    await ada.expectError(room, 505, undefined, 'lost');
    assertError(await get(server, '/ready'), 503, 505);
    assertStatus(await get(server, '/health'), 200);
    assertError(await post(server, '/chats', { title: 'Another room', visibility: 'public' }), 503, 505);
    assertError(await get(server, `/chats/${room.id}/events`), 503, 505);
    assert.equal(server.log.match(/event=database_lost/g).length, 1, 'one line');
    await server.stop();
    await server.start();
    assertStatus(await get(server, '/ready'), 200);
});
