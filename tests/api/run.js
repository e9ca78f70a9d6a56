// Runs all black-box tests: the quick files two at a time, those that load the machine one after another. Arguments
// select files by a part of their folder and name: `node run.js rooms api/tokens`.
//
// GLOBES_BINARY       the server (default build/release/globes)
// GLOBES_ASAN_BINARY  a server with sanitizers, for the garbage test
// GLOBES_IO_THREADS   how many I/O threads the server gets (default: its own)
// GLOBES_TLS=1        every server has a certificate, and only files run whose clients can all use TLS
// GLOBES_STORE        `mongodb`: the servers keep their data there, and only files run that don't look for it elsewhere
// GLOBES_TEST_MONGODB_URI  the MongoDB for that; without it a FerretDB is started
// GLOBES_LONG=1       the long form of every test
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ferretdb, withoutFerretdb } from './harness/mongodb.js';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const isOnMongodb = process.env.GLOBES_STORE === 'mongodb';
const usesTls = process.env.GLOBES_TLS === '1';

// Tests that use the store. The others are about connections, or read the SQLite file.
const STORE_FILES = /^(chat|chat_\w+|history|owners|resume|rooms|rooms_\w+|send_ids|tokens|walkthrough)\.test\.js$/;

// Tests of what TLS is below of: HTTP, frames, and the chat.
const TLS_FILES = /^(chat|chat_\w+|frames|handshake|history|http|keepalive|limits|resume|rooms|send_ids|slow_readers|tokens)\.test\.js$/;

function testFiles(folder) {
    return readdirSync(join(here, folder))
        .filter((name) => name.endsWith('.test.js'))
        .filter((name) => !isOnMongodb || STORE_FILES.test(name))
        .filter((name) => !usesTls || TLS_FILES.test(name))
        .map((name) => join(here, folder, name))
        .filter((path) => wanted.length === 0 || wanted.some((part) => `${basename(dirname(path))}/${basename(path)}`.includes(part)));
}

// Features of Node 20 that the client library uses and Node 18 has behind flags; tests start further processes of Node.
if (process.versions.node.startsWith('18.')) {
    const flags = '--experimental-global-customevent --experimental-global-webcrypto';
    process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} ${flags}`;
}

function run(files, concurrency) {
    if (files.length === 0) return 0;
    const flags = ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec'];
    return spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' }).status ?? 1;
}

/** A server for the tests on MongoDB; null if one is given or none is available. */
async function startMongodb() {
    if (!isOnMongodb || process.env.GLOBES_TEST_MONGODB_URI) return null;
    const why = withoutFerretdb();
    if (why) {
        console.log(`# skipped 1\n${why}`);
        process.exit(0);
    }
    const ferretdb = await new Ferretdb().start();
    process.env.GLOBES_TEST_MONGODB_URI = ferretdb.uri;
    return ferretdb;
}

const mongodb = await startMongodb();
const isPart = isOnMongodb || usesTls;
const quickFolders = isPart ? ['.'] : ['.', '../web', '../client'];
// The attacks take minutes and are a stage of their own in scripts/test, so they only run if they are named.
const attackFolders = wanted.length > 0 ? ['../attack'] : [];
const heavyFolders = isPart ? [] : ['robustness', '../client/robustness', '../reliability', ...attackFolders];
const quick = run(quickFolders.flatMap(testFiles), 2);
const loading = run(heavyFolders.flatMap(testFiles), 1);
await mongodb?.finish();
process.exit(quick || loading);
