// The page of the original is older than `globes.v1`: it lists rooms, takes a token, opens the socket with the token as
// the only subprotocol, and knows three kinds of events. This client does as it did, and nothing more, beside clients
// that are new.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import { Inbox, within } from '../api/harness/wait.js';
import { WebSocket } from '../api/harness/websocket.js';
import { globesAt, Person } from './support/people.js';

const server = sharedServer();

/**
 * The original's way of calling. Every frame is put into the page by its three known kinds; anything else would break
 * it.
 */
class OriginalPage {
    lines = new Inbox();

    async call(method, path, body, token) {
        const headers = { 'Content-Type': 'application/json' };
        if (token) headers.Authorization = `Bearer ${token}`;
        const response = await fetch(`${server.origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
        return response.json();
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

    emit(type, msg = '') {
        this.socket.send(JSON.stringify({ event_type: type, name: this.name, color: this.color, msg }));
    }

    show({ event_type: type, name, color, msg }) {
        assert.ok(['join', 'leave', 'send'].includes(type), `the original knows no ${type}`);
        this.lines.push(type === 'send' ? `${name} (${color}): ${msg}` : msg);
    }
}

for (const visibility of ['public', 'private']) {
    test(`the original's page chats with today's in a ${visibility} room`, async (t) => {
        const old = new OriginalPage();
        const created = await old.call('POST', '/chats', {
            title: `Old and new, ${visibility}`,
            description: 'There are many like it, but this one is mine',
            visibility,
            ...(visibility === 'private' && { password: PASSWORD }),
        });
        const listed = (await old.call('GET', '/chats')).find(({ title }) => title === created.title);
        assert.deepEqual([listed.id, listed.visibility, listed.online], [created.id, visibility, 0]);

        const globes = globesAt(server);
        const token = await globes.tokens.request(created.id, { name: 'ada', secret: PASSWORD });
        const ada = await Person.join(t, globes, created.id, 'ada', { token });
        await old.enter(listed.id, 'david', 'blue', PASSWORD);
        assert.equal(old.socket.protocol, old.token ?? '', 'browsers want their own subprotocol back');
        assert.equal(await old.lines.next(), 'david entered the room.');

        old.emit('send', 'hello from 2020');
        assert.equal(await old.lines.next(), 'david (blue): hello from 2020');
        const heard = await ada.message('hello from 2020');
        assert.deepEqual([heard.name, heard.color, heard.seq, heard.isOwn], ['david', 'blue', 1, false]);
        await ada.say('hello from today');
        assert.equal(await old.lines.next(), 'ada (red): hello from today');

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

test("the original's page is told of a wrong password as it was", async () => {
    const old = new OriginalPage();
    const { id } = await old.call('POST', '/chats', { title: 'Keep out', visibility: 'hidden', password: PASSWORD });
    await assert.rejects(old.enter(id, 'david', 'blue', 'wrong'), {
        code: 304,
        field: 'secret',
        message: 'Unauthorized operation',
    });
});
