// The record of one room: all tries of senders, acks, the events of every receiver, and the history at the end. It only
// records; checker.js verifies. check.js can check a stored record again.
import { readFileSync, writeFileSync } from 'node:fs';

/** One who says something. `tries`: the ids of all tries in order, repeats included. */
class Sender {
    messages = new Map();
    tries = [];
    acks = [];
    refused = new Set();
}

export class Record {
    /** By name. */
    senders = new Map();
    /** By name: `{ after, frames }`; `frames` are the texts of all that has a seq, in order of arrival. */
    receivers = new Map();
    /** `{ first_seq, last_seq, events }`, each event the text that history gave; null until it was read. */
    history = null;
    /** Whether the room has a retention, so that history may begin after 1. */
    expires = false;

    // Everyone receives the same texts: kept once, or forty receivers would keep each message forty times.
    #texts = [];

    /** A message goes out, for the first time or again. */
    tried(name, id, msg) {
        const sender = this.#sender(name);
        sender.messages.set(id, msg);
        sender.tries.push(id);
    }

    acked(name, { id, seq, duplicate }) {
        this.#sender(name).acks.push({ id, seq, duplicate });
    }

    /** An answer that confirms nothing: the message may still appear, once. */
    refused(name, id) {
        this.#sender(name).refused.add(id);
    }

    /** A receiver that is to see everything after the seq `after`. */
    receives(name, after = 0) {
        this.receivers.set(name, { after, frames: [] });
    }

    saw(name, text, seq) {
        this.#texts[seq] ??= text;
        this.receivers.get(name).frames.push(this.isKnown(seq, text) ? this.#texts[seq] : text);
    }

    /** Whether this is exactly what others saw at that seq: spares the reader a look into the text. */
    isKnown(seq, text) {
        return this.#texts[seq] === text;
    }

    get ackCount() {
        let count = 0;
        for (const { acks } of this.senders.values()) count += acks.length;
        return count;
    }

    /** One JSON array a line. */
    write(path) {
        const lines = this.expires ? [['expires']] : [];
        for (const [name, sender] of this.senders) {
            for (const id of sender.tries) lines.push(['tried', name, id, sender.messages.get(id)]);
            for (const ack of sender.acks) lines.push(['acked', name, ack]);
            for (const id of sender.refused) lines.push(['refused', name, id]);
        }
        for (const [name, { after, frames }] of this.receivers) {
            lines.push(['receives', name, after]);
            for (const text of frames) lines.push(['saw', name, text]);
        }
        if (this.history) lines.push(['history', this.history]);
        writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    }

    static read(path) {
        const record = new Record();
        const take = {
            expires: () => (record.expires = true),
            tried: (...fields) => record.tried(...fields),
            acked: (...fields) => record.acked(...fields),
            refused: (...fields) => record.refused(...fields),
            receives: (...fields) => record.receives(...fields),
            saw: (name, text) => record.saw(name, text, JSON.parse(text).seq),
            history: (history) => (record.history = history),
        };
        for (const line of readFileSync(path, 'utf8').split('\n')) {
            if (line === '') continue;
            const [kind, ...fields] = JSON.parse(line);
            take[kind](...fields);
        }
        return record;
    }

    #sender(name) {
        if (!this.senders.has(name)) this.senders.set(name, new Sender());
        return this.senders.get(name);
    }
}
