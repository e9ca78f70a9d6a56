// The table of emoji above the composer. It is one Tab stop, and arrow keys move inside. Loaded when it is first
// opened.
import { element } from './element.js';
import { EMOJI } from './shortcodes.js';

const COLUMNS = 8;
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

export class EmojiPicker {
    #pick;
    #button;
    #choices;

    /** The composer adds it to the document. */
    element;

    /**
     * @param {{ button: HTMLButtonElement, names: Record<string, string>, pick: (emoji: string) => void }} parts
     *     `button` opens and closes it. `names`: by code, for emoji whose name differs from their code
     */
    constructor({ button, names, pick }) {
        this.#pick = pick;
        this.#button = button;
        this.#choices = EMOJI.map(({ emoji, code }, index) => {
            const name = names[code] ?? code.replaceAll('_', ' ');
            return element(
                'button',
                { type: 'button', tabindex: index === 0 ? 0 : -1, 'aria-label': name, title: `${name} :${code}:`, click: () => this.#chosen(emoji) },
                emoji,
            );
        });
        this.element = element(
            'div',
            { class: 'picker', role: 'group', 'aria-label': button.title, hidden: true, keydown: (event) => this.#pressed(event) },
            ...this.#choices,
        );
    }

    close() {
        this.element.hidden = true;
        this.#button.setAttribute('aria-expanded', 'false');
    }

    toggle() {
        if (!this.element.hidden) {
            this.close();
            return;
        }
        this.element.hidden = false;
        this.#button.setAttribute('aria-expanded', 'true');
        this.#choices[0].focus();
    }

    #chosen(emoji) {
        this.close();
        this.#button.focus();
        this.#pick(emoji);
    }

    #pressed(event) {
        if (event.key === 'Escape') {
            event.stopPropagation();
            this.close();
            this.#button.focus();
            return;
        }
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        const focused = this.#choices.indexOf(event.target);
        const next = Math.min(this.#choices.length - 1, Math.max(0, focused + step));
        this.#choices[focused].tabIndex = -1;
        this.#choices[next].tabIndex = 0;
        this.#choices[next].focus();
    }
}
