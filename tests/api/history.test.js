// GET /chats/{room}/events (docs/protocol.md#history), and the effect of retention on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    assertError,
    assertStatus,
    createPrivateRoom,
    createRoom,
    get,
    post,
    put,
    request,
    takeToken,
} from './harness/api.js';
import { ChatClient, roomWith } from './harness/chat_client.js';
import { sharedServer, startServer } from './harness/server.js';

const server = sharedServer({ config: { MessagesPerSecond: 0 } });

/** A room in which ada has sent 1 … count; also the received frames. */
async function roomWithTexts(count, fields = {}) {
    const room = await createRoom(server, fields);
    const ada = await ChatClient.open(server, room);
    for (let number = 1; number <= count; number += 1) ada.say('ada', `${number}`, { id: `c${number}` });
    const frames = [];
    while (frames.length < count) frames.push(await ada.nextText());
    return [room, ada, frames];
}

const seqsOf = (answer) => answer.json.events.map(({ seq }) => seq);
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('the newest page is sorted oldest first and has the delivered bytes', async () => {
    const [room, ada, frames] = await roomWithTexts(60);
    const answer = await get(server, `/chats/${room.id}/events`);
    assertStatus(answer, 200);
    assert.match(answer.headers['content-type'], /^application\/json\b/);
    assert.equal(
        answer.text,
        `{"room_id":${room.id},"first_seq":1,"last_seq":60,"events":[${frames.slice(10).join(',')}]}`,
    );
    await ada.leave();
});

test('a room without messages has first_seq 1 and last_seq 0', async () => {
    const room = await createRoom(server);
    const answer = await get(server, `/chats/${room.id}/events`);
    assert.equal(answer.text, `{"room_id":${room.id},"first_seq":1,"last_seq":0,"events":[]}`);
});

test('before and after page through the history without gap or repeat', async () => {
    const [room, ada] = await roomWithTexts(25);
    const path = `/chats/${room.id}/events`;
    const back = [];
    for (let before = 26; before > 1; before = back[0]) back.unshift(...seqsOf(await get(server, `${path}?before=${before}&limit=7`)));
    assert.deepEqual(back, range(1, 25));
    const forth = [];
    for (let after = 0; after < 25; after = forth.at(-1)) forth.push(...seqsOf(await get(server, `${path}?after=${after}&limit=7`)));
    assert.deepEqual(forth, range(1, 25));
    assert.deepEqual(seqsOf(await get(server, `${path}?after=5&before=9`)), [6, 7, 8]);
    assert.deepEqual(seqsOf(await get(server, `${path}?after=5&limit=3`)), [6, 7, 8]);
    assert.deepEqual(seqsOf(await get(server, `${path}?before=5&limit=3`)), [2, 3, 4]);
    for (const nothing of ['after=25', 'after=26', 'before=1', 'before=0', 'after=9007199254740991'])
        assert.deepEqual(seqsOf(await get(server, `${path}?${nothing}`)), [], nothing);
    await ada.leave();
});

test('the error of a number out of range names its parameter', async () => {
    const room = await createRoom(server);
    for (const [query, field] of [
        ['limit=0', 'limit'],
        ['limit=1001', 'limit'],
        ['limit=x', 'limit'],
        ['before=-1', 'before'],
        ['before=', 'before'],
        ['after=1.0', 'after'],
        ['after=9007199254740992', 'after'],
        ['at=2020-12-03T21:23:54.421318Z', 'at'],
        ['after=0&at=2020-12-03T21:23:54.421318Z', 'at'],
        ['before=5&at=2020-12-03T21:23:54.421318Z', 'at'],
        ['after=1&at=', 'at'],
        ['after=1&at=2020-12-03', 'at'],
    ])
        assertError(await get(server, `/chats/${room.id}/events?${query}`), 400, 105, field);
});

test('private and hidden rooms need a token, also the owner\'s', async () => {
    for (const visibility of ['private', 'hidden']) {
        const room = await createPrivateRoom(server, { visibility, owner: true });
        const path = `/chats/${room.id}/events`;
        assertError(await get(server, path), 403, 403, 'token');
        assertError(await get(server, path, { token: 'x.y.z' }), 403, 403, 'token');
        assertStatus(await get(server, path, { token: await takeToken(server, room, 'ada') }), 200);
        assertStatus(await get(server, path, { token: room.owner_token }), 200);
    }
});

