// Heights and colors: the arithmetic of the room view.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AA, colorOfName, contrast, inkOn, readable } from '../../web/room/color.js';
import { HeightIndex } from '../../web/room/height_index.js';

test('tops are sums, and at() finds the row at a position', () => {
    const index = new HeightIndex();
    index.replaceFrom(0, [10, 20, 30]);
    assert.deepEqual([0, 1, 2, 3].map((row) => index.top(row)), [0, 10, 30, 60]);
    assert.deepEqual([-5, 0, 9.9, 10, 29, 30, 59, 60, 999].map((y) => index.at(y)), [0, 0, 0, 1, 1, 2, 2, 2, 2]);
    assert.equal(index.set(0, 15), true);
    assert.equal(index.set(0, 15), false);
    assert.deepEqual([index.top(1), index.total, index.at(12)], [15, 65, 0]);
    index.replaceFrom(1, [7, 8, 9, 10]);
    assert.deepEqual([index.length, index.top(1), index.top(3), index.total], [5, 15, 30, 49]);
    index.replaceFrom(3, []);
    assert.deepEqual([index.length, index.total, index.at(99)], [3, 30, 2]);
    index.replaceFrom(0, []);
    assert.deepEqual([index.total, index.at(5)], [0, 0]);
});

test('after any changes the index returns the same as a new sum', () => {
    const index = new HeightIndex();
    const heights = Array.from({ length: 500 }, (_, row) => (row * 37) % 91);
    index.replaceFrom(0, heights);
    for (let change = 0; change < 2000; change += 1) {
        const row = (change * 7919) % heights.length;
        heights[row] = (change * 31) % 200;
        index.set(row, heights[row]);
        if (change % 10 === 0) {
            heights.splice(heights.length - (change % 7), Infinity, ...heights.slice(0, change % 9));
            index.replaceFrom(heights.length - (change % 9), heights.slice(heights.length - (change % 9)));
        }
        const asked = (change * 104729) % heights.length;
        assert.equal(index.top(asked), heights.slice(0, asked).reduce((sum, height) => sum + height, 0));
    }
});

test('the cost of a change and a lookup grows at most with the number of rows', () => {
    const cpuOf = (rows) => {
        const index = new HeightIndex();
        index.replaceFrom(0, new Float64Array(rows).fill(40));
        const before = process.cpuUsage();
        for (let row = 0; row < 1000; row += 1) {
            index.set(row, 41);
            index.at(1000);
        }
        return process.cpuUsage(before).user;
    };
    cpuOf(1000);
    const few = Math.min(cpuOf(1000), cpuOf(1000), cpuOf(1000));
    const many = Math.min(cpuOf(10_000), cpuOf(10_000), cpuOf(10_000));
    assert.ok(many < 30 * few + 5000, `${few} µs, then ${many} µs`);
});

test('contrast is that of WCAG', () => {
    assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
    assert.equal(contrast([9, 99, 199], [9, 99, 199]), 1);
    assert.ok(Math.abs(contrast([118, 118, 118], [255, 255, 255]) - 4.54) < 0.01);
});

test('every color becomes readable on light and dark, and is unchanged if it was readable', () => {
    const grounds = [[[247, 246, 243], [255, 255, 255]], [[20, 22, 27], [34, 38, 47]], [[127, 127, 127]]];
    for (const backgrounds of grounds) {
        for (let red = 0; red < 256; red += 51) {
            for (let green = 0; green < 256; green += 51) {
                for (let blue = 0; blue < 256; blue += 51) {
                    const color = [red, green, blue];
                    const shown = readable(color, backgrounds);
                    const worst = Math.min(...backgrounds.map((background) => contrast(shown, background)));
                    assert.ok(worst >= AA, `${color} on ${backgrounds[0]}: ${worst}`);
                    if (backgrounds.every((background) => contrast(color, background) >= AA)) assert.deepEqual(shown, color);
                }
            }
        }
    }
});

test('the ink on a color is black or white', () => {
    assert.deepEqual([inkOn([255, 255, 0]), inkOn([0, 0, 128])], [[0, 0, 0], [255, 255, 255]]);
});

