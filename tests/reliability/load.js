// A busy room: senders with messages in flight, receivers that miss nothing, one record of all. The server may stop and
// restart meanwhile.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

import { Random } from '../api/harness/random.js';
import { within, withResolvers } from '../api/harness/wait.js';
import { findFaults } from './checker.js';
import { Client } from './client.js';
import { readHistory } from './history.js';
import { Record } from './record.js';

const SETTLE_MS = 120_000;
// Characters that JSON escapes or that have two to four bytes in UTF-8, and a text like the end of an event.
const SPICE = ['', ' "quoted" \\ \t', ' Grüße', ' 日本語', ' 🌍🌎🌏', ' </script>\u2028', ' "}]},'];

export class Load {
    #server;
    #room;
    #random;
    #window;
    #padding;
    #sent = 0;
    #limit = Infinity;
    #after;
    #isTalking = false;
    #isUp = withResolvers();
    #clients = [];

    record = new Record();
    senders = [];
    receivers = [];

    /**
     * The server must run. All clients end with the test `t`. `window`: messages in flight of each sender; `padding`: the
     * maximum number of characters in addition to the number of a message; `after`: the newest existing seq.
     */
    constructor(t, server, room, options = {}) {
        const { senders = 0, receivers = 0, window = 4, padding = 40, seed = 20201203, after = 0 } = options;
        this.#server = server;
        this.#room = room;
        this.#random = new Random(seed);
        this.#window = window;
        this.#padding = padding;
        this.#after = after;
        this.up();
        // Otherwise clients that reconnect forever would prevent a failed test from ending.
        t.after(() => this.#clients.forEach((client) => client.abandon()));
        for (let index = 0; index < senders; index += 1) this.senders.push(this.join(`sender ${index}`));
        for (let index = 0; index < receivers; index += 1) this.receivers.push(this.join(`receiver ${index}`));
    }

    /** How many messages were sent. */
    get sent() {
        return this.#sent;
    }

    get all() {
        return [...this.senders, ...this.receivers];
    }

    /** One more client that reads the room; owned by the caller. */
    join(name, after = this.#after) {
        const find = async () => {
            await this.#isUp.promise;
            return this.#server;
        };
        const client = new Client(name, { record: this.record, room: this.#room, find, after });
        this.#clients.push(client);
        return client;
    }

    /** To be called before the server stops: no client connects to a port that another process may have by then. */
    down() {
        this.#isUp = withResolvers();
    }

    up() {
        this.#isUp.resolve();
    }

    /** Resolves when all clients are connected. */
    async welcomed() {
        const all = Promise.all(this.all.map((client) => client.until(() => client.isWelcomed)));
        const missing = () => this.#namesOf((client) => !client.isWelcomed);
        await within(all, () => `a welcome for every client; not yet: ${missing()}`, SETTLE_MS);
    }

    /** Senders send until `limit` messages were sent, or until `quiet`; resolves then. */
    async talk(limit = Infinity) {
        this.#limit = limit;
        this.#isTalking = true;
        await Promise.all(this.senders.map((sender) => this.#keepTalking(sender)));
    }

    /** Resolves when that many more acks have arrived. */
    async acks(count) {
        const wanted = this.record.ackCount + count;
        const reached = () => this.record.ackCount >= wanted;
        const any = Promise.race(this.senders.map((sender) => sender.until(reached)));
        await within(any, () => `${wanted} acks; there are ${this.record.ackCount}`, SETTLE_MS);
    }

    /** Sends no new message, and waits until all sent messages are acked. */
    async quiet() {
        this.#isTalking = false;
        const acked = Promise.all(this.senders.map((sender) => sender.until(() => sender.unacked === 0)));
        await within(acked, () => `an ack for every message; not yet: ${this.#namesOf((client) => client.unacked > 0)}`, SETTLE_MS);
    }

    /** Resolves when all of `clients` have received the newest acked message. */
    async caughtUp(clients = this.all) {
        let newest = 0;
        for (const { acks } of this.record.senders.values()) for (const { seq } of acks) newest = Math.max(newest, seq);
        const seen = Promise.all(clients.map((client) => client.until(() => client.last >= newest)));
        const behind = () => clients.filter(({ last }) => last < newest).map(({ name, last }) => `${name} at ${last}`);
        await within(seen, () => `seq ${newest} at all clients; behind: ${behind().slice(0, 10)}`, SETTLE_MS);
    }

    /** Ends the load: every message is acked and received by all clients, and the checker finds no fault. */
    async settle(more = []) {
        const clients = [...this.all, ...more];
        await this.quiet();
        await this.caughtUp(clients);
        await Promise.all(clients.map((client) => client.leave()));
        this.record.history = await readHistory(this.#server, this.#room);
        for (const client of clients) assert.deepEqual(client.complaints, [], client.name);
        this.assertSound();
        return this.record;
    }

    /** Fails if the checker finds a fault, and then keeps the record of the run. */
    assertSound() {
        const faults = findFaults(this.record);
        if (faults.length === 0) return;
        const path = join(tmpdir(), `globes-record-${process.pid}-${Date.now()}.jsonl`);
        this.record.write(path);
        const list = faults.map(({ rule, text }) => `${rule}: ${text}`).join('\n');
        assert.fail(`${list}\nThe record, for tests/reliability/check.js: ${path}`);
    }

    async #keepTalking(sender) {
        const isWanted = () => !this.#isTalking || sender.unacked < this.#window;
        while (this.#isTalking && this.#sent < this.#limit) {
            this.#sent += 1;
            sender.say(this.#text());
            await sender.until(isWanted);
        }
    }

    #text() {
        return `${this.#sent}${this.#random.pick(SPICE)} ${'x'.repeat(this.#random.below(this.#padding + 1))}`;
    }

    /** The state of all clients, for the error message of a run that does not end. */
    describe() {
        const state = ({ name, last, unacked, isWelcomed, connections }) =>
            `${name} at ${last}, ${unacked} unacked, ${connections} connections${isWelcomed ? '' : ', away'}`;
        return `${this.#sent} messages were sent\n${this.all.map(state).join('\n')}`;
    }

    #namesOf(chooses) {
        return this.all.filter(chooses).map(({ name }) => name);
    }
}
