// The colours of names, made readable on what they stand on: the surface, and the two kinds of bubbles. Asked again when
// the system turns dark or light, as the theme's custom properties do then.
import { colourOfName, inkOn, readable } from './colour.js';

/** So many different colours are remembered. */
const REMEMBERED = 500;

export class Palette {
    #root;
    #canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    #readable = new Map();
    /** White until the theme is read: a view may be made before it is in the document. */
    #backgrounds = [[255, 255, 255]];
    /** Counts the changes of the theme: what was painted under another number is out of date. */
    version = 0;

    /** @param {HTMLElement} root that of the view, in the document, with the theme's properties */
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

    /** The colour in which `name` is written, as CSS. `color`: what its bearer chose, if anything. */
    ofName(name, color) {
        const wanted = color || colourOfName(name);
        let colour = this.#readable.get(wanted);
        if (!colour) {
            colour = `rgb(${readable(this.#rgb(wanted, '#888'), this.#backgrounds).join(' ')})`;
            if (this.#readable.size >= REMEMBERED) this.#readable.clear();
            this.#readable.set(wanted, colour);
        }
        return colour;
    }

    /** Whatever CSS takes for a colour, as the bytes of its pixel. */
    #rgb(colour, fallback) {
        this.#canvas.fillStyle = fallback;
        this.#canvas.fillStyle = colour;
        this.#canvas.fillRect(0, 0, 1, 1);
        return [...this.#canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }
}
