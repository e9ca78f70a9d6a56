// Heights and colours: the numbers behind the room view.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AA, colourOfName, contrast, inkOn, readable } from '../../web/room/colour.js';
import { HeightIndex } from '../../web/room/height_index.js';

test('tops are sums, and at() finds the row that covers a place', () => {
    const index = new HeightIndex();
    index.reset([10, 20, 30]);
    assert.deepEqual([0, 1, 2, 3].map((row) => index.top(row)), [0, 10, 30, 60]);
    assert.deepEqual([-5, 0, 9.9, 10, 29, 30, 59, 60, 999].map((y) => index.at(y)), [0, 0, 0, 1, 1, 2, 2, 2, 2]);
    assert.equal(index.set(0, 15), true);
    assert.equal(index.set(0, 15), false);
    assert.deepEqual([index.top(1), index.total, index.at(12)], [15, 65, 0]);
    index.reset([]);
    assert.deepEqual([index.total, index.at(5)], [0, 0]);
});

test('after any changes the index says what adding up says', () => {
    const index = new HeightIndex();
    const heights = Array.from({ length: 500 }, (_, row) => (row * 37) % 91);
    index.reset(heights);
    for (let change = 0; change < 2000; change += 1) {
        const row = (change * 7919) % heights.length;
        heights[row] = (change * 31) % 200;
        index.set(row, heights[row]);
        const asked = (change * 104729) % heights.length;
        assert.equal(index.top(asked), heights.slice(0, asked).reduce((sum, height) => sum + height, 0));
    }
});

test('a change and a look in 10,000 rows cost far less than a frame', () => {
    const index = new HeightIndex();
    index.reset(new Float64Array(10_000).fill(40));
    const start = performance.now();
    for (let row = 0; row < 1000; row += 1) {
        index.set(row, 41);
        index.at(1000);
    }
    assert.ok((performance.now() - start) / 1000 < 2, 'ms each');
});

test('contrast is that of WCAG', () => {
    assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
    assert.equal(contrast([9, 99, 199], [9, 99, 199]), 1);
    assert.ok(Math.abs(contrast([118, 118, 118], [255, 255, 255]) - 4.54) < 0.01);
});

test('every colour becomes readable on light and dark, and stays as it is where it was', () => {
    const grounds = [[[247, 246, 243], [255, 255, 255]], [[20, 22, 27], [34, 38, 47]], [[127, 127, 127]]];
    for (const backgrounds of grounds) {
        for (let red = 0; red < 256; red += 51) {
            for (let green = 0; green < 256; green += 51) {
                for (let blue = 0; blue < 256; blue += 51) {
                    const colour = [red, green, blue];
                    const shown = readable(colour, backgrounds);
                    const worst = Math.min(...backgrounds.map((background) => contrast(shown, background)));
                    assert.ok(worst >= AA, `${colour} on ${backgrounds[0]}: ${worst}`);
                    if (backgrounds.every((background) => contrast(colour, background) >= AA)) assert.deepEqual(shown, colour);
                }
            }
        }
    }
});

test('what stands on a colour is black or white', () => {
    assert.deepEqual([inkOn([255, 255, 0]), inkOn([0, 0, 128])], [[0, 0, 0], [255, 255, 255]]);
});

test('a name without a colour always has the same one', () => {
    assert.equal(colourOfName('ada'), colourOfName('ada'));
    assert.notEqual(colourOfName('ada'), colourOfName('ben'));
});
