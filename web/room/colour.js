// Colours that can be read: sRGB triples of 0..255 and the contrast of WCAG 2. Pure.

/** @typedef {[number, number, number]} Rgb */

/** What WCAG asks of normal text (AA). */
export const AA = 4.5;

function linear(channel) {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function luminance([red, green, blue]) {
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** 1 (the same) to 21 (black on white). @param {Rgb} one @param {Rgb} other */
export function contrast(one, other) {
    const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
}

function mix(from, to, share) {
    return from.map((channel, index) => Math.round(channel + (to[index] - channel) * share));
}

const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];

/** White or black, whichever is read better on `background`. @param {Rgb} background @returns {Rgb} */
export function inkOn(background) {
    return contrast(WHITE, background) >= contrast(BLACK, background) ? WHITE : BLACK;
}

/**
 * `colour`, moved as little as needed towards white or black until it can be read on every one of `backgrounds`.
 * @param {Rgb} colour
 * @param {Rgb[]} backgrounds
 * @returns {Rgb}
 */
export function readable(colour, backgrounds, wanted = AA) {
    const reads = (candidate) => backgrounds.every((background) => contrast(candidate, background) >= wanted);
    const ink = inkOn(backgrounds[0]);
    for (let share = 0; share < 1; share += 0.05) {
        const candidate = mix(colour, ink, share);
        if (reads(candidate)) return candidate;
    }
    return ink;
}

/** A colour for who has none: always the same for the same name. @returns {string} CSS */
export function colourOfName(name) {
    let hash = 7;
    for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 3600;
    return `hsl(${hash / 10} 65% 45%)`;
}
