// A proxy before a MongoDB: forwards everything except commands that it answers itself, as a server answers a user
// without rights. The FerretDB of the tests has no users.
import { once } from 'node:events';
import net from 'node:net';

import { withResolvers } from './wait.js';

const HEADER_BYTES = 16;
// The opcode of every command after the first handshake, and the start of its document: after the header, four bytes of
// flags and one for the kind of the section.
const OP_MSG = 2013;
const DOCUMENT_AT = HEADER_BYTES + 5;

/** The name of an OP_MSG's command (the key of the first field); null for any other message. */
function commandOf(message) {
    if (message.readInt32LE(12) !== OP_MSG) return null;
    const key = DOCUMENT_AT + 5;
    return message.toString('utf8', key, message.indexOf(0, key));
}

/** Flat documents of text, whole numbers and booleans. */
function bson(fields) {
    const parts = Object.entries(fields).map(([key, value]) => {
        const name = Buffer.from(`${key}\0`);
        if (typeof value === 'boolean') return Buffer.concat([Buffer.from([8]), name, Buffer.from([value ? 1 : 0])]);
        const bytes = Buffer.from(typeof value === 'number' ? '' : `${value}\0`);
        const number = Buffer.alloc(4);
        number.writeInt32LE(typeof value === 'number' ? value : bytes.length);
        return Buffer.concat([Buffer.from([typeof value === 'number' ? 16 : 2]), name, number, bytes]);
    });
    const body = Buffer.concat([...parts, Buffer.from([0])]);
    const size = Buffer.alloc(4);
    size.writeInt32LE(body.length + 4);
    return Buffer.concat([size, body]);
}

function answerTo(message, fields) {
    const document = bson(fields);
    const head = Buffer.alloc(DOCUMENT_AT);
    head.writeInt32LE(DOCUMENT_AT + document.length, 0);
    head.writeInt32LE(message.readInt32LE(4), 8);
    head.writeInt32LE(OP_MSG, 12);
    return Buffer.concat([head, document]);
}

export class MongodbGate {
    #target;
    #answers = new Map();
    #holding = null;
    #held = [];
    #sockets = new Set();
    #listener = null;

    /** A proxy before the server at `uri` (`mongodb://HOST:PORT/`), ended with the test. */
    static async start(t, uri) {
        const gate = new MongodbGate();
        gate.#target = new URL(uri);
        gate.#listener = net.createServer((socket) => gate.#forward(socket)).listen(0, '127.0.0.1');
        await once(gate.#listener, 'listening');
        t.after(() => {
            gate.#listener.close();
            for (const socket of gate.#sockets) socket.destroy();
        });
        return gate;
    }

    get host() {
        return `127.0.0.1:${this.#listener.address().port}`;
    }

    get uri() {
        return `mongodb://${this.host}/`;
    }

    /** From now on `command` is answered with these fields if its bytes contain `text`. */
    answer(command, fields, text = '') {
        this.#answers.set(command, { fields, text });
    }

    /** Answers as a server does if the user lacks the right. */
    refuse(command, text) {
        const errmsg = `not authorized on chat_server to execute command { ${command}: "chat_events", text: "a secret" }`;
        this.answer(command, { ok: 0, errmsg, code: 13, codeName: 'Unauthorized' }, text);
    }

    /** Forwards it again. */
    allow(command) {
        this.#answers.delete(command);
    }

    /** Blocks the connection of the next `command` with `text` in it until `letGo`; resolves when it is blocked. */
    holdUp(command, text = '') {
        const { promise, resolve } = withResolvers();
        this.#holding = { command, text, stuck: resolve };
        return promise;
    }

    /** Forwards the blocked bytes. */
    letGo() {
        for (const pass of this.#held.splice(0)) pass();
    }

    #forward(client) {
        const server = net.connect(Number(this.#target.port), this.#target.hostname);
        for (const [socket, other] of [
            [client, server],
            [server, client],
        ]) {
            this.#sockets.add(socket);
            socket.on('error', () => {});
            socket.on('close', () => {
                this.#sockets.delete(socket);
                other.destroy();
            });
        }
        server.pipe(client);
        let received = Buffer.alloc(0);
        let isStuck = false;
        const pass = () => {
            while (!isStuck && received.length >= HEADER_BYTES && received.length >= received.readInt32LE(0)) {
                const message = received.subarray(0, received.readInt32LE(0));
                received = received.subarray(message.length);
                const command = commandOf(message);
                const answer = this.#answers.get(command);
                if (command !== null && command === this.#holding?.command && message.includes(this.#holding.text)) {
                    isStuck = true;
                    this.#held.push(() => {
                        isStuck = false;
                        server.write(message);
                        pass();
                    });
                    this.#holding.stuck();
                    this.#holding = null;
                } else if (answer && message.includes(answer.text)) client.write(answerTo(message, answer.fields));
                else server.write(message);
            }
        };
        client.on('data', (bytes) => {
            received = Buffer.concat([received, bytes]);
            pass();
        });
    }
}
