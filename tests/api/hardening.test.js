// The protections of the program that ships (cmake/compile_options.cmake).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { releaseBinary } from './harness/server.js';

const skip = !releaseBinary.includes('/release/') && 'only the release build is hardened';

function readelf(...flags) {
    const { status, stdout, stderr } = spawnSync('readelf', ['--wide', ...flags, releaseBinary], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
    });
    assert.equal(status, 0, stderr);
    return stdout;
}

test('the program is loaded at a random address, and its relocations are read-only', { skip }, () => {
    assert.match(readelf('--file-header'), /^\s*Type:\s+DYN /m);
    const dynamic = readelf('--dynamic');
    assert.match(dynamic, /\(FLAGS_1\).*\bNOW\b.*\bPIE\b/);
    assert.match(dynamic, /\(FLAGS\).*\bBIND_NOW\b/);
    const segments = readelf('--program-headers');
    assert.match(segments, /^\s*GNU_RELRO\s/m);
    assert.match(segments, /^\s*GNU_STACK\s.*\sRW\s/m, 'no code runs on the stack');
});

test('overflows of the stack and of copies end the program', { skip }, () => {
    const symbols = readelf('--dyn-syms');
    assert.match(symbols, / __stack_chk_fail@/);
    assert.match(symbols, / __\w+_chk@/, 'checked copies (_FORTIFY_SOURCE)');
});
