// A WebSocket client that sends exactly what the test says and answers nothing by itself.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { Connection, connect } from './connection.js';
import { Opcode, closePayload, encodeFrame, parseFrame } from './frames.js';
import { DEADLINE_MS } from './wait.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/**
 * The bytes of an opening handshake. `changes` replaces headers by name; null removes one, an array repeats it.
 */
export function handshake(server, path, changes = {}, requestLine = `GET ${path} HTTP/1.1`) {
    const headers = {
        Host: `${server.host}:${server.port}`,
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': KEY,
        ...changes,
    };
    const lines = Object.entries(headers)
        .filter(([, value]) => value !== null)
        .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`));
    return `${requestLine}\r\n${lines.join('')}\r\n`;
}

export class RawSocket extends Connection {
    /** The response to the handshake. */
    opening = null;

    /** Opens `/chats/{room}/ws`, followed by `query`; the server must accept. */
    static async open(server, room, { query = '', headers = {}, allowHalfOpen = false, from } = {}) {
        const raw = new RawSocket(await connect(server, { allowHalfOpen, from }));
        raw.write(handshake(server, `/chats/${room.id}/ws${query}`, headers));
        raw.opening = await raw.response();
        assert.equal(raw.opening.status, 101, `the handshake was refused: ${raw.opening.text}`);
        assert.equal(raw.opening.headers['sec-websocket-accept'], ACCEPT);
        return raw;
    }

    sendFrame(opcode, payload, options) {
        this.write(encodeFrame(opcode, payload, options));
    }

    sendEvent(event) {
        this.sendFrame(Opcode.TEXT, JSON.stringify(event));
    }

    async nextFrame(ms = DEADLINE_MS) {
        const frame = await this.take(parseFrame, 'a frame', ms);
        assert.equal(frame.masked, false, 'a server never masks');
        assert.equal(frame.rsv, 0, 'no extension was agreed on');
        return frame;
    }

    async nextEvent() {
        const frame = await this.nextFrame();
        assert.equal(frame.opcode, Opcode.TEXT, `not an event: opcode ${frame.opcode}, ${frame.payload}`);
        return JSON.parse(frame.payload.toString('utf8'));
    }

    /** Skips frames before the server's close frame; resolves with its code (1005 if it has none). */
    async closeCode(ms = DEADLINE_MS) {
        for (;;) {
            const frame = await this.nextFrame(ms);
            if (frame.opcode !== Opcode.CLOSE) continue;
            return frame.payload.length ? frame.payload.readUInt16BE() : 1005;
        }
    }

    /** Closes as RFC 6455 requires: close frame, its echo, end of the connection. */
    async leave(code = 1000) {
        this.sendFrame(Opcode.CLOSE, closePayload(code));
        const echoed = await this.closeCode();
        await this.ended();
        return echoed;
    }
}
