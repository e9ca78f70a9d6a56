// A client that sends all the time, whatever happens to the server.
import { eventually } from './wait.js';

/**
 * Sends one message after another, each with an id; repeats a refused one with the same id until it was received.
 * `refused`: how long each refusal took.
 */
export class Talker {
    refused = [];
    received = 0;
    #number = 0;
    #since = 0;
    #isLast = false;
    #isStopped = false;

    constructor(client, name, round = 0) {
        this.client = client;
        this.name = name;
        this.round = round;
        client.socket.on('message', (data) => {
            const event = JSON.parse(data.toString());
            if (event.event_type === 'error') this.#onRefused();
            else if (event.event_type === 'send' && event.msg === this.#msg) this.#onReceived();
        });
        this.#next();
    }

    get #msg() {
        return `${this.round}/${this.name}/${this.#number}`;
    }

    #next() {
        if (this.#isLast) return;
        this.#number += 1;
        this.#say();
    }

    #say() {
        this.#since = performance.now();
        if (this.client.isOpen) this.client.say(this.name, this.#msg, { id: this.#msg });
    }

    #onReceived() {
        this.received += 1;
        this.#next();
    }

    #onRefused() {
        this.refused.push(performance.now() - this.#since);
        if (!this.#isStopped) setTimeout(() => this.#say(), 50);
    }

    /** Resolves when the last message was received. */
    finish() {
        this.#isLast = true;
        return eventually(() => this.received === this.#number, `${this.name} receives its last message`);
    }

    /** Sends nothing more. */
    stop() {
        this.#isLast = true;
        this.#isStopped = true;
    }

    /** Resolves when that many more messages were received. */
    receives(more, ms) {
        const enough = this.received + more;
        return eventually(() => this.received >= enough, `${this.name} receives ${more} more messages`, ms);
    }
}
