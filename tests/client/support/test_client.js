// Connections of the client library that record all their events, for tests to await in order.
import assert from 'node:assert/strict';

import { ReceivedQueue, within } from '../../api/harness/wait.js';
import { WebSocket } from '../../api/harness/websocket.js';
import { Globes } from '../../../web/globes.js';

const TYPES = ['state', 'welcome', 'event', 'users', 'gap', 'problem', 'token', 'closed'];

/** The library with the `ws` package, for a server or a proxy in front of it. */
export const globesAt = ({ origin }, options = {}) => new Globes(origin, { WebSocket, ...options });

/** Delays for tests: a short outage ends at once. */
export const QUICK = { backoffBaseMs: 20, backoffMaxMs: 200, quickReconnectMs: 20, pauseMs: 50 };

/** A connection and all its events. */
export class TestClient {
    /** All events, `{ type, ...detail }`, in order. */
    events = new ReceivedQueue();

    constructor(connection) {
        this.connection = connection;
        for (const type of TYPES)
            connection.addEventListener(type, ({ detail }) => this.events.push({ type, ...detail }));
    }

    /** Starts to connect; closed at the end of the test. */
    static connect(t, globes, room, { limits = {}, ...options } = {}) {
        const client = new TestClient(globes.connect(room, { limits: { ...QUICK, ...limits }, ...options }));
        t.after(() => client.connection.close());
        return client;
    }

    /** Connects and resolves when its own join has arrived. */
    static async join(t, globes, room, name, options = {}) {
        const client = TestClient.connect(t, globes, room, { name, color: 'red', ...options });
        await client.find('event', (event) => event.event_type === 'join' && event.name === name);
        return client;
    }

    /** The next event of this type for which `accepts` returns true. */
    find(type, accepts = () => true) {
        return this.events.find((event) => event.type === type && accepts(event), `${type} ${accepts}`);
    }

    /** The next time that the state becomes this one. */
    state(state) {
        return this.find('state', (event) => event.state === state);
    }

    /** The next message with this text. */
    message(msg) {
        return this.find('event', (event) => event.event_type === 'send' && event.msg === msg);
    }

    all(type) {
        return this.events.all.filter((event) => event.type === type);
    }

    /** Every message that was shown, in order. */
    get messages() {
        return this.all('event').filter(({ event_type: type }) => type === 'send');
    }

    get texts() {
        return this.messages.map(({ msg }) => msg);
    }

    /** Changes name or color; resolves as join does. */
    rename(identity) {
        return within(this.connection.join(identity), () => `an answer to ${JSON.stringify(identity)}`);
    }

    /** Sends it; resolves as the ack does. */
    say(text, options) {
        const { acked } = this.connection.send(text, options);
        return within(acked, () => `an answer to ${text}`);
    }

    /** The shown messages are a part of the room's history: each once, in order, without a hole. */
    assertShown(first, last) {
        const expected = Array.from({ length: last - first + 1 }, (_, index) => first + index);
        assert.deepEqual(
            this.messages.map(({ seq }) => seq),
            expected,
        );
    }
}
