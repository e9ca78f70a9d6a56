// A process of Node with an event loop of its own that carries out requests: so that the work of attackers does not delay
// those that measure.
import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

import { withResolvers } from '../api/harness/wait.js';

/**
 * Of attackers. They have machines of their own, so here they only get what the server and those that measure leave of
 * the processor. That is enough for as many requests as at the niceness 1.
 */
export const NICENESS = 19;

export class Child {
    #process;
    #pending = new Map();
    #lastId = 0;
    #exit = withResolvers();

    /** `file`: a module of this folder that calls `serve`. */
    constructor(file, { niceness = 0 } = {}) {
        this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: [] });
        if (niceness > 0) setPriority(this.#process.pid, niceness);
        this.#process.on('message', ({ id, result, error }) => {
            const { resolve, reject } = this.#pending.get(id);
            this.#pending.delete(id);
            if (error === undefined) resolve(result);
            else reject(new Error(`${file}: ${error}`));
        });
        this.#process.on('exit', (code, signal) => {
            for (const { reject } of this.#pending.values()) reject(new Error(`${file} ended with ${signal ?? code}`));
            this.#exit.resolve();
        });
    }

    /** Resolves with the result of the handler `name` in the child. Arguments and result are JSON. */
    ask(name, ...args) {
        this.#lastId += 1;
        const answer = withResolvers();
        this.#pending.set(this.#lastId, answer);
        this.#process.send({ id: this.#lastId, name, args });
        return answer.promise;
    }

    /** Resolves when the process has ended, with all its connections. */
    async end() {
        this.#process.kill('SIGKILL');
        await this.#exit.promise;
    }
}

/** In the child: answers requests until the parent process ends. */
export function serve(handlers) {
    process.on('disconnect', () => process.exit());
    process.on('message', async ({ id, name, args }) => {
        try {
            process.send({ id, result: await handlers[name](...args) });
        } catch (error) {
            process.send({ id, error: error.stack });
        }
    });
}
