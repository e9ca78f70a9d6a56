// Real proxies before a server, with the examples of docs/operations.md as their configuration: only names, ports and
// paths are replaced, which the text there asks for. They listen at 127.0.0.1 only, unless the test has a network of its own.
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { codeBlocks, findProgram } from './documented.js';
import { isInOwnNetwork } from './network.js';
import { freePort } from './ports.js';
import { eventually } from './wait.js';

const run = promisify(execFile);

export const NAME = 'chat.example.org';
const GLOBES = '127.0.0.1:5000';
const CERTIFICATES = '/etc/ssl/chat.example.org/';

/** The reason why a proxy is not available, for node's `skip`. Throws if GLOBES_NEEDS_PROXIES is set. */
export function withoutProxy(kind) {
    if (findProgram(kind)) return false;
    if (process.env.GLOBES_NEEDS_PROXIES) throw new Error(`${kind} is not installed`);
    return `no ${kind}: scripts/install-packages test installs it`;
}

/** Replaces all of `from`, which must occur. */
function replaced(text, from, to) {
    if (!text.includes(from)) throw new Error(`the example has no ${from}`);
    return text.replaceAll(from, to);
}

/** A certificate that signs itself, with its key; `haproxy.pem` has both. */
async function makeCertificate(folder) {
    await mkdir(folder, { recursive: true });
    const [certificate, key] = [join(folder, 'fullchain.pem'), join(folder, 'key.pem')];
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${NAME}`];
    await run('openssl', ['req', ...options, '-addext', `subjectAltName=DNS:${NAME}`, '-keyout', key, '-out', certificate]);
    await writeFile(join(folder, 'haproxy.pem'), (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')));
}

/** Resolves when something listens on the port. */
function listens(port, hasEnded) {
    return eventually(() => {
        if (hasEnded()) throw new Error('the proxy has ended');
        return new Promise((done) => {
            const socket = net.connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
            socket.on('connect', () => socket.destroy());
        });
    }, 'the proxy listens');
}

export class Proxy {
    #process = null;
    #folder = null;
    #output = '';
    #logFiles = [];
    host = '127.0.0.1';
    /** Of https. */
    port = 0;
    /** Of plain HTTP; 0 if the example does not listen there. */
    plainPort = 0;

    /**
     * Starts a proxy before `server`, with the example number `index` of its kind, ended with the test.
     * @param {import('node:test').TestContext} t
     */
    static async start(t, kind, server, index = 0) {
        const proxy = new Proxy();
        proxy.#folder = await mkdtemp(join(tmpdir(), `globes-${kind}-`));
        await chmod(proxy.#folder, 0o755);
        t.after(() => proxy.#finish());
        const certificates = join(proxy.#folder, 'certificates/');
        await makeCertificate(certificates);
        [proxy.port, proxy.plainPort] = [await freePort(), await freePort()];
        const example = codeBlocks().filter(({ language }) => language === kind)[index].code;
        const text = replaced(replaced(example, GLOBES, `${server.host}:${server.port}`), CERTIFICATES, certificates);
        await proxy[`_${kind}`](text);
        for (const port of [proxy.port, proxy.plainPort].filter((port) => port !== 0)) {
            await listens(port, () => proxy.#process.exitCode !== null).catch((error) => {
                throw new Error(`${kind}: ${error.message}:\n${proxy.#output}`);
            });
        }
        return proxy;
    }

    /** All that the proxy has logged: requests, errors, and its output. */
    async logs() {
        const read = (file) => readFile(file, 'utf8').catch(() => '');
        return (await Promise.all(this.#logFiles.map(read))).join('') + this.#output;
    }

    #spawn(kind, args, env = {}) {
        this.#process = spawn(findProgram(kind), args, {
            stdio: ['ignore', 'pipe', 'pipe'],
            env: { PATH: process.env.PATH, HOME: this.#folder, XDG_DATA_HOME: this.#folder, XDG_CONFIG_HOME: this.#folder, ...env },
        });
        for (const stream of [this.#process.stdout, this.#process.stderr]) {
            stream.setEncoding('utf8').on('data', (chunk) => (this.#output += chunk));
        }
    }

    async #write(name, text) {
        const file = join(this.#folder, name);
        await writeFile(file, text);
        return file;
    }

    async _nginx(example) {
        this.#logFiles = ['globes.log', 'globes-error.log', 'inherited.log'].map((name) => join(this.#folder, name));
        let text = replaced(example, '/var/log/nginx/', `${this.#folder}/`);
        for (const [port, actual] of [['80;', `${this.plainPort};`], ['443 ssl;', `${this.port} ssl;`]]) {
            text = replaced(text, `listen ${port}`, isInOwnNetwork() ? `listen ${actual}` : `listen 127.0.0.1:${actual}`);
            text = replaced(text, `listen [::]:${port}`, isInOwnNetwork() ? `listen [::]:${actual}` : '');
        }
        const included = await this.#write('globes.conf', text);
        const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
        const main = await this.#write('nginx.conf', [
            'daemon off;',
            `pid ${join(this.#folder, 'nginx.pid')};`,
            'error_log stderr;',
            'events {}',
            'http {',
            ...paths.map((name) => `${name}_temp_path ${join(this.#folder, name)};`),
            // As in Debian's nginx.conf: a server without its own log would log the query.
            `access_log ${join(this.#folder, 'inherited.log')};`,
            `include ${included};`,
            '}',
            '',
        ].join('\n'));
        this.#spawn('nginx', ['-p', this.#folder, '-c', main]);
    }

    async _caddy(example) {
        this.#logFiles = [join(this.#folder, 'globes.log')];
        // Caddy 2.6 redirects at one address only.
        const address = isInOwnNetwork() ? '::' : '127.0.0.1';
        let text = replaced(example, '/var/log/caddy/globes.log', this.#logFiles[0]);
        text = replaced(text, `${NAME} {`, `https://${NAME}:${this.port} {\n\tbind ${address}`);
        const options = `admin off\n\thttp_port ${this.plainPort}\n\thttps_port ${this.port}\n\tdefault_bind ${address}`;
        text = text.replace(/^\{\n/m, () => `{\n\t${options}\n`);
        const main = await this.#write('Caddyfile', text);
        this.#spawn('caddy', ['run', '--config', main, '--adapter', 'caddyfile']);
    }

    async _haproxy(example) {
        const bind = (port) => (isInOwnNetwork() ? `bind [::]:${port} v4v6` : `bind 127.0.0.1:${port}`);
        let text = replaced(example, 'bind [::]:443 v4v6', bind(this.port));
        if (text.includes('bind [::]:80 v4v6')) text = text.replace('bind [::]:80 v4v6', bind(this.plainPort));
        else this.plainPort = 0;
        // Only root can become another user.
        if (process.getuid() !== 0) text = text.replace(/^ {4}(user|group|chroot) .*\n/gm, '');
        this.#spawn('haproxy', ['-f', await this.#write('haproxy.cfg', text)]);
    }

    async #finish() {
        if (this.#process && this.#process.exitCode === null) {
            const ended = new Promise((done) => this.#process.once('close', done));
            this.#process.kill('SIGTERM');
            await ended;
        }
        await rm(this.#folder, { recursive: true, force: true });
    }
}
