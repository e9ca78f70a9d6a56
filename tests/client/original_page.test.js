// The page of the original is older than `globes.v1`: it sends every field of its forms, lists rooms, requests a token,
// opens the socket with the token as the only subprotocol, and shows every frame as a message. This client does the
// same, and nothing more, beside new clients.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import { ReceivedQueue, within } from '../api/harness/wait.js';
import { WebSocket } from '../api/harness/websocket.js';
import { globesAt, TestClient } from './support/test_client.js';

const server = sharedServer();

/** Requests as the original sends them. It shows every frame as a message, whatever its type. */
class OriginalPage {
    lines = new ReceivedQueue();

    async call(method, path, body, token) {
        const headers = { 'Content-Type': 'application/json' };
        if (token) headers.Authorization = `Bearer ${token}`;
        const response = await fetch(`${server.origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
        return response.json();
    }

    /** Like its form, which sends every field, filled in or not. */
    make(title, visibility, password = '') {
        return this.call('POST', '/chats', { title, description: '', visibility, password });
    }

    async enter(roomId, name, color, secret) {
        this.name = name;
        this.color = color;
        const room = await this.call('GET', `/chats/${roomId}`);
        if (room.visibility !== 'public') {
            const answer = await this.call('POST', `/chats/${roomId}/token`, { name, secret });
            if (!answer.status) throw Object.assign(new Error(answer.error.error), answer.error);
            this.token = answer.token;
        }
        const url = `${server.origin.replace('http', 'ws')}/chats/${roomId}/ws`;
        this.socket = this.token ? new WebSocket(url, this.token) : new WebSocket(url);
        this.socket.onmessage = ({ data }) => this.show(JSON.parse(data));
        await within(new Promise((resolve) => (this.socket.onopen = resolve)), () => 'the socket opens');
        this.emit('join');
    }

    emit(type, msg = '', changes = {}) {
        this.socket.send(JSON.stringify({ event_type: type, name: this.name, color: this.color, msg, ...changes }));
    }

    show({ event_type: type, name, msg }) {
        assert.ok(['join', 'leave', 'send', 'error'].includes(type), `nothing else may reach it: ${type}`);
        this.lines.push(`${name}: ${msg}`);
    }
}

for (const visibility of ['public', 'private', 'hidden']) {
    test(`the original’s form creates a ${visibility} room`, async () => {
        const old = new OriginalPage();
        const created = await old.make(`Made, ${visibility}`, visibility, visibility === 'public' ? '' : PASSWORD);
        assert.deepEqual([created.title, created.visibility], [`Made, ${visibility}`, visibility]);
        await old.enter(created.id, 'david', 'blue', PASSWORD);
        assert.equal(await old.lines.next(), 'david: david entered the room.');
        old.socket.close();
    });
}

for (const visibility of ['public', 'private']) {
    test(`the original’s page chats with the current one in a ${visibility} room`, async (t) => {
        const old = new OriginalPage();
        const password = visibility === 'public' ? '' : PASSWORD;
        const created = await old.make(`Old and new, ${visibility}`, visibility, password);
        const listed = (await old.call('GET', '/chats')).find(({ title }) => title === created.title);
        assert.deepEqual([listed.id, listed.visibility, listed.online], [created.id, visibility, 0]);

        const globes = globesAt(server);
        const token = await globes.tokens.request(created.id, { name: 'ada', secret: PASSWORD });
        const ada = await TestClient.join(t, globes, created.id, 'ada', { token });
        await old.enter(listed.id, 'david', 'blue', PASSWORD);
        assert.equal(old.socket.protocol, old.token ?? '', 'browsers want their own subprotocol back');
        assert.equal(await old.lines.next(), 'david: david entered the room.');

        old.emit('send', 'hello from 2020');
        assert.equal(await old.lines.next(), 'david: hello from 2020');
        const received = await ada.message('hello from 2020');
        assert.deepEqual([received.name, received.color, received.seq, received.isOwn], ['david', 'blue', 1, false]);
        await ada.say('hello from today');
        assert.equal(await old.lines.next(), 'ada: hello from today');

        if (old.token) {
            const renewed = await old.call('GET', `/chats/${listed.id}/token/renew`, undefined, old.token);
            assert.deepEqual([renewed.status, renewed.name, renewed.room_id], [true, 'david', listed.id]);
        }
        old.socket.close();
        await ada.find('event', ({ msg }) => msg === 'david has left the room.');
        assert.deepEqual(
            ada.connection.users.map(({ username }) => username),
            ['ada'],
        );
    });
}

test("the original's page gets the same error for a wrong password", async () => {
    const old = new OriginalPage();
    const { id } = await old.call('POST', '/chats', { title: 'Keep out', visibility: 'hidden', password: PASSWORD });
    await assert.rejects(old.enter(id, 'david', 'blue', 'wrong'), {
        code: 304,
        field: 'secret',
        message: 'Unauthorized operation',
    });
});

test("every error reads well on the original's page", async (t) => {
    const old = new OriginalPage();
    const { id } = await old.make('Everything goes wrong', 'public');
    await TestClient.join(t, globesAt(server), id, 'ada');
    await old.enter(id, 'Ada', 'blue');
    assert.equal(await old.lines.next(), 'Ada: That name is taken.');

    const tries = [
        ['a send by a taken name', () => old.emit('send', 'hi'), 'Ada: That name is taken.'],
        ['a leave before the join', () => old.emit('leave'), 'Ada: You are not in this room, so you cannot leave it.'],
        ['an empty name', () => old.emit('join', '', { name: '' }), /^: A name needs 1 to 32 characters/],
        ['a long name', () => old.emit('join', '', { name: 'x'.repeat(33) }), /^: A name needs 1 to 32 characters/],
        ['no name', () => old.emit('join', '', { name: undefined }), /^: A name needs 1 to 32 characters/],
        ['an empty message', () => old.emit('send', '', { name: 'david' }), 'david: A message needs 1 to 4096 characters.'],
        ['a long message', () => old.emit('send', 'x'.repeat(4097)), 'Ada: A message needs 1 to 4096 characters.'],
        ['an unknown event', () => old.emit('shout'), 'Ada: The event type must be join, leave or send.'],
        ['a color of another type', () => old.emit('join', '', { color: 7 }), /^Ada: The color must be text/],
        ['an id of another type', () => old.emit('join', '', { id: 7 }), /^Ada: The id of an event must be text/],
        ['broken JSON', () => old.socket.send('{"event_type":'), /^: The server could not read that/],
        ['a join', () => old.emit('join', '', { name: 'david' }), 'david: david entered the room.'],
        ['another name', () => old.emit('send', 'hi', { name: 'eve' }), 'eve: You are here under another name. Use that one.'],
    ];
    for (const [what, act, expected] of tries) {
        act();
        const line = await old.lines.next();
        if (typeof expected === 'string') assert.equal(line, expected, what);
        else assert.match(line, expected, what);
    }

    for (let count = 0; count < 100; count += 1) old.emit('send', 'Again and again.', { name: 'david' });
    await old.lines.find((line) => line === 'david: You are sending too fast. Wait a moment, then send it again.', 'too fast');
    for (const line of old.lines.all) assert.match(line, /^[^:]*: \S.*\.$/, 'every line is a sentence');
    old.socket.close();
});
