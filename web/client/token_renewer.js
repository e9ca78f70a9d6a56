// Holds the token of a connection and renews it before it expires.
import { InvalidTokenError, NotFoundError } from './errors.js';
import { MAX_TIMER_MS, between, now } from './time.js';
import { readToken } from './token.js';

const RENEW_AT = [0.75, 0.85]; // share of a token's lifetime, at random between the two
const LATE_IN_LIFE = 0.5; // from this share on, a reconnect renews the token first
const MIN_PAUSE_MS = 5_000; // between two requests, also for a token whose lifetime is shorter or negative
const RETRY_AFTER = [0.02, 0.05]; // share of the lifetime before a failed renewal is tried again

export class TokenRenewer {
    #renewed;
    #refused;
    #request;
    #timer = null;
    // The token's age when it was received, and the time of that by both clocks: a sleeping device may stop the
    // monotonic clock, and a user may set the other one.
    #ageMs = 0;
    #receivedAt = 0;
    #receivedOn = 0;
    #lifeMs = 0;
    #dueMs = Infinity; // the age at which the token is renewed
    #isEnded = false;
    #isAutomatic;
    token = null;

    /**
     * @param {string} text
     * @param {{ isAutomatic: boolean, request: (token: string) => Promise<import('../globes.d.ts').Token | null>,
     *     renewed: (token: import('../globes.d.ts').Token) => void, refused: (error: Error) => void }} options
     *     `request` asks the server for a new token. `renewed` and `refused` are called with the result
     */
    constructor(text, { isAutomatic, request, renewed, refused }) {
        this.#request = request;
        this.#renewed = renewed;
        this.#refused = refused;
        this.#isAutomatic = isAutomatic;
        this.#store(text);
    }

    get text() {
        return this.token?.token ?? null;
    }

    /** Whether a reconnect should renew the token first. */
    get isLateInLife() {
        return this.#isAutomatic && this.#age > this.#lifeMs * LATE_IN_LIFE;
    }

    get #age() {
        return this.#ageMs + Math.max(now() - this.#receivedAt, Date.now() - this.#receivedOn);
    }

    /** Renews the token if that is due: the timer of a device that slept fires late. */
    check() {
        if (this.#age >= this.#dueMs) this.#renewByTimer();
    }

    /** Requests a new token now; rejects as the request does. Keeps the old one if the room became public. */
    async renew() {
        const renewed = await this.#request(this.text);
        if (this.#isEnded || renewed === null) return;
        this.#store(renewed.token);
        this.#renewed(this.token);
    }

    end() {
        this.#isEnded = true;
        clearTimeout(this.#timer);
    }

    #store(text) {
        const { token, issuedMs, lifeMs } = readToken(text);
        // The local clock may be wrong: a token that the server has just issued is new, whatever that clock shows.
        const isFirst = this.token === null;
        this.#ageMs = isFirst ? Math.min(Math.max(Date.now() - issuedMs, 0), lifeMs) : 0;
        this.#receivedAt = now();
        this.#receivedOn = Date.now();
        this.#lifeMs = lifeMs;
        this.token = token;
        this.#renewIn(lifeMs * between(RENEW_AT[0], RENEW_AT[1]) - this.#ageMs, isFirst ? 0 : MIN_PAUSE_MS);
    }

    #renewIn(ms, atLeastMs = MIN_PAUSE_MS) {
        clearTimeout(this.#timer);
        if (!this.#isAutomatic || this.#isEnded) return;
        const waitMs = Math.min(Math.max(ms, atLeastMs), MAX_TIMER_MS);
        this.#dueMs = this.#age + waitMs;
        this.#timer = setTimeout(() => this.#renewByTimer(), waitMs);
    }

    async #renewByTimer() {
        this.#dueMs = Infinity; // one renewal at a time
        clearTimeout(this.#timer);
        try {
            await this.renew();
        } catch (error) {
            if (this.#isEnded) return;
            if (error instanceof InvalidTokenError || error instanceof NotFoundError) return this.#refused(error);
            // An outage: the rest of the lifetime leaves time for more attempts.
            this.#renewIn(Math.max(this.#lifeMs * between(RETRY_AFTER[0], RETRY_AFTER[1]), error.retryAfterMs ?? 0));
        }
    }
}
