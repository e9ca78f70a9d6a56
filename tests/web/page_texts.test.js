// The texts of the page: each language has all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { texts as german } from '../../web/texts.de.js';
import { texts as english } from '../../web/texts.js';

const kindOf = (value) => (typeof value === 'object' ? Object.entries(value).map(([key]) => key) : typeof value);

test('German and English have the same keys with values of the same types', () => {
    assert.deepEqual(Object.keys(german).sort(), Object.keys(english).sort());
    for (const [key, value] of Object.entries(english)) assert.deepEqual(kindOf(german[key]), kindOf(value), key);
});
