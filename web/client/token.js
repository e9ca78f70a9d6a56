// Room tokens (JWT) as the client reads them. Only the server checks them.
import { InvalidTokenError } from './errors.js';

/** The text of a token given as text or as an object; null without one. */
export const tokenText = (token) => (token && typeof token === 'object' ? token.token : token || null);

/** The claims of a token. Throws an InvalidTokenError if `text` is not a token. */
export function readToken(text) {
    try {
        const base64 = text.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const { username, room_id: roomId, exp, iat = Date.now() / 1000 } = JSON.parse(new TextDecoder().decode(bytes));
        // With a lifetime of NaN, the timer of the renewal would fire at once, again and again.
        if (!Number.isFinite(exp - iat)) throw new TypeError('A token states when it expires');
        const token = { token: text, name: username, roomId, expiresAt: new Date(exp * 1000) };
        return { token, issuedMs: iat * 1000, lifeMs: Math.max(exp - iat, 0) * 1000 };
    } catch (cause) {
        throw new InvalidTokenError('This is not a token', { field: 'token', cause });
    }
}
