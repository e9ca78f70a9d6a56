// Waiting with a deadline. A deadline only ever turns into a failure; no test takes it for "nothing happened".

/** Below a minute: tests of the client's renewals make minutes pass in milliseconds. */
export const DEADLINE_MS = 50_000;

/**
 * Resolves as `promise` does, or rejects after `ms` with what `describe()` says then.
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
 * Asks `check` again and again until it answers something truthy, which is returned.
 * For state that nothing announces: file descriptors, the list of users over HTTP.
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

/** Things that happen in order, and readers who wait for the next of them. */
export class Inbox {
    #items = [];
    #read = 0;
    #waiters = [];
    #ended = null;

    push(item) {
        this.#items.push(item);
        this.#wake();
    }

    /** Nothing more comes; whoever waits in vain is rejected with `reason`. */
    end(reason) {
        this.#ended ??= reason;
        this.#wake();
    }

    /** Everything that ever came. */
    get all() {
        return this.#items;
    }

    /** What came and was not read yet; reading goes on behind it. */
    drain() {
        const rest = this.#items.slice(this.#read);
        this.#read = this.#items.length;
        return rest;
    }

    /** The next one in order. */
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

    /** The next one for which `accepts` is true; those before it are skipped. */
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
