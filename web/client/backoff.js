// How long to wait before the next attempt to connect: exponential back-off with full jitter.
import { between } from './time.js';

export class Backoff {
    #limits;
    #attempts = 0;

    /** @param {import('../globes.d.ts').Limits} limits */
    constructor(limits) {
        this.#limits = limits;
    }

    /** Attempts since the last connection that was stable. */
    get attempts() {
        return this.#attempts;
    }

    /** A connection has ended that was online for `ms`. */
    endedAfter(ms) {
        if (ms >= this.#limits.stableAfterMs) this.#attempts = 0;
    }

    /** The delay before the next attempt. `isQuick`: the server restarts, and the first attempt follows soon. */
    nextDelayMs(isQuick) {
        const { backoffBaseMs, backoffMaxMs, quickReconnectMs } = this.#limits;
        const backoffMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** this.#attempts);
        const delayMs = between(0, isQuick && this.#attempts === 0 ? quickReconnectMs : backoffMs);
        this.#attempts += 1;
        return delayMs;
    }
}
