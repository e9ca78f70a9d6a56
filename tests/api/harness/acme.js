// An ACME server for one test: pebble, which knows no name but those that its own DNS server resolves to 127.0.0.1. Both
// are in Debian's package `pebble`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { get } from './api.js';
import { makeCertificate } from './certificate.js';
import { findProgram } from './documented.js';
import { freePort } from './ports.js';
import { eventually } from './wait.js';

/** The reason why there is no ACME server or client, for node's `skip`. Throws if GLOBES_NEEDS_ACME is set. */
export function withoutAcme() {
    const missing = ['certbot', 'pebble', 'pebble-challtestsrv'].filter((name) => !findProgram(name));
    if (missing.length === 0) return false;
    const why = `no ${missing.join(', no ')}: scripts/install-packages test installs certbot and pebble`;
    if (process.env.GLOBES_NEEDS_ACME) throw new Error(why);
    return why;
}

/**
 * A pebble for one test, ended with it.
 * @param {import('node:test').TestContext} t
 * @param {number} httpPort where it requests challenges, at 127.0.0.1
 * @returns {Promise<{ directory: string, caFile: string, root: string }>} the URL for ACME clients; a file with the
 *     certificate of that URL; the root of all certificates that pebble issues, as PEM
 */
export async function startPebble(t, httpPort) {
    const folder = mkdtempSync(join(tmpdir(), 'globes-pebble-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { cert, key } = makeCertificate();
    const [port, managementPort, dnsPort, dnsManagementPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const files = { certificate: join(folder, 'cert.pem'), privateKey: join(folder, 'key.pem') };
    const config = {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${managementPort}`,
        ...files,
        httpPort,
        tlsPort: httpPort,
        ocspResponderURL: '',
        externalAccountBindingRequired: false,
    };
    writeFileSync(files.certificate, cert);
    writeFileSync(files.privateKey, key);
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ pebble: config }));

    const dnsServer = `127.0.0.1:${dnsPort}`;
    start(t, 'pebble-challtestsrv', [
        ...['-dns01', dnsServer, '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
        ...['-management', `127.0.0.1:${dnsManagementPort}`],
        ...challengeListeners().flatMap((flag) => [flag, '']),
    ]);
    // pebble, on purpose, makes clients wait and repeat, and skips a part of the challenges of names that it knows.
    const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' };
    start(t, 'pebble', ['-config', join(folder, 'config.json'), '-dnsserver', dnsServer], env);

    const resolver = new Resolver({ timeout: 100, tries: 1 });
    resolver.setServers([dnsServer]);
    await eventually(() => resolver.resolve4('chat.example.org').catch(() => null), 'the DNS server answers');
    const management = { host: '127.0.0.1', port: managementPort, tls: true };
    const answer = await eventually(() => get(management, '/roots/0').catch(() => null), 'pebble answers');
    return { directory: `https://localhost:${port}/dir`, caFile: files.certificate, root: answer.text };
}

/** The flags of listeners that nobody needs here. Newer versions have more, and listen on all addresses by default. */
function challengeListeners() {
    const { stderr: help } = spawnSync('pebble-challtestsrv', ['-help'], { encoding: 'utf8' });
    return ['-http01', '-https01', '-tlsalpn01', '-doh'].filter((flag) => help.includes(`${flag} string`));
}

function start(t, program, args, env = {}) {
    const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
    const ended = once(child, 'exit');
    t.after(async () => {
        child.kill('SIGKILL');
        await ended;
    });
}
