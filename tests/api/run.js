// Runs all black-box tests: the quick files two at a time, those that load the machine one after the other.
// Arguments choose files by a part of their name: `node run.js rooms tokens`.
//
// GLOBES_BINARY       the server (default build/release/globes)
// GLOBES_ASAN_BINARY  a server with sanitizers, for the garbage test
// GLOBES_IO_THREADS   how many I/O threads the server gets (default: its own)
// GLOBES_LONG=1       the long form of every test
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);

function testFiles(folder) {
    return readdirSync(join(here, folder))
        .filter((name) => name.endsWith('.test.js'))
        .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
        .map((name) => join(here, folder, name));
}

function run(files, concurrency) {
    if (files.length === 0) return 0;
    const flags = ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec'];
    return spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' }).status ?? 1;
}

const quick = run([...testFiles('.'), ...testFiles('../web'), ...testFiles('../client')], 2);
const heavyFolders = ['robustness', '../client/robustness', '../reliability'];
const loading = run(heavyFolders.flatMap(testFiles), 1);
process.exit(quick || loading);
