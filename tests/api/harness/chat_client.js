// A chat client that uses the `ws` package: records every frame, and lets tests wait for them in order.
import assert from 'node:assert/strict';
import { once } from 'node:events';

import { ERROR_SENTENCE, ERROR_TEXT, createRoom } from './api.js';
import { DEADLINE_MS, ReceivedQueue, within, withResolvers } from './wait.js';
import { WebSocket, openWebSocket } from './web_socket.js';

export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

export class ChatClient {
    /** Texts of all frames, in order. */
    frames = new ReceivedQueue();
    pongs = new ReceivedQueue();
    #closed = withResolvers();

    constructor(socket) {
        this.socket = socket;
        socket.on('message', (data, isBinary) => {
            assert.equal(isBinary, false);
            this.frames.push(data.toString('utf8'));
        });
        socket.on('pong', () => this.pongs.push('pong'));
        socket.on('error', () => {});
        socket.on('close', (code, reason) => {
            this.#closed.resolve({ code, reason: reason.toString() });
            this.frames.end(`closed with ${code}`);
            this.pongs.end(`closed with ${code}`);
        });
    }

    /**
     * `token` is sent as a subprotocol, as browsers must send it. `resume`: uses globes.v1 with this query (`''`,
     * `'?after=7'`, …).
     */
    static async open(server, room, { token, resume, headers = {}, origin, from } = {}) {
        const path = `/chats/${room.id}/ws${resume ?? ''}`;
        const protocols = [...(resume === undefined ? [] : ['globes.v1']), ...(token ? [token] : [])];
        const socket = openWebSocket(server, path, protocols, { headers, origin, localAddress: from });
        const client = new ChatClient(socket);
        await within(once(socket, 'open'), () => `${path} opens`);
        return client;
    }

    /** Opens with globes.v1 and reads the welcome into `welcome`. */
    static async resume(server, room, query = '', options = {}) {
        const client = await ChatClient.open(server, room, { ...options, resume: query });
        client.welcome = await client.next();
        assert.equal(client.welcome.event_type, 'welcome');
        return client;
    }

    /** Opens and joins; resolves when the join was received. */
    static async join(server, room, name, { color = 'red', ...options } = {}) {
        const client = await ChatClient.open(server, room, options);
        client.send({ event_type: 'join', name, color });
        await client.find((event) => event.event_type === 'join' && event.name === name);
        return client;
    }

    /** Sends an event; an object as JSON, text unchanged. */
    send(event) {
        this.lastSent = event;
        this.socket.send(typeof event === 'string' ? event : JSON.stringify(event));
    }

    say(name, msg, more = {}) {
        this.send({ event_type: 'send', name, color: 'red', msg, ...more });
    }

    /** The text of the next frame. */
    nextText(ms) {
        return this.frames.next('a frame', ms);
    }

    async next(ms) {
        return JSON.parse(await this.nextText(ms));
    }

    async find(accepts, ms) {
        return JSON.parse(await this.frames.find((text) => accepts(JSON.parse(text)), accepts.toString(), ms));
    }

    /** All events of these kinds that were received so far. */
    received(...kinds) {
        return this.frames.all.map((text) => JSON.parse(text)).filter(({ event_type }) => kinds.includes(event_type));
    }

    /**
     * Sends a message and expects it as the very next frame: this proves that nothing else was sent to this client
     * before.
     */
    async expectSilence(name) {
        const msg = `fence ${Math.random()}`;
        this.say(name, msg);
        const event = await this.next();
        assert.equal(event.msg, msg, `expected silence before this frame: ${JSON.stringify(event)}`);
        return event;
    }

    /** The next frame must be exactly this error about the event that was sent last. */
    async expectError(room, code, field, id) {
        const name = code === 303 && field === undefined ? '' : triedName(this.lastSent);
        assert.equal(await this.nextText(), errorEvent(room, { code, field, name, id }));
    }

    ping() {
        this.socket.ping();
    }

    /** Resolves with `{ code, reason }` when the connection has ended. */
    closed(ms = DEADLINE_MS) {
        return within(this.#closed.promise, () => 'the connection is closed', ms);
    }

    get isOpen() {
        return this.socket.readyState === WebSocket.OPEN;
    }

    async leave(code = 1000) {
        this.socket.close(code);
        return this.closed();
    }

    drop() {
        this.socket.terminate();
    }
}

/**
 * A new public room with these members, each of whom has received the joins of the later ones.
 * @returns {Promise<[object, ...ChatClient[]]>} the room and its members
 */
export async function roomWith(server, ...names) {
    const room = await createRoom(server);
    const members = [];
    for (const name of names) {
        members.push(await ChatClient.join(server, room, name));
        for (const earlier of members.slice(0, -1)) await earlier.find((event) => event.name === name);
    }
    return [room, ...members];
}

const VISIBLE = /[^\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Mn}\p{Me}\u2800]/u;

/** The name in an event; empty if it is invalid. */
function triedName(event) {
    const { name } = typeof event === 'string' ? JSON.parse(event) : event;
    const isValid = typeof name === 'string' && /^[^\p{Cc}\p{Bidi_Control}]{1,32}$/u.test(name) && VISIBLE.test(name);
    return isValid ? name : '';
}

/** The bytes of an error event. */
export function errorEvent(room, { code, field, name, id }) {
    const sentence = ERROR_SENTENCE[field === undefined ? code : `${code} ${field}`];
    const error = { code, error: ERROR_TEXT[code], field };
    return JSON.stringify({ event_type: 'error', name, room_id: room.id, msg: sentence, error, id });
}
