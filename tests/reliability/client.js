// A client that loses nothing, with `globes.v1`: it reconnects and resumes after its last event, with the time of that
// event and its session, and repeats messages without an ack with their ids. It records everything it does and receives.
import { randomUUID } from 'node:crypto';

import { WebSocket } from '../api/harness/web_socket.js';
import { withResolvers } from '../api/harness/wait.js';

/** Between two tries to connect, and before a refused message is repeated. */
const RETRY_MS = 20;
/** 4500 and above: do not come back. */
const FIRST_FINAL_CODE = 4500;
const UNAVAILABLE = 505;

export class Client {
    #record;
    #room;
    #find;
    #socket = null;
    #session = null;
    #isGone = false;
    #unacked = new Map();
    #watchers = new Set();
    #welcomed = false;
    #lastText = null;

    /** The newest seq that was seen. */
    last;
    /** Close codes of all connections that had been opened. */
    codes = [];
    /** What must never happen, as texts. */
    complaints = [];
    connections = 0;

    /**
     * `find()` resolves with `{ host, port, tls }` as soon as there is a server; it is asked before each connection.
     * `after`: the seq after which it begins to read.
     */
    constructor(name, { record, room, find, after = 0 }) {
        this.name = name;
        this.last = after;
        this.#record = record;
        this.#room = room;
        this.#find = find;
        record.receives(name, after);
        this.#connect();
    }

    /** Sends a new message and returns its id. It is repeated until it is acked. */
    say(msg) {
        const id = randomUUID();
        this.#unacked.set(id, msg);
        if (this.#welcomed) this.#send(id, msg);
        return id;
    }

    get unacked() {
        return this.#unacked.size;
    }

    /** Between the welcome of a connection and its end. */
    get isWelcomed() {
        return this.#welcomed;
    }

    /** Resolves as soon as `holds()` is true, which is checked after every frame and every end of a connection. */
    async until(holds) {
        if (holds()) return;
        const { promise, resolve } = withResolvers();
        const watcher = () => holds() && resolve();
        this.#watchers.add(watcher);
        await promise;
        this.#watchers.delete(watcher);
    }

    /** Drops the connection without a close frame and connects again when `ready` has resolved. */
    drop(ready = Promise.resolve()) {
        const find = this.#find;
        this.#find = async () => {
            this.#find = find;
            await ready;
            return find();
        };
        this.#socket?.terminate();
    }

    /** Is no more, whatever it was doing. */
    abandon() {
        this.#isGone = true;
        this.#socket?.terminate();
    }

    /** Goes for good. */
    async leave() {
        this.#isGone = true;
        if (this.#socket === null || this.#socket.readyState === WebSocket.CLOSED) return;
        const { promise, resolve } = withResolvers();
        this.#socket.once('close', resolve);
        this.#socket.close(1000);
        await promise;
    }

    async #connect() {
        const { host, port, tls } = await this.#find();
        if (this.#isGone) return;
        const at = this.#lastText ? `&at=${this.#lastTime}` : '';
        const session = this.#session ? `&session=${this.#session}` : '';
        const url = `ws${tls ? 's' : ''}://${host}:${port}/chats/${this.#room.id}/ws?after=${this.last}${at}${session}`;
        const socket = new WebSocket(url, ['globes.v1'], { perMessageDeflate: false, rejectUnauthorized: false });
        this.#socket = socket;
        socket.on('open', () => (this.connections += 1));
        socket.on('message', (data) => {
            this.#take(data.toString('utf8'));
            this.#look();
        });
        socket.on('error', () => {});
        socket.on('close', (code) => {
            if (this.#welcomed) this.codes.push(code);
            this.#welcomed = false;
            if (code >= FIRST_FINAL_CODE) this.complaints.push(`closed with ${code}`);
            else if (!this.#isGone) setTimeout(() => this.#connect(), RETRY_MS);
            this.#look();
        });
    }

    #take(text) {
        if (this.#record.isKnown(this.last + 1, text)) return this.#see(text, this.last + 1);
        const event = JSON.parse(text);
        if (event.seq !== undefined && event.event_type === 'send') return this.#see(text, event.seq);
        if (event.event_type === 'welcome') this.#enter(event);
        if (event.event_type === 'ack') {
            this.#record.acked(this.name, event);
            this.#unacked.delete(event.id);
        }
        if (event.event_type === 'error') this.#repeatLater(event);
    }

    #see(text, seq) {
        this.#record.saw(this.name, text, seq);
        this.last = seq;
        this.#lastText = text;
    }

    get #lastTime() {
        return JSON.parse(this.#lastText).time;
    }

    #enter({ session, resumed, seq, at }) {
        this.#session = session;
        this.#welcomed = true;
        if (!resumed) this.complaints.push(`not resumed after ${this.last}`);
        if (seq < this.last) this.complaints.push(`welcomed at ${seq} after it had seen ${this.last}`);
        if (resumed && this.#lastText && seq === this.last && at !== this.#lastTime) {
            this.complaints.push(`welcomed at ${seq} of ${at} after it had seen it of ${this.#lastTime}`);
        }
        for (const [id, msg] of this.#unacked) this.#send(id, msg);
    }

    #repeatLater({ error, id }) {
        if (error.code !== UNAVAILABLE || !this.#unacked.has(id)) {
            this.complaints.push(`error ${JSON.stringify(error)} for ${id}`);
            return;
        }
        this.#record.refused(this.name, id);
        const socket = this.#socket;
        setTimeout(() => {
            if (this.#socket === socket && this.#welcomed && this.#unacked.has(id)) {
                this.#send(id, this.#unacked.get(id));
            }
        }, RETRY_MS);
    }

    #send(id, msg) {
        this.#record.tried(this.name, id, msg);
        this.#socket.send(JSON.stringify({ event_type: 'send', name: this.name, color: 'red', msg, id }));
    }

    #look() {
        for (const watcher of this.#watchers) watcher();
    }
}
