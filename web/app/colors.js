// The colours that people pick for themselves: ten to choose from, or any other.
import { element, freshId, unseen } from './dom.js';

/** In the order of `colorNames` of the texts; each can be told apart on light and on dark ground. */
export const PALETTE = ['#d9534a', '#c07a12', '#6c8a1f', '#1d9462', '#0d8f98', '#2f84c6', '#5b6fd6', '#8a5fd0', '#c0559f', '#6b7a89'];

/** Black or white, whichever is easier to read on `#rrggbb` (WCAG's contrast). */
export function inkOn(color) {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = [1, 3, 5].map((at) => linear(Number.parseInt(color.slice(at, at + 2), 16) / 255));
    const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    return luminance > 0.179 ? '#000' : '#fff';
}

/** A choice of one colour. `value` is `#rrggbb`; any other text picks one of the palette by chance. */
export class ColorField {
    #own;

    constructor(texts, { value, onchange }) {
        const known = /^#[0-9a-f]{6}$/i.test(value) ? value : PALETTE[Math.floor(Math.random() * PALETTE.length)];
        const name = freshId('color');
        const swatches = PALETTE.map((color, index) => {
            const input = element('input', { type: 'radio', name, value: color, class: 'visually-hidden' });
            input.checked = color === known;
            const swatch = element('label', { class: 'swatch', title: texts.colorNames[index] }, input, unseen(texts.colorNames[index]));
            swatch.style.setProperty('--swatch', color);
            return swatch;
        });
        this.#own = element('input', { type: 'color', class: 'swatch-own', 'aria-label': texts.colorOwn, title: texts.colorOwn });
        this.#own.value = known;
        this.element = element('fieldset', { class: 'field' }, element('legend', {}, texts.color), element('div', { class: 'swatches' }, ...swatches, this.#own));
        this.element.addEventListener('input', ({ target }) => {
            if (target === this.#own) this.#uncheck();
            else this.#own.value = target.value;
            onchange();
        });
    }

    get value() {
        return this.#own.value;
    }

    #uncheck() {
        const checked = this.element.querySelector('input:checked');
        if (checked) checked.checked = false;
    }
}
