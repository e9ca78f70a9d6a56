// Time and chance. Monotonic, in milliseconds.
import { ConnectionError } from './errors.js';

/** The longest delay that setTimeout takes. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A time in ms that a server asks to wait, as a timer takes it: 0 to `MAX_TIMER_MS`. Null if it is not a number. */
export const waitOf = (ms) => (Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_TIMER_MS) : null);

export const now = () => performance.now();

/** A random number from `low` to `high`. */
export const between = (low, high) => low + Math.random() * (high - low);

/**
 * Settles as `promise` does, or rejects with a ConnectionError after `ms`.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @returns {Promise<T>}
 */
export function within(promise, ms) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new ConnectionError('No answer in time')), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
