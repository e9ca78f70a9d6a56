// The connections of an attacker: as fast as Node can write, with a count of what the attack costs. An attacker has one
// address, and opens a new connection for each that the server closes.
import net from 'node:net';
import tls from 'node:tls';

import { handshake } from '../api/harness/raw_socket.js';

/** Between the end of a connection and the next try. */
const PAUSE_MS = 250;
/** Longer than the start of a status line, for one that is cut between two reads. */
const OVERLAP = 16;
const STATUS_LINE = 'HTTP/1.1 ';
/** The code of errors about too many events. */
const FLOOD_ERROR = '"code":503';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One connection. */
export class Line {
    #attacker;
    #tail = '';
    #isWebSocket = false;
    #isOurEnd = false;
    #onAnswer = () => {};

    /** Responses that have begun. */
    answers = 0;
    isOpen = true;

    constructor(attacker, socket) {
        this.#attacker = attacker;
        this.socket = socket;
        this.closed = new Promise((resolve) => {
            socket.on('close', () => {
                this.isOpen = false;
                attacker.cost.sent += socket.bytesWritten;
                attacker.cost.received += socket.bytesRead;
                attacker.lines.delete(this);
                if (!attacker.isOver && !this.#isOurEnd) attacker.cost.closed += 1;
                this.#onAnswer();
                resolve();
            });
        });
        socket.on('data', (bytes) => this.#scan(bytes));
    }

    /** Ends the connection; it is not counted as one that the server has closed. */
    end() {
        this.#isOurEnd = true;
        this.socket.destroy();
    }

    /** Resolves when more may be written, with false if the connection has ended. `requests`: how many these bytes are. */
    async write(bytes, requests = 1) {
        if (!this.isOpen) return false;
        this.#attacker.cost.requests += requests;
        if (!this.socket.write(bytes)) {
            await Promise.race([new Promise((resolve) => this.socket.once('drain', resolve)), this.closed]);
            this.socket.removeAllListeners('drain');
        }
        return this.isOpen;
    }

    /** Writes again and again until the connection ends. `next`: bytes, or a function that returns some. */
    async flood(next, requests = 1) {
        const bytes = typeof next === 'function' ? next : () => next;
        while (await this.write(bytes(), requests)) await new Promise(setImmediate);
    }

    /** Sends requests until the connection ends, and has `window` of them unanswered all the time. */
    async pipeline(next, window = 8) {
        const bytes = typeof next === 'function' ? next : () => next;
        let asked = 0;
        while (this.isOpen) {
            while (asked < this.answers + window) {
                asked += 1;
                if (!(await this.write(bytes()))) return;
            }
            await new Promise((resolve) => (this.#onAnswer = resolve));
        }
    }

    /** Opens a WebSocket; resolves with false if it was refused. Then the end of the connection is not counted. */
    async upgrade(room, { query = '', headers = {} } = {}) {
        this.#isOurEnd = true;
        await this.write(handshake(this.#attacker.scene, `/chats/${room}/ws${query}`, headers));
        while (this.isOpen && this.answers === 0) await new Promise((resolve) => (this.#onAnswer = resolve));
        const isAccepted = this.isOpen && this.#isWebSocket;
        if (!isAccepted) this.end();
        this.#isOurEnd = !isAccepted;
        return isAccepted;
    }

    /**
     * Reads no more but a byte now and then, so that the server believes in a slow client. `more`: bytes to write now and
     * then, by which the attacker learns that the server has closed the connection.
     */
    trickle(more) {
        this.socket.removeAllListeners('data');
        this.socket.pause();
        const timer = setInterval(() => {
            this.socket.read(1);
            if (more) this.socket.write(more);
        }, 100);
        this.closed.then(() => clearInterval(timer));
    }

    #scan(bytes) {
        const text = this.#tail + bytes.toString('latin1');
        const { cost } = this.#attacker;
        if (this.#isWebSocket) {
            for (let at = text.indexOf(FLOOD_ERROR); at >= 0; at = text.indexOf(FLOOD_ERROR, at + 1)) cost.refused += 1;
            this.#tail = '';
            return;
        }
        let end = 0;
        for (let at = text.indexOf(STATUS_LINE); at >= 0; at = text.indexOf(STATUS_LINE, end)) {
            end = at + STATUS_LINE.length;
            const status = text.slice(end, end + 3);
            if (status.length < 3) break;
            this.answers += 1;
            cost.statuses[status] = (cost.statuses[status] ?? 0) + 1;
            if (status === '429' || status === '503') cost.refused += 1;
            if (status === '101') this.#isWebSocket = true;
        }
        this.#tail = text.slice(Math.max(end, text.length - OVERLAP));
        this.#onAnswer();
    }
}

export class Attacker {
    /** `refused`: answers 429 and 503, and errors for too many events. `closed`: connections that the server ended. */
    cost = { connections: 0, requests: 0, sent: 0, received: 0, refused: 0, closed: 0, statuses: {} };
    lines = new Set();
    isOver = false;

    /** `from`: the address of the loopback that attacks. */
    constructor(scene, from) {
        this.scene = scene;
        this.from = from;
    }

    /** Resolves with a connection, or with null if the server does not accept it. */
    async connect() {
        const { host, port } = this.scene;
        const options = { host, port, localAddress: this.from, noDelay: true, rejectUnauthorized: false };
        const socket = this.scene.tls ? tls.connect(options) : net.connect(options);
        socket.on('error', () => {});
        const isOpen = await new Promise((resolve) => {
            socket.once(this.scene.tls ? 'secureConnect' : 'connect', () => resolve(true));
            socket.once('close', () => resolve(false));
        });
        this.cost.connections += 1;
        // An attack may be over before its last connections are open: they would go on otherwise.
        if (this.isOver) socket.destroy();
        if (!isOpen || this.isOver) return null;
        const line = new Line(this, socket);
        this.lines.add(line);
        return line;
    }

    /** Has `count` connections open all the time, and calls `live` with each. */
    keep(count, live, { pause_ms = PAUSE_MS } = {}) {
        const keepOne = async (index) => {
            while (!this.isOver) {
                const line = await this.connect();
                if (line) {
                    await live(line, index);
                    await line.closed;
                }
                await sleep(pause_ms);
            }
        };
        for (let index = 0; index < count; index += 1) keepOne(index);
    }

    /** The cost so far. */
    get costs() {
        const cost = { ...this.cost };
        for (const { socket } of this.lines) {
            cost.sent += socket.bytesWritten;
            cost.received += socket.bytesRead;
        }
        return cost;
    }
}

/** A request without a body. */
export function requestOf(scene, path, { method = 'GET', headers = '', host = `${scene.host}:${scene.port}` } = {}) {
    return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;
}

/** A request with a body of JSON, or of this text. */
export function postOf(scene, path, body, { method = 'POST', headers = '' } = {}) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const length = `Content-Length: ${Buffer.byteLength(text)}\r\n`;
    return `${requestOf(scene, path, { method, headers: headers + length })}${text}`;
}
