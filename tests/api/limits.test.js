// Too many, too fast, too long (docs/protocol.md#limits).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from './harness/api.js';
import { ChatClient, errorEvent } from './harness/chat_client.js';
import { Opcode, encodeFrame } from './harness/frames.js';
import { metricsOf } from './harness/metrics.js';
import { RawSocket } from './harness/raw_socket.js';
import { sharedServer, startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

const BURST = 60;
const server = sharedServer();

const isRefusal = (event) => event.event_type === 'error' && event.error.code === 503;

test('a burst of 60 is accepted, and messages beyond it are refused to their sender only', async () => {
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const flooder = await ChatClient.open(server, room);
    const total = BURST + 40;
    for (let count = 0; count < total; count += 1) flooder.say('flooder', `${count}`, { id: `id ${count}` });
    const answers = [];
    while (answers.length < total) answers.push(await flooder.next());
    const said = answers.filter(({ event_type }) => event_type === 'send');
    const refused = answers.filter(isRefusal);
    assert.equal(said.length + refused.length, total);
    // The limiter refills during the burst: 20 in each second.
    assert.ok(said.length >= BURST && said.length <= BURST + 20, `${said.length} of the burst were let through`);
    for (const refusal of refused) {
        assert.ok(
            refusal.retry_after_ms > 0 && refusal.retry_after_ms <= 1000,
            `retry after ${refusal.retry_after_ms} ms`,
        );
        const { retry_after_ms, ...rest } = refusal;
        assert.deepEqual(rest, JSON.parse(errorEvent(room, { code: 503, name: 'flooder', id: refusal.id })));
    }
    const received = [];
    while (received.length < said.length) received.push((await witness.next()).id);
    assert.deepEqual(
        received,
        said.map(({ id }) => id),
    );
    await witness.expectSilence('witness');
    await witness.leave();
    await flooder.leave();
});

test('a client that waits as long as told may send again', async () => {
    const room = await createRoom(server);
    const flooder = await ChatClient.open(server, room);
    for (let count = 0; count < BURST + 10; count += 1) flooder.say('flooder', `${count}`);
    const { retry_after_ms } = await flooder.find(isRefusal);
    await new Promise((resolve) => setTimeout(resolve, retry_after_ms + 200));
    flooder.say('flooder', 'patience');
    await flooder.find((event) => event.msg === 'patience');
    await flooder.leave();
});

test('the limit counts event frames, whatever their contents', async () => {
    const room = await createRoom(server);
    const noisy = await ChatClient.open(server, room);
    for (let count = 0; count < BURST + 30; count += 1) noisy.send('nonsense');
    await noisy.find(isRefusal);
    await noisy.leave();
});

test('100 refusals within 10 s end the connection with 4009', async () => {
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const flooder = await ChatClient.open(server, room);
    for (let count = 0; count < 400; count += 1) flooder.say('flooder', `${count}`);
    assert.equal((await flooder.closed()).code, 4009);
    assert.ok(flooder.received('error').filter(isRefusal).length <= 100);
    await witness.find((event) => event.event_type === 'leave' && event.name === 'flooder');
    await witness.leave();
});

test('the limit is per connection', async () => {
    const room = await createRoom(server);
    const flooder = await ChatClient.open(server, room);
    const calm = await ChatClient.join(server, room, 'calm');
    for (let count = 0; count < BURST + 20; count += 1) flooder.say('flooder', `${count}`);
    calm.say('calm', 'and I?');
    await calm.find((event) => event.msg === 'and I?');
    await flooder.leave();
    await calm.leave();
});

test('MessagesPerSecond: 0 means unlimited', async (t) => {
    const own = await startServer(t, { config: { MessagesPerSecond: 0 } });
    const ada = await ChatClient.open(own, { id: 1 });
    for (let count = 1; count <= 5000; count += 1) ada.say('ada', `${count}`);
    for (let count = 1; count <= 5000; count += 1) assert.equal((await ada.next()).seq, count);
    await ada.leave();
});

test('pings have a limit of their own, and a flood of them closes the connection', async () => {
    const room = await createRoom(server);
    const socket = await RawSocket.open(server, room);
    const few = 300;
    for (let count = 0; count < few; count += 1) socket.sendFrame(Opcode.PING, `${count}`);
    for (let count = 0; count < few; count += 1) {
        const pong = await socket.nextFrame();
        assert.deepEqual([pong.opcode, pong.payload.toString()], [Opcode.PONG, `${count}`]);
    }
    await socket.leave();
});

test('frames without an end are cut off at the limit', async () => {
    const room = await createRoom(server);
    const socket = await RawSocket.open(server, room);
    socket.write(encodeFrame(Opcode.TEXT, 'x'.repeat(60_000), { fin: false }));
    for (let count = 0; count < 10; count += 1)
        socket.write(encodeFrame(Opcode.CONTINUATION, 'x'.repeat(60_000), { fin: false }));
    assert.equal(await socket.closeCode(), 1009);
    socket.close();
});

test('empty fragments and pongs without end are closed with 4009', async () => {
    const room = await createRoom(server);
    for (const opcode of [Opcode.CONTINUATION, Opcode.PONG]) {
        const raw = await RawSocket.open(server, room);
        if (opcode === Opcode.CONTINUATION) raw.sendFrame(Opcode.TEXT, '', { fin: false });
        const frames = Buffer.concat(
            Array.from({ length: 10_000 }, () => encodeFrame(opcode, '', { fin: opcode === Opcode.PONG })),
        );
        const closed = raw.closeCode();
        for (let count = 0; count < 20 && !raw.socket.destroyed; count += 1) raw.write(frames);
        assert.equal(await closed, 4009);
        raw.socket.destroy();
    }
});

test('an address may send so many fragments and pongs, on all its connections together', async (t) => {
    const own = await startServer(t, { config: { ExemptAddresses: ['127.0.0.1'], MessagesPerSecond: 1 } });
    const room = await createRoom(own);
    const send = async (count, from) => {
        const raw = await RawSocket.open(own, room, { from });
        t.after(() => raw.socket.destroy());
        raw.write(Buffer.concat(Array(count).fill(encodeFrame(Opcode.PONG, ''))));
        raw.sendFrame(Opcode.PING, 'done');
        const { opcode, payload } = await raw.nextFrame();
        return opcode === Opcode.PONG ? payload.toString() : payload.readUInt16BE();
    };
    for (let count = 0; count < 3; count += 1) assert.equal(await send(131_072, '127.0.0.2'), 'done');
    assert.equal(await send(100_000, '127.0.0.2'), 4009);
    assert.equal(await send(1000, '127.0.0.3'), 'done');
    assert.equal((await metricsOf(own)).get('globes_address_refusals_total{limit="frames"}'), 1);
});

test('a message may come in fragments of one byte', async () => {
    const room = await createRoom(server);
    const witness = await ChatClient.join(server, room, 'witness');
    const raw = await RawSocket.open(server, room);
    const event = Buffer.from(JSON.stringify({ event_type: 'send', name: 'slowly', msg: 'x'.repeat(4000) }));
    const frames = [...event].map((byte, index) =>
        encodeFrame(index === 0 ? Opcode.TEXT : Opcode.CONTINUATION, Buffer.of(byte), { fin: index === event.length - 1 }),
    );
    raw.write(Buffer.concat(frames));
    await witness.find(({ name, event_type }) => name === 'slowly' && event_type === 'send');
    await raw.leave();
    await witness.leave();
});

test('a message that does not end within ReadTimeout closes its connection with 4008', async (t) => {
    const impatient = await startServer(t, { config: { ReadTimeout: 0.5 } });
    const raw = await RawSocket.open(impatient, { id: 1 });
    const frame = encodeFrame(Opcode.TEXT, 'x'.repeat(100));
    raw.write(frame.subarray(0, 10));
    let sent = 10;
    const timer = setInterval(() => raw.write(frame.subarray(sent, (sent += 1))), 100);
    assert.equal(await raw.closeCode(), 4008);
    clearInterval(timer);
    raw.socket.destroy();
});

test('messages of a whole room are limited, and a refused one may be repeated', async (t) => {
    const slow = await startServer(t, { config: { MessagesPerSecond: 0, RoomMessagesPerSecond: 2 } });
    const room = await createRoom(slow);
    const other = await createRoom(slow);
    const witness = await ChatClient.join(slow, room, 'witness');
    const speakers = await Promise.all(['ada', 'bob', 'cy'].map((name) => ChatClient.join(slow, room, name)));
    for (const [index, name] of ['ada', 'bob', 'cy'].entries()) {
        for (let count = 0; count < 5; count += 1) speakers[index].say(name, `${count}`, { id: `${name} ${count}` });
    }
    const refusals = [];
    for (const speaker of speakers) {
        const own = speaker.lastSent.name;
        for (let answers = 0; answers < 5; answers += 1) {
            const answer = await speaker.find(
                ({ event_type, name }) => ['send', 'error'].includes(event_type) && name === own,
            );
            if (answer.event_type === 'error') refusals.push({ speaker, answer });
        }
    }
    // Ten at once, and what is refilled meanwhile.
    assert.ok(refusals.length > 0 && refusals.length <= 5, `${refusals.length} were refused`);
    const { speaker, answer } = refusals[0];
    assert.equal(answer.error.code, 503);
    assert.equal(answer.msg, 'This room gets as many messages as it may for now.');
    await slow.logged(new RegExp(`level=warning event=limit room=${room.id} limit=room_messages\n`));
    assert.ok(answer.retry_after_ms > 0 && answer.retry_after_ms <= 5000, `retry after ${answer.retry_after_ms} ms`);
    assert.deepEqual(witness.received('error'), [], 'only the sender is told');
    const elsewhere = await ChatClient.join(slow, other, 'eve');
    elsewhere.say('eve', 'the other room is free');
    await elsewhere.find(({ msg }) => msg === 'the other room is free');

    await eventually(async () => {
        speaker.say(answer.name, 'again', { id: answer.id });
        const { event_type } = await speaker.find(({ id }) => id === answer.id);
        return event_type === 'send';
    }, 'the refused message is accepted later');
    assert.equal((await witness.find(({ id }) => id === answer.id)).msg, 'again', 'the refused one was not stored');
});
