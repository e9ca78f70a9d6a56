// Readable colors: sRGB triples of 0..255, and the contrast of WCAG 2. No DOM.

/** @typedef {number[]} Rgb red, green and blue */

/** The least contrast that WCAG (AA) demands for normal text. */
export const AA = 4.5;

function linear(channel) {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** @param {Rgb} color */
function luminance([red, green, blue]) {
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** From 1 (the same) to 21 (black on white). @param {Rgb} one @param {Rgb} other */
export function contrast(one, other) {
    const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
}

/** @param {Rgb} from @param {Rgb} to @returns {Rgb} */
function mix(from, to, share) {
    return from.map((channel, index) => Math.round(channel + (to[index] - channel) * share));
}

const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];

/** White or black, whichever has more contrast to `background`. @param {Rgb} background @returns {Rgb} */
export function inkOn(background) {
    return contrast(WHITE, background) >= contrast(BLACK, background) ? WHITE : BLACK;
}

/**
 * `color`, moved toward white or black until it is readable on each of `backgrounds`.
 * @param {Rgb} color
 * @param {Rgb[]} backgrounds
 * @returns {Rgb}
 */
export function readable(color, backgrounds, wanted = AA) {
    const reads = (candidate) => backgrounds.every((background) => contrast(candidate, background) >= wanted);
    const ink = inkOn(backgrounds[0]);
    for (let share = 0; share < 1; share += 0.05) {
        const candidate = mix(color, ink, share);
        if (reads(candidate)) return candidate;
    }
    return ink;
}

/** A hash of a string, from 0 to 1: FNV-1a, then mixed so that every bit reaches the first ones. */
function hashFraction(text) {
    let hash = 0x811c9dc5;
    for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A step around a circle for which any number of steps are as far apart as possible. */
const GOLDEN_STEP = (3 - Math.sqrt(5)) / 2;

/** The hue of a name, which is always the same, and differs for similar names. @returns {number} 0 to 1, of a circle */
export function hueOfName(name) {
    const folded = name.toLowerCase();
    // Names of a series differ in a number, or in the last letter: they are one step apart. All others are random.
    const numbers = folded.match(/\d+/g);
    if (numbers) {
        const sum = numbers.reduce((all, digits) => (all + Number(digits.slice(-9))) % 1e9, 0);
        return (hashFraction(folded.replace(/\d+/g, '#')) + sum * GOLDEN_STEP) % 1;
    }
    const letters = [...folded];
    const last = letters.pop();
    return (hashFraction(letters.join('')) + (last?.codePointAt(0) ?? 0) * GOLDEN_STEP) % 1;
}

/** A color for a name without one. @returns {string} CSS */
export function colorOfName(name) {
    // In OKLCh, equal distances in degrees look equally large.
    return `oklch(0.62 0.17 ${(360 * hueOfName(name)).toFixed(1)})`;
}
