// Keepalive (docs/protocol.md#close-codes): pings, and what happens without pongs. Waits for the real intervals.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { Opcode } from './harness/frames.js';
import { RawSocket } from './harness/raw_socket.js';
import { sharedServer } from './harness/server.js';

const server = sharedServer();

test('a silent client is pinged after 25 s and dropped 10 s later unless it answers', async () => {
    const room = await createRoom(server);
    const begin = Date.now();
    const polite = await ChatClient.join(server, room, 'polite');
    const mute = await RawSocket.open(server, room);
    mute.sendEvent({ event_type: 'join', name: 'mute' });
    await mute.nextEvent();
    await polite.next();

    const ping = await mute.nextFrame(35_000);
    const pingedAfter = (Date.now() - begin) / 1000;
    assert.equal(ping.opcode, Opcode.PING);
    assert.ok(pingedAfter > 22 && pingedAfter < 30, `pinged after ${pingedAfter} s`);

    assert.equal(await mute.closeCode(20_000), 4001);
    const closedAfter = (Date.now() - begin) / 1000 - pingedAfter;
    assert.ok(closedAfter > 8 && closedAfter < 14, `closed ${closedAfter} s after the ping`);
    assert.equal((await polite.next()).msg, 'mute has left the room.');
    mute.close();
    await polite.expectSilence('polite');
    await polite.leave();
});
