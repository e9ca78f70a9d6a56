// A memory group (cgroup) for a server: the kernel ends a process that needs more. Needs root, or a folder of groups
// that this user may write.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

let groups = 0;

/** The two versions of the kernel's interface: their folder, and the names of their files. */
const VERSIONS = [
    {
        folder: join(ROOT, 'memory'),
        limits: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
        limitWithoutSwap: (bytes) => [bytes, bytes],
        peak: 'memory.max_usage_in_bytes',
    },
    {
        folder: ROOT,
        limits: ['memory.max', 'memory.swap.max'],
        limitWithoutSwap: (bytes) => [bytes, 0],
        peak: 'memory.peak',
    },
];

function createGroup(version, name, bytes) {
    const group = join(version.folder, name);
    const parentControl = join(version.folder, 'cgroup.subtree_control');
    if (existsSync(parentControl)) writeFileSync(parentControl, '+memory');
    mkdirSync(group);
    try {
        const [limit, limitWithSwap] = version.limitWithoutSwap(bytes);
        writeFileSync(join(group, version.limits[0]), `${limit}`);
        // Absent if the kernel does not count swap.
        if (existsSync(join(group, version.limits[1]))) writeFileSync(join(group, version.limits[1]), `${limitWithSwap}`);
    } catch (error) {
        rmdirSync(group);
        throw error;
    }
    return group;
}

/**
 * A program that runs `binary` in a memory group of its own, removed when this process ends; null if no group can be
 * created here.
 * @returns {{ program: string, peak: () => number } | null} `peak`: the most bytes that the group has had, if the kernel
 *     knows it, else 0
 */
export function memoryGroup(binary, mebibytes) {
    groups += 1;
    const name = `globes-test-${process.pid}-${groups}`;
    for (const version of VERSIONS) {
        let group;
        try {
            group = createGroup(version, name, mebibytes << 20);
        } catch {
            continue;
        }
        const folder = mkdtempSync(join(tmpdir(), 'globes-group-'));
        const program = join(folder, 'run');
        writeFileSync(program, `#!/bin/sh\necho $$ > '${group}/cgroup.procs' && exec '${binary}' "$@"\n`);
        chmodSync(program, 0o755);
        // Not a hook of the test: those after one that fails do not run, as that of a server that has ended by itself.
        process.once('exit', () => {
            rmSync(folder, { recursive: true });
            rmdirSync(group);
        });
        const peakFile = join(group, version.peak);
        return { program, peak: () => (existsSync(peakFile) ? Number(readFileSync(peakFile, 'utf8')) : 0) };
    }
    return null;
}
