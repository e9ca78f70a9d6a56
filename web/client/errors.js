// The error classes of the client, and which one stands for which code of the server. Contracts: globes.d.ts.
import { isFinal } from './close_codes.js';

/**
 * @typedef {object} Details
 * @property {number | null} [code]
 * @property {number | null} [status]
 * @property {string | null} [field]
 * @property {number | null} [retryAfterMs]
 * @property {string | null} [reason]
 * @property {string | null} [msg]
 * @property {unknown} [cause]
 */

// Each class states its name as a string: a server serves this module with shortened identifiers.
export class GlobesError extends Error {
    name = 'GlobesError';
    /** @param {string} message @param {Details} [details] */
    constructor(message, { code = null, status = null, field = null, reason = null, retryAfterMs = null, msg = null, cause } = {}) {
        super(message, cause === undefined ? undefined : { cause });
        this.code = code;
        this.status = status;
        this.field = field;
        this.reason = reason;
        this.retryAfterMs = retryAfterMs;
        this.msg = msg;
    }
    get isTemporary() {
        return this instanceof UnavailableError || this instanceof RateLimitedError;
    }
}
export class NotFoundError extends GlobesError {
    name = 'NotFoundError';
}
export class UnauthorizedError extends GlobesError {
    name = 'UnauthorizedError';
}
export class InvalidTokenError extends GlobesError {
    name = 'InvalidTokenError';
}
export class InvalidContentError extends GlobesError {
    name = 'InvalidContentError';
}
export class DuplicateError extends GlobesError {
    name = 'DuplicateError';
}
export class RateLimitedError extends GlobesError {
    name = 'RateLimitedError';
}
export class UnavailableError extends GlobesError {
    name = 'UnavailableError';
}
export class RewoundError extends GlobesError {
    name = 'RewoundError';
}
export class QueueFullError extends GlobesError {
    name = 'QueueFullError';
}
export class ConnectionError extends GlobesError {
    name = 'ConnectionError';
    /** @param {string} message @param {Details & { closeCode?: number | null }} [details] */
    constructor(message, { closeCode = null, ...more } = {}) {
        super(message, more);
        this.closeCode = closeCode;
    }
    get isTemporary() {
        return !isFinal(this.closeCode);
    }
}

const CLASS_OF_CODE = {
    101: NotFoundError,
    201: NotFoundError,
    501: NotFoundError,
    104: UnauthorizedError,
    204: UnauthorizedError,
    304: UnauthorizedError,
    403: InvalidTokenError,
    103: InvalidContentError,
    105: InvalidContentError,
    203: InvalidContentError,
    303: InvalidContentError,
    102: DuplicateError,
    202: DuplicateError,
    503: RateLimitedError,
    505: UnavailableError,
};

const textOf = (value) => (typeof value === 'string' ? value : null);

/** The text of an error for an answer that is not the server's own. */
export const FOREIGN = 'Something other than Globes has answered';

/**
 * The error for the server's `{ code, error, field, reason }`; values of other types count as absent.
 * @param {any} refusal
 * @param {{ status?: number, retryAfterMs?: number | null, msg?: string }} [more]
 */
export function errorOf(refusal, more = {}) {
    const code = Number.isInteger(refusal?.code) ? refusal.code : null;
    const error = textOf(refusal?.error) ?? `Error ${code}`;
    const field = textOf(refusal?.field);
    const ErrorClass = more.status === 409 ? RewoundError : (CLASS_OF_CODE[code] ?? GlobesError);
    const reason = textOf(refusal?.reason);
    return new ErrorClass(field === null ? error : `${error} (${field})`, { code, field, reason, ...more });
}
