// Texts: identifiers, JSON, and what the server accepts as a name, a message and an id.
import { InvalidContentError, errorOf } from './errors.js';

const MAX_CHARACTERS = 4096; // of a message; the server refuses longer ones
const MAX_ID_LENGTH = 64;

/** 128 random bits as hexadecimal digits. `crypto.randomUUID` exists on https pages only. */
export function randomId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The value of a JSON text; undefined if it is not JSON. */
export function parseJson(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** `text` without halves of surrogate pairs: the server refuses JSON that has one. */
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** Throws an InvalidContentError unless `name` is a string, null or undefined. */
export function checkName(name) {
    if (typeof name !== 'string' && (name ?? null) !== null)
        throw new InvalidContentError('A name is a string', { field: 'name' });
}

/** Why the server would refuse this message; null if it would not. */
export function messageProblem(text, id) {
    const isText = typeof text === 'string' && text !== '' && text.length <= 2 * MAX_CHARACTERS;
    if (!isText || [...text].length > MAX_CHARACTERS)
        return errorOf({ code: 303, error: `A message has 1 to ${MAX_CHARACTERS} characters`, field: 'msg' });
    if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH || id !== wellFormed(id))
        return errorOf({ code: 303, error: `An id has 1 to ${MAX_ID_LENGTH} characters`, field: 'id' });
    return null;
}
