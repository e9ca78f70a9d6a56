// A token bucket that keeps a connection below the server's flood limit, and adapts if that limit is lower. It does no
// I/O; the caller passes the time in.

export class Pacer {
    #intervalMs;
    #burst;
    #fullAt = 0;
    #slowedAt = -Infinity;

    constructor(perSecond, burst) {
        this.#intervalMs = perSecond > 0 ? 1000 / perSecond : 0;
        this.#burst = burst;
    }

    /** The time in ms until one more frame may be sent. */
    waitMs(time) {
        return Math.max(0, this.#fullAt - this.#intervalMs * (this.#burst - 1) - time);
    }

    take(time) {
        this.#fullAt = Math.max(this.#fullAt, time) + this.#intervalMs;
    }

    /**
     * The server refused a frame that was sent at `sentAt`, and accepts one more in `retryAfterMs`. Repeated refusals
     * would end the connection, so from now on there are no bursts, and each refusal makes the intervals longer.
     */
    slowDown(time, sentAt, retryAfterMs) {
        if (sentAt < this.#slowedAt) return; // sent before the last change took effect
        this.#slowedAt = time;
        this.#burst = 1;
        this.#intervalMs = Math.max(this.#intervalMs * 1.5, retryAfterMs);
        this.#fullAt = time + retryAfterMs;
    }
}
