// JSON Web Tokens, parsed, changed and forged.
import { createHmac } from 'node:crypto';

import { storedRoomKeyParts } from './store.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

/** `{ header, claims }`, without a check. */
export function openToken(token) {
    const [header, claims] = token.split('.');
    return { header: decode(header), claims: decode(claims) };
}

/** A token that is signed with `key`; `hash` as node:crypto names it. */
export function forgeToken({ header = { alg: 'HS256', typ: 'JWT' }, claims, key, hash = 'sha256' }) {
    const signed = `${encode(header)}.${encode(claims)}`;
    return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`;
}

/** The same signature under other claims or another header. */
export function tamper(token, { header = {}, claims = {} }) {
    const opened = openToken(token);
    const signature = token.split('.')[2];
    return `${encode({ ...opened.header, ...header })}.${encode({ ...opened.claims, ...claims })}.${signature}`;
}

/** A token with an algorithm that needs no signature. */
export function unsigned(claims, alg = 'none') {
    return `${encode({ alg, typ: 'JWT' })}.${encode(claims)}.`;
}

/** Valid claims. */
export function freshClaims(room, username = 'mallory') {
    const iat = Math.floor(Date.now() / 1000);
    return { username, room_id: room.id, iat, exp: iat + 3600 };
}

const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();

function bigEndian(number) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(number));
    return bytes;
}

/** A room token with any claims, signed with the server's own key, as `room_key` in src/chat/tokens.cc derives it. */
export async function forgeRoomToken(server, room, { secretKey, claims }) {
    const { salt, token_epoch: epoch, password_hash: hash } = await storedRoomKeyParts(server.dataFolder, room.id);
    const context = [Buffer.from('globes room token v2'), bigEndian(room.id), Buffer.from(salt)];
    return forgeToken({ claims, key: hmac(secretKey, ...context, bigEndian(epoch), Buffer.from(hash)) });
}

/** Room tokens and owner tokens as the versions made them whose rooms had no salts. */
export const oldTokens = {
    room: (secretKey, { id, token_epoch: epoch, password_hash: hash }, claims) =>
        forgeToken({
            claims: { ...freshClaims({ id }), ...claims },
            key: hmac(secretKey, Buffer.from('globes room token v1'), bigEndian(id), bigEndian(epoch), Buffer.from(hash)),
        }),
    owner: (secretKey, { id }, claims) =>
        forgeToken({
            claims: { ...freshClaims({ id }), role: 'owner', ...claims },
            key: hmac(secretKey, Buffer.from('globes owner token v1'), bigEndian(id)),
        }),
};
