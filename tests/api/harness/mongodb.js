// A real server of MongoDB's protocol for one test: FerretDB (scripts/install-ferretdb) or mongo-java-server
// (scripts/install-mongo-java-server), with a new folder and a free port; or a database of the server in
// GLOBES_TEST_MONGODB_URI.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { within } from './wait.js';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const ferretdb = join(repository, 'build/ferretdb/ferretdb');
const mongoJavaServer = join(repository, 'build/mongo-java-server/mongo-java-server');

/** The reason why the server is not available, for node's `skip`. Throws if GLOBES_NEEDS_MONGODB is set. */
function without(binary, name) {
    if (existsSync(binary)) return false;
    if (process.env.GLOBES_NEEDS_MONGODB) throw new Error(`${binary} is missing`);
    return `no ${name}: scripts/install-${name} makes one`;
}

export const withoutFerretdb = () => without(ferretdb, 'ferretdb');
export const withoutMongoJavaServer = () => without(mongoJavaServer, 'mongo-java-server');

let databases = 0;

/** The URI of a new database on the server at `uri`. */
export function freshDatabase(uri) {
    databases += 1;
    return `${uri.replace(/\/?$/, '/')}globes-test-${process.pid}-${Date.now()}-${databases}`;
}

export class Ferretdb {
    #program;
    #process = null;
    #folder = null;
    /** `mongodb://127.0.0.1:PORT/`; a restart does not change it. */
    uri = null;

    constructor(program = ferretdb) {
        this.#program = program;
    }

    /** Starts the server, after a kill with the same data, and resolves when it listens. */
    async start() {
        this.#folder ??= await mkdtemp(join(tmpdir(), 'globes-mongodb-'));
        const address = this.uri === null ? '127.0.0.1:0' : new URL(this.uri).host;
        this.#process = spawn(this.#program, [address, this.#folder], { stdio: ['ignore', 'pipe', 'inherit'] });
        const [line] = await within(once(createInterface(this.#process.stdout), 'line'), () => 'the database listens');
        this.uri = line;
        return this;
    }

    /** SIGKILL, without any cleanup. */
    async kill() {
        const ended = once(this.#process, 'exit');
        this.#process.kill('SIGKILL');
        await ended;
        this.#process = null;
    }

    /** SIGSTOP: it keeps its connections and does not reply. */
    pause() {
        this.#process.kill('SIGSTOP');
    }

    goOn() {
        this.#process.kill('SIGCONT');
    }

    async finish() {
        if (this.#process) await this.kill();
        if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
    }
}

/**
 * A server for one test, ended with it.
 * @param {import('node:test').TestContext} t
 */
export function startFerretdb(t) {
    return startFor(t, new Ferretdb());
}

/** The same with a mongo-java-server, which loses its data when it is killed. */
export function startMongoJavaServer(t) {
    return startFor(t, new Ferretdb(mongoJavaServer));
}

function startFor(t, database) {
    t.after(() => database.finish());
    return database.start();
}
