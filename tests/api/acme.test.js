// A certificate by ACME, with the commands of docs/operations.md#certificates-by-acme as they are written there: a first
// one, and renewals through a running server.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';

import { startPebble, withoutAcme } from './harness/acme.js';
import { createRoom } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { codeBlocks, findProgram } from './harness/documented.js';
import { freePort } from './harness/ports.js';
import { startServer } from './harness/server.js';
import { DEADLINE_MS, eventually, within } from './harness/wait.js';

const NAME = 'chat.example.org';
const isRoot = process.getuid() === 0;
// Stands for the group that the documentation creates. 65534 is `nogroup`, which no file has.
const GROUP = isRoot ? 65534 : process.getgid();

/** The only code block of the section that contains `text`. */
function codeWith(heading, text) {
    const found = codeBlocks(heading).filter(({ code }) => code.includes(text));
    assert.equal(found.length, 1, `blocks with "${text}" in ${heading}`);
    return found[0].code;
}

/**
 * A machine as the documentation assumes it, in a folder: /etc/letsencrypt and /var/lib/globes-acme are folders there,
 * certbot uses pebble, and `systemctl` does what the documented unit does when it is reloaded.
 */
class Machine {
    /** @param {import('node:test').TestContext} t */
    constructor(t, pebble, httpPort) {
        this.folder = mkdtempSync(join(tmpdir(), 'globes-acme-'));
        t.after(() => rmSync(this.folder, { recursive: true }));
        chmodSync(this.folder, 0o755); // for other users, whose access is tested
        this.pebble = pebble;
        mkdirSync(join(this.folder, 'bin'));
        const folders = [`--config-dir ${this.path('/etc/letsencrypt')}`, `--work-dir ${this.folder}/work`, `--logs-dir ${this.folder}/logs`];
        const account = '--non-interactive --agree-tos --register-unsafely-without-email';
        const network = `--no-random-sleep-on-renew --server ${pebble.directory} --http-01-address 127.0.0.1 --http-01-port ${httpPort}`;
        this.#addCommand('certbot', `exec ${findProgram('certbot')} "$@" ${folders.join(' ')} ${account} ${network}`);
        const [, reload] = codeWith('systemd', 'ExecReload').match(/^ExecReload=\/bin\/(kill .*)$/m);
        this.#addCommand('systemctl', `echo "$@" >>"${this.folder}/systemctl.log"; MAINPID=$(cat "${this.folder}/pid"); ${reload}`);
        this.#addCommand('apt-get', 'test "$*" = "install certbot"');
        this.#addCommand('groupadd', 'test "$1" = --system');
    }

    /** Where a path of the documentation is here. */
    path(documented) {
        return join(this.folder, documented);
    }

    /** A text of the documentation for this machine. */
    adapt(text) {
        return text
            .replaceAll(/\/etc\/letsencrypt|\/var\/lib\/globes-acme/g, (path) => this.path(path))
            .replaceAll('globes-tls', `${GROUP}`);
    }

    /** Runs commands of the documentation; fails with their output if one fails. */
    async run(code) {
        const PATH = `${join(this.folder, 'bin')}:${process.env.PATH}`;
        const env = { PATH, HOME: this.folder, REQUESTS_CA_BUNDLE: this.pebble.caFile };
        await promisify(execFile)('sh', ['-euc', this.adapt(code)], { env, timeout: DEADLINE_MS });
    }

    /** The certificate in certbot's folder. */
    certificate() {
        return new X509Certificate(readFileSync(this.path(`/etc/letsencrypt/live/${NAME}/fullchain.pem`)));
    }

    /** What `systemctl` was called with, since the last call of this. */
    systemctlCalls() {
        const log = join(this.folder, 'systemctl.log');
        if (!existsSync(log)) return [];
        const calls = readFileSync(log, 'utf8').trim().split('\n');
        rmSync(log);
        return calls;
    }

    #addCommand(name, script) {
        writeFileSync(join(this.folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
}

/** The serial number of the certificate that a client gets which trusts only `root`. */
async function serialFrom(server, root) {
    const socket = tls.connect({ host: server.host, port: server.port, servername: NAME, ca: root });
    await within(once(socket, 'secureConnect'), () => 'the handshake ends');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
}

/** Whether a user that is in the group, or only in no group, can read a file. */
function canRead(file, { isInGroup }) {
    const groups = isInGroup ? [`--groups=${GROUP}`] : ['--clear-groups'];
    try {
        execFileSync('setpriv', ['--reuid=65533', '--regid=65533', ...groups, 'cat', file], { stdio: 'pipe' });
        return true;
    } catch {
        return false;
    }
}

const hasReconfigure = () => {
    const [, major, minor] = execFileSync('certbot', ['--version'], { encoding: 'utf8' }).match(/(\d+)\.(\d+)/);
    return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 3);
};

test('certbot gets and renews a certificate as documented, and nobody is dropped', { skip: withoutAcme() }, async (t) => {
    const httpPort = await freePort();
    const pebble = await startPebble(t, httpPort);
    const machine = new Machine(t, pebble, httpPort);
    const section = 'Certificates by ACME';
    const key = machine.path(`/etc/letsencrypt/live/${NAME}/privkey.pem`);

    await machine.run(codeWith(section, 'certonly --standalone'));
    const first = machine.certificate();
    assert.equal(first.checkHost(NAME), NAME);
    if (isRoot) assert.equal(canRead(key, { isInGroup: true }), false, 'only root can, before');
    await machine.run(codeWith(section, 'chgrp'));

    const config = JSON.parse(machine.adapt(codeWith('TLS', '"RedirectAddress"')));
    const { ChallengeDir } = JSON.parse(machine.adapt(codeWith(section, '"ChallengeDir"')));
    const server = await startServer(t, {
        tls: false,
        config: { ...config, RedirectAddress: `127.0.0.1:${httpPort}`, ChallengeDir },
    });
    server.tls = true;
    writeFileSync(join(machine.folder, 'pid'), `${server.pid}`);
    assert.equal(await serialFrom(server, pebble.root), first.serialNumber);
    const room = await createRoom(server);
    const ada = await ChatClient.join(server, room, 'ada');

    /** The files have another certificate than `old`, and new connections get it. Returns it. */
    const expectRenewed = async (old) => {
        const renewed = machine.certificate();
        assert.notEqual(renewed.serialNumber, old.serialNumber);
        assert.deepEqual(machine.systemctlCalls(), ['reload globes']);
        await eventually(async () => (await serialFrom(server, pebble.root)) === renewed.serialNumber, 'the new certificate is used');
        return renewed;
    };

    let last = first;
    if (hasReconfigure()) {
        await machine.run(codeWith(section, 'certbot reconfigure'));
    } else {
        await machine.run(codeWith(section, 'certonly --force-renewal'));
        last = await expectRenewed(first);
    }
    await machine.run(codeWith(section, 'renew --dry-run'));
    assert.deepEqual(machine.systemctlCalls(), []);
    assert.equal(machine.certificate().serialNumber, last.serialNumber);

    // What the timer runs, as if the certificate expired soon.
    await machine.run('certbot -q renew --no-random-sleep-on-renew --force-renewal');
    await expectRenewed(last);
    assert.equal(statSync(key).mode & 0o777, 0o640);
    if (isRoot) {
        assert.equal(canRead(key, { isInGroup: true }), true);
        assert.equal(canRead(key, { isInGroup: false }), false);
    }

    ada.say('ada', 'still here');
    assert.equal((await ada.next()).msg, 'still here');
    await ada.leave();
});
