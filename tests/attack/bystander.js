// A process with the users of a server: members of a room that chat, read the list and the history, enter a private room
// and ask for `/ready`. It measures how long each answer takes, and notes each that is not as it should be.
//
// Requests start at fixed times, whether earlier ones were answered or not, so that a server that stands still is
// measured by all requests of that time.
import http from 'node:http';

import { WebSocket } from '../api/harness/web_socket.js';
import { within, withResolvers } from '../api/harness/wait.js';
import { serve } from './child.js';

/** Of each user, in a second: below every limit of a connection and of an address. */
const SENDS = 16;
const LISTS = 8;
const PAGES = 8;
/** Of all users together. */
const TOKENS = 1;
const PROBES = 4;
/** For an answer; a later one counts as missing. */
const PATIENCE_MS = 15_000;

class User {
    #socket;
    #agent;
    #waiting = new Map();
    #count = 0;

    constructor(crowd, address, index) {
        this.crowd = crowd;
        this.address = address;
        this.name = `user ${index}`;
        this.#agent = new http.Agent({ keepAlive: true, localAddress: address });
    }

    get isClosed() {
        return this.#socket?.readyState === WebSocket.CLOSED;
    }

    async join() {
        const { host, port, rooms } = this.crowd.scene;
        const options = { perMessageDeflate: false, localAddress: this.address };
        this.#socket = new WebSocket(`ws://${host}:${port}/chats/${rooms.users}/ws`, [], options);
        const joined = withResolvers();
        this.#waiting.set(`${this.name} entered the room.`, joined.resolve);
        this.#socket.on('open', () => this.#socket.send(JSON.stringify({ event_type: 'join', name: this.name })));
        this.#socket.on('error', joined.reject);
        this.#socket.on('close', (code) => this.crowd.refuse(`${this.name} was closed with ${code}`));
        this.#socket.on('message', (data) => this.#take(data.toString()));
        await within(joined.promise, () => `${this.name} joins`);
    }

    /** Resolves when the message was received. */
    say() {
        this.#count += 1;
        const msg = `${this.name} says ${this.#count}`;
        const heard = withResolvers();
        this.#waiting.set(msg, heard.resolve);
        this.#socket.send(JSON.stringify({ event_type: 'send', name: this.name, msg, id: `${this.crowd.run}/${msg}` }));
        return heard.promise;
    }

    /** Resolves when the whole answer has arrived with this status. */
    request(method, path, { status = 200, body, agent = this.#agent } = {}) {
        const { host, port } = this.crowd.scene;
        const answered = withResolvers();
        const options = { host, port, method, path, agent, localAddress: this.address };
        const outgoing = http.request(options, (incoming) => {
            if (incoming.statusCode !== status) this.crowd.refuse(`${method} ${path}: ${incoming.statusCode}`);
            incoming.resume();
            incoming.on('end', answered.resolve);
        });
        outgoing.on('error', (error) => {
            this.crowd.refuse(`${method} ${path}: ${error.code}`);
            answered.resolve();
        });
        outgoing.end(body);
        return answered.promise;
    }

    #take(text) {
        // The messages of others, which an attacker may send by the thousand, are not worth parsing.
        if (!text.includes(this.name) && !text.includes('"error"')) return;
        const { event_type, name, msg, error } = JSON.parse(text);
        if (event_type === 'error') this.crowd.refuse(`a message of ${this.name}: error ${error.code}`);
        if (name !== this.name || !this.#waiting.has(msg)) return;
        this.#waiting.get(msg)();
        this.#waiting.delete(msg);
    }
}

class Crowd {
    #users;
    #refusals = new Map();

    constructor(scene) {
        this.scene = scene;
        this.run = Math.random();
        this.#users = scene.users.map((address, index) => new User(this, address, index));
    }

    async join() {
        for (const user of this.#users) await user.join();
    }

    refuse(what) {
        this.#refusals.set(what, (this.#refusals.get(what) ?? 0) + 1);
    }

    /** `{ send, list, page, token, probe, refusals }`: the milliseconds of all answers by kind, and those that failed. */
    async measure(ms) {
        // Otherwise one loss would fail each of the following attacks.
        for (const user of this.#users) if (user.isClosed) await user.join();
        this.#refusals.clear();
        const took = { send: [], list: [], page: [], token: [], probe: [] };
        const asked = [];
        const ask = async (kind, run) => {
            const begun = performance.now();
            const late = within(run(), () => kind, PATIENCE_MS).catch(() => this.refuse(`no answer: ${kind}`));
            asked.push(late.then(() => took[kind].push(performance.now() - begun)));
        };
        for (const { due, kind, run } of this.#plan(ms, performance.now())) {
            const wait = due - performance.now();
            if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
            ask(kind, run);
        }
        await Promise.all(asked);
        return { ...took, refusals: this.refusals };
    }

    /** Since the last measurement began. */
    get refusals() {
        return [...this.#refusals].map(([what, count]) => `${what} (${count} times)`);
    }

    /** All requests of that time in order. */
    #plan(ms, start) {
        const { rooms, password } = this.scene;
        const plan = [];
        const add = (kind, perSecond, offset, run) => {
            const interval = 1000 / perSecond;
            for (let due = interval * offset; due < ms; due += interval) plan.push({ due: start + due, kind, run });
        };
        this.#users.forEach((user, index) => {
            const offset = index / this.#users.length;
            add('send', SENDS, offset, () => user.say());
            add('list', LISTS, offset + 0.05, () => user.request('GET', '/chats'));
            add('page', PAGES, offset + 0.1, () => user.request('GET', `/chats/${rooms.users}/events?limit=50`));
        });
        let next = 0;
        const another = () => this.#users[(next += 1) % this.#users.length];
        const body = JSON.stringify({ name: 'user', secret: password });
        add('token', TOKENS, 0.3, () =>
            another().request('POST', `/chats/${rooms.privateRooms[0]}/token`, { status: 201, body, agent: false }),
        );
        add('probe', PROBES, 0.6, () => another().request('GET', '/ready', { agent: false }));
        return plan.sort((one, other) => one.due - other.due);
    }
}

let crowd;
serve({
    async join(scene) {
        crowd = new Crowd(scene);
        await crowd.join();
    },
    measure: (ms) => crowd.measure(ms),
    refusals: () => crowd.refusals,
});
