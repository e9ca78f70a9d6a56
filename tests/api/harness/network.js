// A network of their own for the tests of a file, in which every IPv6 address of `fd00::/8` is one of this machine, so that
// clients have as many addresses as they like. Needs root.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SETUP = [
    'ip link set lo up',
    'echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind',
    'ip -6 route add local fd00::/8 dev lo',
    'ip -6 addr show dev lo | grep -q ::1/128',
].join(' && ');

/** The reason why there is no such network here, for node's `skip`. Throws if GLOBES_NEEDS_NAMESPACES is set. */
export function withoutNetworks() {
    const { status, stderr } = spawnSync('unshare', ['--mount', '--net', 'sh', '-c', SETUP], { encoding: 'utf8' });
    if (status === 0) return false;
    const why = `namespaces with IPv6 are not permitted here: ${stderr?.trim()}`;
    if (process.env.GLOBES_NEEDS_NAMESPACES) throw new Error(why);
    return why;
}

/** Whether this process is in such a network: no other program can reach what listens there. */
export const isInOwnNetwork = () => process.env.GLOBES_OWN_NETWORK === '1';

/**
 * Runs a test file again in a network of its own, and ends this process as it ended; returns if this process is in that
 * network already. The runner of the tests sees those of the inner process. To be called before the first test.
 * @param {string} url `import.meta.url` of the file
 */
export function enterOwnNetwork(url) {
    if (isInOwnNetwork()) return;
    const program = [process.execPath, ...process.execArgv, fileURLToPath(url)];
    const { status, error } = spawnSync('unshare', ['--net', 'sh', '-c', `${SETUP} && exec "$0" "$@"`, ...program], {
        env: { ...process.env, GLOBES_OWN_NETWORK: '1' },
        stdio: 'inherit',
    });
    if (error) throw error;
    process.exit(status ?? 1);
}