const THEMES = {
    light: [[247, 246, 243], [255, 255, 255]],
    dark: [[20, 22, 27], [29, 32, 39], [34, 38, 47]],
};

/** A color in OKLab, where distances are perceptual. */
function lab(rgb) {
    const [red, green, blue] = rgb.map((byte) => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
    const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
    const middle = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
    const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
    return [
        0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
    ];
}

/** The distance of two colors; below 0.02 they are hard to distinguish side by side. */
function difference(one, other) {
    const [a, b] = [lab(one), lab(other)];
    return Math.hypot(...a.map((part, index) => part - b[index]));
}

/** The bytes that a screen shows for `oklch(…)`. */
function rgbOf(css) {
    const [lightness, chroma, degrees] = css.match(/[\d.]+/g).map(Number);
    const a = chroma * Math.cos((degrees * Math.PI) / 180);
    const b = chroma * Math.sin((degrees * Math.PI) / 180);
    const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const channels = [
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
    ];
    return channels.map((share) => {
        const light = Math.min(1, Math.max(0, share));
        return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
    });
}

const shownOf = (name, theme) => readable(rgbOf(colorOfName(name)), THEMES[theme]);

test('names of a series have distinct colors, on light and on dark', () => {
    const STEMS = ['User', 'user', 'guest', 'Guest-', 'player_', 'Anon', 'test', 'bot', 'u', '', 'Team ', 'Zuschauer', 'гость', '用户', 'مستخدم', 'Anna', 'x'];
    const series = STEMS.flatMap((stem) => [
        [0, 1, 2, 3, 4].map((number) => `${stem}${number}`),
        [8, 9, 10, 11, 12].map((number) => `${stem}${number}`),
        [98, 99, 100, 101, 102].map((number) => `${stem}${String(number).padStart(4, '0')}`),
        [1, 2, 3, 4, 5].map((number) => `${stem}${number} (phone)`),
        [...'ABCDE'].map((letter) => `${stem}${letter}`),
        [...'aeiou'].map((letter) => `${stem}${letter}`),
    ]);
    for (const theme of Object.keys(THEMES)) {
        for (const names of series) {
            const colors = names.map((name) => shownOf(name, theme));
            for (let one = 0; one < names.length; one += 1) {
                for (let other = 0; other < one; other += 1) {
                    const apart = difference(colors[one], colors[other]);
                    assert.ok(apart >= 0.03, `${names[one]} and ${names[other]} are ${apart.toFixed(3)} apart on ${theme}`);
                }
            }
        }
    }
});

test('names of all kinds are spread over the circle of hues, and all are readable', () => {
    const SECTORS = 12;
    const NAMES = 6000;
    const counts = Array(SECTORS).fill(0);
    for (let number = 0; number < NAMES; number += 1) {
        const name = `${(number * 7919).toString(36)}${'aeionrst'[number % 8]}`.replace(/\d/g, (digit) => 'klmpqrstuv'[digit]);
        const [, a, b] = lab(rgbOf(colorOfName(name)));
        counts[Math.floor((Math.atan2(b, a) / (2 * Math.PI) + 0.5) * SECTORS) % SECTORS] += 1;
        for (const [theme, backgrounds] of Object.entries(THEMES)) {
            const shown = shownOf(name, theme);
            for (const background of backgrounds) assert.ok(contrast(shown, background) >= AA, `${name} on ${theme}`);
        }
    }
    for (const count of counts) assert.ok(count > NAMES / SECTORS / 2 && count < (NAMES / SECTORS) * 1.7, counts.join());
});

test('a name without a color always has the same one', () => {
    assert.equal(colorOfName('ada'), colorOfName('ada'));
    assert.equal(colorOfName('Ada'), colorOfName('ada'), 'as names differ in more than case');
    assert.notEqual(colorOfName('ada'), colorOfName('ben'));
    // It must not change between visits or releases.
    assert.equal(colorOfName('ada'), 'oklch(0.62 0.17 30.7)');
    for (const name of ['', '\u200b', '\ud83d', '9'.repeat(32), '🎈']) assert.match(colorOfName(name), /^oklch\(0\.62 0\.17 \d+\.\d\)$/);
});
