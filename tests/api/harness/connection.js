// A connection, TCP or TLS, on which the test controls every byte, and a parser of HTTP responses on it.
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';

import { DEADLINE_MS, within, withResolvers } from './wait.js';

/**
 * `allowHalfOpen`: the test may still write after the server has ended its side. `from`: an address of the loopback to
 * connect from.
 */
export async function connect(server, { allowHalfOpen = false, from } = {}) {
    const tcp = net.connect({ host: server.host, port: server.port, allowHalfOpen, localAddress: from });
    await once(tcp, 'connect');
    if (!server.tls) return tcp;
    const socket = tls.connect({ socket: tcp, rejectUnauthorized: false, allowHalfOpen });
    await once(socket, 'secureConnect');
    return socket;
}

export class Connection {
    #unread = Buffer.alloc(0);
    #ended = false;
    #failure = null;
    #waiters = [];

    /** @param {net.Socket} socket */
    constructor(socket) {
        this.socket = socket;
        socket.setNoDelay(true);
        socket.on('data', (bytes) => {
            this.#unread = Buffer.concat([this.#unread, bytes]);
            this.#wake();
        });
        socket.on('end', () => {
            this.#ended = true;
            this.#wake();
        });
        socket.on('error', (error) => (this.#failure = error));
        socket.on('close', () => {
            this.#ended = true;
            this.#wake();
        });
    }

    static async open(server, options) {
        return new Connection(await connect(server, options));
    }

    write(bytes) {
        this.socket.write(bytes);
    }

    /** Sends one byte in each segment, as far as TCP allows. */
    async writeByteByByte(bytes) {
        for (const byte of Buffer.from(bytes)) {
            await new Promise((resolve) => this.socket.write(Buffer.of(byte), resolve));
        }
    }

    /**
     * Removes and returns what `parse` finds at the start of the received bytes. `parse(bytes, ended)` returns `{
     * value, length }`, or null if it needs more.
     */
    async take(parse, what, ms = DEADLINE_MS) {
        for (;;) {
            const found = parse(this.#unread, this.#ended);
            if (found) {
                this.#unread = this.#unread.subarray(found.length);
                return found.value;
            }
            if (this.#ended) {
                const cause = this.#failure ? ` (${this.#failure.code})` : '';
                throw new Error(`the connection ended${cause} before ${what}; unread: ${this.#preview()}`);
            }
            const { promise, resolve } = withResolvers();
            this.#waiters.push(resolve);
            await within(promise, () => `${what}; unread: ${this.#preview()}`, ms);
        }
    }

    /** Resolves with the unread bytes when the server has ended the connection, in any way. */
    ended(ms = DEADLINE_MS) {
        const rest = (bytes, ended) => (ended ? { value: bytes, length: bytes.length } : null);
        return this.take(rest, 'the server ends the connection', ms);
    }

    /** The next HTTP answer. `method` tells whether a body follows. */
    response(method = 'GET', ms = DEADLINE_MS) {
        return this.take((bytes, ended) => parseResponse(bytes, ended, method), 'an HTTP answer', ms);
    }

    /** Ends with RST instead of FIN. */
    reset() {
        (this.socket._parent ?? this.socket).resetAndDestroy();
    }

    close() {
        this.socket.destroy();
    }

    #wake() {
        for (const resolve of this.#waiters.splice(0)) resolve();
    }

    #preview() {
        return JSON.stringify(this.#unread.subarray(0, 300).toString('latin1'));
    }
}

/** Sends `bytes` on a new connection and resolves with the first response. */
export async function exchange(server, bytes, method) {
    const connection = await Connection.open(server);
    try {
        connection.write(bytes);
        return await connection.response(method);
    } finally {
        connection.close();
    }
}

/** An HTTP/1.1 answer (RFC 9112), or null while it is not complete. */
function parseResponse(bytes, ended, method) {
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return null;
    const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
    const [, version, status] = statusLine.match(/^HTTP\/(1\.[01]) (\d{3}) ?/) ?? [];
    if (!status) throw new Error(`no status line: ${statusLine}`);
    const headers = {};
    for (const line of lines) {
        const colon = line.indexOf(':');
        const name = line.slice(0, colon).toLowerCase();
        const value = line.slice(colon + 1).trim();
        headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const bodyStart = headEnd + 4;
    const body = parseBody(bytes.subarray(bodyStart), ended, Number(status), method, headers);
    if (!body) return null;
    const text = body.value.toString('utf8');
    const answer = { version, status: Number(status), headers, lines, body: body.value, text };
    Object.defineProperty(answer, 'json', { get: () => JSON.parse(text) });
    return { value: answer, length: bodyStart + body.length };
}

function parseBody(bytes, ended, status, method, headers) {
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
        return { value: Buffer.alloc(0), length: 0 };
    }
    if (headers['transfer-encoding'] === 'chunked') return parseChunks(bytes);
    if ('content-length' in headers) {
        const length = Number(headers['content-length']);
        return bytes.length < length ? null : { value: bytes.subarray(0, length), length };
    }
    return ended ? { value: bytes, length: bytes.length } : null;
}

function parseChunks(bytes) {
    const chunks = [];
    for (let at = 0; ;) {
        const lineEnd = bytes.indexOf('\r\n', at);
        if (lineEnd < 0) return null;
        const size = parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
        const start = lineEnd + 2;
        if (bytes.length < start + size + 2) return null;
        chunks.push(bytes.subarray(start, start + size));
        at = start + size + 2;
        if (size === 0) return { value: Buffer.concat(chunks), length: at };
    }
}
