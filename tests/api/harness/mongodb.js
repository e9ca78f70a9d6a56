// A real server that speaks MongoDB's protocol, for one test: FerretDB as scripts/install-ferretdb has built it, or a
// mongo-java-server (scripts/install-mongo-java-server), in a folder of its own on a free port; or databases of the server
// that GLOBES_TEST_MONGODB_URI names.
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

/** Why there is no such server to test with, as node's `skip` takes it. Where it must be there, that is an error. */
function without(binary, name) {
    if (existsSync(binary)) return false;
    if (process.env.GLOBES_NEEDS_MONGODB) throw new Error(`${binary} is missing`);
    return `no ${name}: scripts/install-${name} makes one`;
}

export const withoutFerretdb = () => without(ferretdb, 'ferretdb');
export const withoutMongoJavaServer = () => without(mongoJavaServer, 'mongo-java-server');

let databases = 0;

/** The URI of a database that nobody has used before, on the server at `uri`. */
export function freshDatabase(uri) {
    databases += 1;
    return `${uri.replace(/\/?$/, '/')}globes-test-${process.pid}-${Date.now()}-${databases}`;
}

export class Ferretdb {
    #program;
    #process = null;
    #folder = null;
    /** `mongodb://127.0.0.1:PORT/`, the same through restarts. */
    uri = null;

    constructor(program = ferretdb) {
        this.#program = program;
    }

    /** Starts it, again with what it had after a kill, and resolves when it listens. */
    async start() {
        this.#folder ??= await mkdtemp(join(tmpdir(), 'globes-mongodb-'));
        const address = this.uri === null ? '127.0.0.1:0' : new URL(this.uri).host;
        this.#process = spawn(this.#program, [address, this.#folder], { stdio: ['ignore', 'pipe', 'inherit'] });
        const [line] = await within(once(createInterface(this.#process.stdout), 'line'), () => 'the database listens');
        this.uri = line;
        return this;
    }

    /** SIGKILL: no chance to tidy up. */
    async kill() {
        const ended = once(this.#process, 'exit');
        this.#process.kill('SIGKILL');
        await ended;
        this.#process = null;
    }

    /** It keeps its connections and answers nothing. */
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
 * One for a test alone, ended with it.
 * @param {import('node:test').TestContext} t
 */
export function startFerretdb(t) {
    return startFor(t, new Ferretdb());
}

/** The same of a mongo-java-server, which keeps nothing through a kill. */
export function startMongoJavaServer(t) {
    return startFor(t, new Ferretdb(mongoJavaServer));
}

function startFor(t, database) {
    t.after(() => database.finish());
    return database.start();
}
