// The page's own words: each language says everything.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { texts as german } from '../../web/texts.de.js';
import { texts as english } from '../../web/texts.js';

const kindOf = (value) => (typeof value === 'object' ? Object.entries(value).map(([key]) => key) : typeof value);

test('German has the same texts as English, of the same kinds', () => {
    assert.deepEqual(Object.keys(german).sort(), Object.keys(english).sort());
    for (const [key, value] of Object.entries(english)) assert.deepEqual(kindOf(german[key]), kindOf(value), key);
});
