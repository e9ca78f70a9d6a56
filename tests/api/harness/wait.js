// Waiting with a deadline. A deadline always means failure; no test uses it to check that nothing happens.

/** Below a minute, because tests of the client's renewals make minutes pass in milliseconds. */
export const DEADLINE_MS = 50_000;

/**
 * Resolves as `promise` does, or rejects after `ms` with the text of `describe()`.
 * @param {Promise<T>} promise
 * @param {() => string} describe
 * @returns {Promise<T>}
 * @template T
 */
export function within(promise, describe, ms = DEADLINE_MS) {
    const { stack } = new Error();
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
            const error = new Error(`not within ${ms} ms: ${describe()}`);
            error.stack = `${error.message}\n${stack.split('\n').slice(2).join('\n')}`;
            reject(error);
        }, ms);
        promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
}

/**
 * Calls `check` until it returns something truthy, which is returned. For state without notifications: file
 * descriptors, the list of users over HTTP.
 */
export async function eventually(check, what, ms = DEADLINE_MS) {
    const end = Date.now() + ms;
    for (;;) {
        const answer = await check();
        if (answer) return answer;
        if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

/** Values in order, and readers that wait for the next one. */
export class ReceivedQueue {
    #items = [];
    #read = 0;
    #waiters = [];
    #ended = null;

    push(item) {
        this.#items.push(item);
        this.#wake();
    }

    /** No more values: a reader that waits is rejected with `reason`. */
    end(reason) {
        this.#ended ??= reason;
        this.#wake();
    }

    /** All values that were ever added. */
    get all() {
        return this.#items;
    }

    /** The values that were not read yet; skips them. */
    drain() {
        const rest = this.#items.slice(this.#read);
        this.#read = this.#items.length;
        return rest;
    }

    /** The next value in order. */
    async next(what = 'the next one', ms = DEADLINE_MS) {
        const last = () => JSON.stringify(this.#items.slice(-3).map((item) => String(item).slice(0, 200)));
        while (this.#read >= this.#items.length) {
            if (this.#ended) throw new Error(`${what}: ${this.#ended}; the last were ${last()}`);
            const { promise, resolve } = withResolvers();
            this.#waiters.push(resolve);
            await within(promise, () => `${what}; the last were ${last()}`, ms);
        }
        return this.#items[this.#read++];
    }

    /** The next value for which `accepts` is true; skips those before it. */
    async find(accepts, what = accepts.toString(), ms = DEADLINE_MS) {
        for (;;) {
            const item = await this.next(what, ms);
            if (accepts(item)) return item;
        }
    }

    #wake() {
        for (const resolve of this.#waiters.splice(0)) resolve();
    }
}

/** `Promise.withResolvers`, which Node has from version 22 on. */
export function withResolvers() {
    let resolve;
    let reject;
    const promise = new Promise((yes, no) => {
        resolve = yes;
        reject = no;
    });
    return { promise, resolve, reject };
}
