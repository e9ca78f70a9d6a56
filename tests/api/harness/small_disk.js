// A disk that is small enough for a test to fill it. Needs root, for a tmpfs.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A tmpfs that is removed with the test, or null if that is not permitted. */
export function mountSmallDisk(t, mebibytes = 4) {
    const folder = mkdtempSync(join(tmpdir(), 'globes-disk-'));
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
        rmSync(folder, { recursive: true });
        return null;
    }
    t.after(() => {
        execFileSync('umount', ['--lazy', folder]);
        rmSync(folder, { recursive: true });
    });
    return folder;
}

/** Writes to `path` until the disk is full. */
export function fillDisk(path) {
    const file = openSync(path, 'w');
    try {
        for (let size = 65_536; size >= 1;) {
            try {
                writeSync(file, Buffer.alloc(size));
            } catch (error) {
                if (error.code !== 'ENOSPC') throw error;
                size = Math.floor(size / 2);
            }
        }
    } finally {
        closeSync(file);
    }
}
