// A real server process: started in a new temporary folder, observed, stopped, killed, restarted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { sharedCertificate } from './certificate.js';
import { freshDatabase } from './mongodb.js';
import { readProc } from './proc.js';
import { within, withResolvers } from './wait.js';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

// Used in every config.json that a test does not write itself: the number of I/O threads.
const ioThreads = process.env.GLOBES_IO_THREADS ? { IoThreads: Number(process.env.GLOBES_IO_THREADS) } : {};

// Where it is set, every server has a certificate, and all clients use TLS.
const usesTls = process.env.GLOBES_TLS === '1';

// Where it is set, a server that a test configures no store for gets a database of its own there.
const mongodbUri = process.env.GLOBES_STORE === 'mongodb' ? process.env.GLOBES_TEST_MONGODB_URI : undefined;

export const releaseBinary = resolve(process.env.GLOBES_BINARY ?? join(repository, 'build/release/globes'));

/** Whether a binary was built with AddressSanitizer, which keeps freed memory: its size tells nothing then. */
export function isSanitized(binary = releaseBinary) {
    return readFileSync(binary).includes('__asan_init');
}

const TLS_FILES = { TLSCert: 'tls/cert.pem', TLSKey: 'tls/key.pem' };

/** How long a server may take to end after SIGTERM (docs/operations.md#start-and-stop). */
const STOP_MS = 10_000;

/**
 * Options of a server.
 * @typedef {object} ServerOptions
 * @property {object|string|Buffer|null} [config] keys of config.json besides Address; text is written unchanged; null: no file
 * @property {string|Buffer} [dotenv] the content of .env
 * @property {Record<string, string>} [files] further files of the working folder, by path
 * @property {Record<string, string>} [env] added to an otherwise almost empty environment
 * @property {string|null} [address] for --address; null leaves the flag out
 * @property {boolean} [tls] the server has a certificate, `tls/cert.pem`, and the clients use TLS
 * @property {string[]} [args] further flags
 * @property {string} [binary]
 */

export class Server {
    #options;
    #process = null;
    #exit = null;
    #expectRunning = false;
    #logWaiters = new Set();

    /** The working folder; it exists from the first start until `finish`. */
    folder = null;
    /** All output since the first start, of both streams. */
    log = '';
    host = '';
    port = 0;
    version = '';
    /** Whether clients speak TLS to it. */
    tls = false;

    /** @param {ServerOptions} options */
    constructor(options = {}) {
        this.#options = options;
        this.tls = options.tls ?? (usesTls && typeof (options.config ?? {}) === 'object');
        if (mongodbUri) options.env = { MONGODB_URI: freshDatabase(mongodbUri), ...options.env };
    }

    get pid() {
        return this.#process.pid;
    }

    /** The origin as a browser sends it. */
    get origin() {
        return `http${this.tls ? 's' : ''}://${this.host}:${this.port}`;
    }

    get dataFolder() {
        return join(this.folder, 'data');
    }