test('a room that does not exist is 404, another method 405, HEAD is answered', async () => {
    assertError(await get(server, '/chats/999999/events'), 404, 101);
    const room = await createRoom(server);
    const answer = await post(server, `/chats/${room.id}/events`, {});
    assertError(answer, 405, 502);
    assert.match(answer.headers.allow, /GET/);
    const head = await request(server, 'HEAD', `/chats/${room.id}/events`);
    assert.deepEqual([head.status, head.text], [200, '']);
});

test('messages from before a kill are stored', async (t) => {
    const own = await startServer(t);
    const [room, ada] = await roomWith(own, 'ada');
    ada.say('ada', 'kept');
    await ada.next();
    await own.kill();
    await own.start();
    assert.deepEqual((await get(own, `/chats/${room.id}/events`)).json.events.map(({ msg }) => msg), ['kept']);
});

// --- retention -------------------------------------------------------------------------------------------------------

test('max_events hides older messages at once and is shown in the room', async () => {
    const [room, ada] = await roomWithTexts(20, { max_events: 5 });
    assert.equal(room.max_events, 5);
    const answer = await get(server, `/chats/${room.id}/events`);
    assert.deepEqual([answer.json.first_seq, answer.json.last_seq, seqsOf(answer)], [16, 20, range(16, 20)]);
    const late = await ChatClient.resume(server, room, '?after=10');
    assert.equal(late.welcome.resumed, false);
    const inTime = await ChatClient.resume(server, room, '?after=15');
    assert.equal(inTime.welcome.resumed, true);
    assert.equal((await inTime.next()).seq, 16);
    await Promise.all([ada.leave(), late.leave(), inTime.leave()]);
});

test('a PUT that lowers max_events takes effect at once; one that raises it does not bring purged messages back', async () => {
    const [room, ada] = await roomWithTexts(20);
    const path = `/chats/${room.id}/events`;
    const changed = await put(server, `/chats/${room.id}`, { max_events: 3 });
    assert.equal(changed.json.max_events, 3);
    assert.deepEqual(seqsOf(await get(server, path)), [18, 19, 20]);
    const unlimited = await put(server, `/chats/${room.id}`, { max_events: 0 });
    assert.equal('max_events' in unlimited.json, false);
    assert.equal((await get(server, path)).json.last_seq, 20);
    await ada.leave();
});

test('seq continues after everything has expired, also after a restart', async (t) => {
    const own = await startServer(t);
    const room = await createRoom(own, { retention: 1 });
    assert.equal(room.retention, 1);
    const ada = await ChatClient.join(own, room, 'ada');
    ada.say('ada', 'first');
    const { time } = await ada.next();
    const path = `/chats/${room.id}/events`;
    // Waits for the server's clock, which decides.
    let answer;
    do answer = await get(own, path);
    while (answer.json.events.length > 0);
    assert.ok(Date.now() >= Date.parse(time) + 900);
    assert.deepEqual([answer.json.first_seq, answer.json.last_seq], [2, 1]);
    const late = await ChatClient.resume(own, room, '?after=0');
    assert.equal(late.welcome.resumed, false, 'the messages in between have expired');
    await own.kill();
    await own.start();
    const ben = await ChatClient.open(own, room);
    ben.say('ben', 'second');
    assert.equal((await ben.next()).seq, 2);
    await ben.leave();
});

test('retention and max_events are whole numbers within their range', async () => {
    for (const [body, code, field] of [
        [{ retention: -1 }, 105, 'retention'],
        [{ retention: 3153600001 }, 105, 'retention'],
        [{ retention: '60' }, 103, 'retention'],
        [{ retention: 1.5 }, 103, 'retention'],
        [{ max_events: -1 }, 105, 'max_events'],
        [{ max_events: true }, 103, 'max_events'],
    ]) {
        assertError(await post(server, '/chats', { title: 'Limits', visibility: 'public', ...body }), 400, code, field);
    }
});

test('a deleted room loses its events', async () => {
    const [room, ada] = await roomWithTexts(3);
    assertStatus(await request(server, 'DELETE', `/chats/${room.id}`), 200);
    assert.equal((await ada.closed()).code, 4504);
    assertError(await get(server, `/chats/${room.id}/events`), 404, 101);
});
