// The program's maintenance commands, run to their end or killed.
import { spawn } from 'node:child_process';

import { releaseBinary } from './server.js';
import { within, withResolvers } from './wait.js';

/** A running command, in an almost empty environment. */
export class Command {
    #exit = withResolvers();

    stdout = '';
    stderr = '';

    /** @param {string} folder the working folder; the data is in its folder data, unless `args` say otherwise */
    constructor(folder, args) {
        const { PATH, HOME } = process.env;
        this.name = `globes ${args.join(' ')}`;
        this.process = spawn(releaseBinary, args, { cwd: folder, env: { PATH, HOME } });
        this.process.on('error', this.#exit.reject);
        this.process.on('close', (code, signal) => this.#exit.resolve({ code, signal }));
        this.process.stdin.on('error', () => {}); // It may end before it has read everything.
        this.process.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
        this.process.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    }

    /** Resolves with its exit code and its output. */
    async ended() {
        const { code, signal } = await within(this.#exit.promise, () => `${this.name} ends; it said:\n${this.stderr}`);
        return { code, signal, stdout: this.stdout, stderr: this.stderr };
    }

    async kill() {
        this.process.kill('SIGKILL');
        await this.#exit.promise;
    }
}

/** Runs a command to its end; `input` is its standard input. */
export function runCommand(folder, args, input = '') {
    const command = new Command(folder, args);
    command.process.stdin.end(input);
    return command.ended();
}
