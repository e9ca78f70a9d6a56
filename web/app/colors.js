// The choice of a user's color: a palette, or any other color.
import { readable } from '../room/color.js';
import { element, freshId, visuallyHidden } from './dom.js';

/** In the order of `colorNames` of the texts. Each is distinct on a light and on a dark background. */
const PALETTE = [
    '#d9534a',
    '#c07a12',
    '#6c8a1f',
    '#1d9462',
    '#0d8f98',
    '#2f84c6',
    '#5b6fd6',
    '#8a5fd0',
    '#c0559f',
    '#c94f74',
    '#6b7a89',
];

/**
 * `color` (`#rrggbb`) as the room shows it: changed as little as needed to be readable on the background of `place`.
 */
export function readableOn(place, color) {
    const background = getComputedStyle(place)
        .backgroundColor.match(/[\d.]+/g)
        .slice(0, 3)
        .map(Number);
    const wanted = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
    return `rgb(${readable(wanted, [background]).join(' ')})`;
}

/** A choice of one color. `value` is `#rrggbb`; any other text selects a random color of the palette. */
export class ColorField {
    #own;

    constructor(texts, { value, onchange }) {
        const known = /^#[0-9a-f]{6}$/i.test(value) ? value : PALETTE[Math.floor(Math.random() * PALETTE.length)];
        const name = freshId('color');
        const swatches = PALETTE.map((color, index) => {
            const label = texts.colorNames[index];
            const input = element('input', { type: 'radio', name, value: color, class: 'visually-hidden' });
            input.checked = color === known;
            const swatch = element('label', { class: 'swatch', title: label }, input, visuallyHidden(label));
            swatch.style.setProperty('--swatch', color);
            return swatch;
        });
        this.#own = element('input', {
            type: 'color',
            class: 'swatch-own',
            'aria-label': texts.colorOwn,
            title: texts.colorOwn,
        });
        this.#own.value = known;
        const choices = element('div', { class: 'swatches' }, ...swatches, this.#own);
        this.element = element('fieldset', { class: 'field' }, element('legend', {}, texts.color), choices);
        this.element.addEventListener('input', (event) => {
            const target = /** @type {HTMLInputElement} */ (event.target);
            if (target === this.#own) this.#uncheck();
            else this.#own.value = target.value;
            onchange();
        });
    }

    get value() {
        return this.#own.value;
    }

    #uncheck() {
        /** @type {HTMLInputElement | null} */
        const checked = this.element.querySelector('input:checked');
        if (checked) checked.checked = false;
    }
}
