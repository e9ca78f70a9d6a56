// WebSocket frames (RFC 6455, 5.2), valid and invalid. No I/O.
import { randomBytes } from 'node:crypto';

export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };

/**
 * A frame of a client. The defaults make a valid one; every part can be made invalid.
 * `lengthBytes`: 0, 2 or 8 bytes of extended length, whether needed or not; `declaredLength`: the length in the header.
 */
export function encodeFrame(opcode, payload = '', options = {}) {
    const { fin = true, rsv = 0, mask = true, lengthBytes, declaredLength } = options;
    const bytes = Buffer.from(payload);
    const length = BigInt(declaredLength ?? bytes.length);
    const form = lengthBytes ?? (length < 126n ? 0 : length < 65536n ? 2 : 8);
    const head = Buffer.alloc(2 + form);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    if (form === 0) head[1] = Number(length);
    if (form === 2) {
        head[1] = 126;
        head.writeUInt16BE(Number(length), 2);
    }
    if (form === 8) {
        head[1] = 127;
        head.writeBigUInt64BE(length, 2);
    }
    if (!mask) return Buffer.concat([head, bytes]);
    head[1] |= 0x80;
    const key = randomBytes(4);
    const masked = Buffer.allocUnsafe(bytes.length);
    for (let at = 0; at < bytes.length; at += 1) masked[at] = bytes[at] ^ key[at % 4];
    return Buffer.concat([head, key, masked]);
}

/** The payload of a close frame. */
export function closePayload(code, reason = '') {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    return Buffer.concat([head, Buffer.from(reason)]);
}

/** For `Connection.take`: the frame at the beginning of `bytes`, or null while it is not complete. */
export function parseFrame(bytes) {
    if (bytes.length < 2) return null;
    let length = bytes[1] & 0x7f;
    let start = 2;
    if (length === 126) {
        if (bytes.length < 4) return null;
        length = bytes.readUInt16BE(2);
        start = 4;
    } else if (length === 127) {
        if (bytes.length < 10) return null;
        length = Number(bytes.readBigUInt64BE(2));
        start = 10;
    }
    const end = start + length;
    if (bytes.length < end) return null;
    const value = {
        fin: (bytes[0] & 0x80) !== 0,
        rsv: (bytes[0] >> 4) & 7,
        opcode: bytes[0] & 15,
        masked: (bytes[1] & 0x80) !== 0,
        payload: bytes.subarray(start, end),
        raw: bytes.subarray(0, end),
    };
    return { value, length: end };
}
