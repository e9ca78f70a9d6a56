// Host names in Address (docs/configuration.md). Needs root, to replace the hosts file and for a network without IPv6.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertStatus, get } from './harness/api.js';
import { withoutNetworks } from './harness/network.js';
import { releaseBinary, runToEnd, startServer } from './harness/server.js';

const HOSTS = '127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.1 elsewhere\n127.0.0.1 elsewhere\n';

/** Options of a server with these hosts; `prepare`: shell commands before it starts. */
function withHosts(address, { namespaces = ['--mount'], prepare = '' } = {}) {
    const command = `mount --bind hosts /etc/hosts && ${prepare} exec "$0" --address ${address}`;
    const args = [...namespaces, 'sh', '-c', command, releaseBinary];
    return { binary: 'unshare', address: null, args, files: { hosts: HOSTS } };
}

const skip = withoutNetworks();

test('the server listens at all addresses of a name, with one port', { skip }, async (t) => {
    const server = await startServer(t, withHosts('localhost:0'));
    assert.match(server.log, new RegExp(`^Globes \\S+ started at localhost:${server.port}$`, 'm'));
    for (const host of ['127.0.0.1', '::1']) {
        assertStatus(await get({ host, port: server.port }, '/health'), 200);
        const address = host.includes(':') ? '\\[::1\\]' : '127\\.0\\.0\\.1';
        await server.logged(new RegExp(`event=listening address=${address}:${server.port}$`, 'm'));
    }
});

test('an address of a family that the machine lacks is skipped with a log line', { skip }, async (t) => {
    const without = { namespaces: ['--mount', '--net'], prepare: 'ip link set lo up && ip -6 addr flush dev lo &&' };
    const server = await startServer(t, withHosts('localhost:0', without));
    await server.logged(/level=warning event=address_left_out address=\[::1\]:\d+ reason=/);
    await server.logged(/event=listening address=127\.0\.0\.1:\d+$/m);
    const { code, output } = await runToEnd(withHosts('ip6-localhost:0', without));
    assert.equal(code, 1, output);
    assert.match(output, /::1\]:0/);
});

test('an address of another machine ends the start', { skip }, async () => {
    const { code, output } = await runToEnd(withHosts('elsewhere:0'));
    assert.equal(code, 1, output);
    assert.match(output, /192\.0\.2\.1:\d+/);
});

test('a name that does not exist ends the start with an error that names it', { skip }, async () => {
    const { code, output } = await runToEnd(withHosts('nowhere.invalid:0', { namespaces: ['--mount', '--net'] }));
    assert.equal(code, 1, output);
    assert.match(output, /nowhere\.invalid:0/);
});
