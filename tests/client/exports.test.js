// The library, its declarations and the program that compiles against them name the same exports.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import * as library from '../../web/globes.js';

const read = (path) => readFile(new URL(path, import.meta.url), 'utf8');

test('globes.d.ts declares every export, and the sample uses each', async () => {
    const declarations = await read('../../web/globes.d.ts');
    const declared = (kinds) =>
        [...declarations.matchAll(new RegExp(`^export (?:${kinds}) (\\w+)`, 'gm'))].map(([, name]) => name).sort();
    assert.deepEqual(declared('class|const|function'), Object.keys(library).sort());

    const sample = await read('types/sample.ts');
    const [, values] = sample.match(/^import \{\n(.*?)\} from/ms);
    const [, types] = sample.match(/^import type \{\n(.*?)\} from/ms);
    const names = (list) => list.match(/\w+/g).sort();
    assert.deepEqual(names(values), Object.keys(library).sort());
    assert.deepEqual(names(types), declared('type|interface'));
});