    /** Starts the process, after a stop in the same folder, and resolves when it has logged its address. */
    async start(changes = {}) {
        Object.assign(this.#options, changes);
        await this.#prepareFolder();
        const started = this.log.length;
        this.#spawn();
        const line = /^Globes (\S+) started at (\S+):(\d+)$/m;
        const [, version, host, port] = await this.logged(line, started);
        this.version = version;
        this.host = host === '0.0.0.0' ? '127.0.0.1' : host;
        this.port = Number(port);
        this.#expectRunning = true;
        return this;
    }

    /** Starts a process that is expected to end by itself. */
    async runToEnd() {
        await this.#prepareFolder();
        this.#spawn();
        return this.ended();
    }

    /** Resolves with `{ code, signal }` when the process has ended by itself. */
    ended() {
        this.#expectRunning = false;
        return within(this.#exit, () => `the process should end; it said:\n${this.log}`);
    }

    /** SIGTERM; the server must end with exit code 0 within 10 s. */
    async stop() {
        this.assertAlive();
        this.#expectRunning = false;
        this.#process.kill('SIGTERM');
        const { code, signal } = await within(this.#exit, () => `should end after SIGTERM:\n${this.log}`, STOP_MS);
        assert.deepEqual({ code, signal }, { code: 0, signal: null }, `after SIGTERM; it said:\n${this.log}`);
    }

    /** SIGKILL, without any cleanup. */
    async kill() {
        this.assertAlive();
        this.#expectRunning = false;
        this.#process.kill('SIGKILL');
        await this.#exit;
    }

    signal(name) {
        this.#process.kill(name);
    }

    assertAlive() {
        const { exitCode, signalCode } = this.#process;
        const alive = exitCode === null && signalCode === null;
        assert.ok(alive, `the server ended by itself (${signalCode ?? exitCode}); it said:\n${this.log.slice(-4000)}`);
    }

    /** Stops the process, fails if it ended before, and removes the folder. */
    async finish() {
        try {
            if (this.#expectRunning) await this.stop();
        } finally {
            if (this.#process && this.#process.exitCode === null) this.#process.kill('SIGKILL');
            if (this.folder) await rm(this.folder, { recursive: true, force: true });
        }
    }

    /** Resolves with the match as soon as the output after `offset` matches. */
    async logged(pattern, offset = 0) {
        const { promise, resolve: found, reject } = withResolvers();
        const look = (ended) => {
            const match = this.log.slice(offset).match(pattern);
            if (match) found(match);
            else if (ended) reject(new Error(`ended (${ended.signal ?? ended.code}) without ${pattern}:\n${this.log}`));
        };
        this.#logWaiters.add(look);
        this.#exit.then(look);
        look();
        try {
            return await within(promise, () => `${pattern} in the output:\n${this.log.slice(offset)}`);
        } finally {
            this.#logWaiters.delete(look);
        }
    }

    /** How many file descriptors are open. */
    async fileDescriptors() {
        return (await readdir(`/proc/${this.pid}/fd`)).length;
    }

    /** Resident memory, in bytes. */
    async residentBytes() {
        const status = readProc(`${this.pid}/status`);
        return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
    }

    async #prepareFolder() {
        const { config = {}, dotenv, files = {} } = this.#options;
        this.folder ??= await mkdtemp(join(tmpdir(), 'globes-test-'));
        if (config !== null) {
            const text =
                typeof config === 'string' || Buffer.isBuffer(config)
                    ? config
                    : JSON.stringify({ Address: '127.0.0.1:0', ...ioThreads, ...(this.tls ? TLS_FILES : {}), ...config });
            await writeFile(join(this.folder, 'config.json'), text);
        }
        if (this.tls) {
            const { cert, key } = sharedCertificate();
            await mkdir(join(this.folder, 'tls'), { recursive: true });
            await writeFile(join(this.folder, TLS_FILES.TLSCert), cert);
            await writeFile(join(this.folder, TLS_FILES.TLSKey), key);
        }
        for (const [path, content] of Object.entries(files)) {
            await mkdir(dirname(join(this.folder, path)), { recursive: true });
            await writeFile(join(this.folder, path), content);
        }
        if (dotenv !== undefined) await writeFile(join(this.folder, '.env'), dotenv);
    }

    #spawn() {
        const { env = {}, args = [], address = '127.0.0.1:0', binary = releaseBinary } = this.#options;
        const { PATH, HOME, ASAN_OPTIONS = '', TSAN_OPTIONS = '', UBSAN_OPTIONS = 'print_stacktrace=1' } = process.env;
        const flags = address === null ? args : ['--address', address, ...args];
        this.#process = spawn(binary, flags, {
            cwd: this.folder,
            env: { PATH, HOME, ASAN_OPTIONS, TSAN_OPTIONS, UBSAN_OPTIONS, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        const exit = withResolvers();
        this.#exit = exit.promise;
        this.#process.on('error', exit.reject);
        this.#process.on('close', (code, signal) => exit.resolve({ code, signal }));
        for (const stream of [this.#process.stdout, this.#process.stderr]) {
            stream.setEncoding('utf8').on('data', (text) => {
                this.log += text;
                for (const look of this.#logWaiters) look();
            });
        }
    }
}

/**
 * One server for all tests of a file. If it crashes, fails that test, and starts again for the next one.
 * @param {ServerOptions} options
 */
export function sharedServer(options) {
    const server = new Server(options);
    before(() => server.start());
    afterEach(async () => {
        try {
            server.assertAlive();
        } catch (error) {
            await server.start();
            throw error;
        }
    });
    after(() => server.finish());
    return server;
}

/**
 * A server for one test, ended with it.
 * @param {import('node:test').TestContext} t
 * @param {ServerOptions} options
 */
export async function startServer(t, options) {
    const server = new Server(options);
    t.after(() => server.finish());
    return server.start();
}

/**
 * Runs the program to its end; it is expected to end by itself.
 * @param {ServerOptions} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runToEnd(options) {
    const server = new Server(options);
    try {
        const { code } = await server.runToEnd();
        return { code, output: server.log };
    } finally {
        await server.finish();
    }
}
