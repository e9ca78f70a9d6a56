// The colors of names, adjusted to be readable on the surface and on both kinds of bubbles. Computed again when the
// theme changes, for example when the system switches to dark.
import { colorOfName, inkOn, readable } from './color.js';

/** The size of the cache. */
const REMEMBERED = 500;

export class Palette {
    #root;
    #canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    #readable = new Map();
    /** White until the theme is read: a view may be made before it is in the document. */
    #backgrounds = [[255, 255, 255]];
    /** The version of the theme: elements that were made under another version are out of date. */
    version = 0;

    /** @param {HTMLElement} root the view's root in the document, which has the theme's properties */
    constructor(root) {
        this.#root = root;
        this.#canvas.canvas.width = 1;
        this.#canvas.canvas.height = 1;
    }

    /** Reads the theme again. */
    refresh() {
        this.version += 1;
        this.#readable.clear();
        const style = getComputedStyle(this.#root);
        const surface = this.#rgb(style.backgroundColor, '#fff');
        this.#backgrounds = [surface];
        for (const [property, fallback] of [['--raised', style.backgroundColor], ['--bubble', style.backgroundColor]]) {
            this.#backgrounds.push(this.#rgb(style.getPropertyValue(property), fallback));
        }
        const accent = this.#rgb(style.getPropertyValue('--accent'), '#00f');
        this.#root.style.setProperty('--on-accent', `rgb(${inkOn(accent).join(' ')})`);
    }

    /** The color for `name`, as CSS. `color`: the user's choice, if any. */
    ofName(name, color) {
        const wanted = color || colorOfName(name);
        let shown = this.#readable.get(wanted);
        if (!shown) {
            shown = `rgb(${readable(this.#rgb(wanted, '#888'), this.#backgrounds).join(' ')})`;
            if (this.#readable.size >= REMEMBERED) this.#readable.clear();
            this.#readable.set(wanted, shown);
        }
        return shown;
    }

    /** The bytes of a pixel in any CSS color. */
    #rgb(color, fallback) {
        this.#canvas.fillStyle = fallback;
        this.#canvas.fillStyle = color;
        this.#canvas.fillRect(0, 0, 1, 1);
        return [...this.#canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }
}
