// A small table of emoji that opens above the composer. One stop for Tab; inside, the arrows move.
import { element, iconButton } from './element.js';
import { EMOJI } from './emoji.js';

const COLUMNS = 8;
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

export class EmojiPicker {
    #pick;
    #choices;

    /** The button that opens and closes it, and the picker itself. */
    button;
    element;

    /** @param {{ texts: Record<string, any>, pick: (emoji: string) => void }} parts */
    constructor({ texts, pick }) {
        this.#pick = pick;
        const label = texts['room.emoji'];
        this.button = iconButton('smile', label, { 'aria-expanded': 'false', click: () => this.#toggle() });
        this.#choices = EMOJI.map(({ emoji, code }, index) => {
            const name = texts['room.emojiNames'][code] ?? code.replaceAll('_', ' ');
            return element(
                'button',
                { type: 'button', tabindex: index === 0 ? 0 : -1, 'aria-label': name, title: `${name} :${code}:`, click: () => this.#chosen(emoji) },
                emoji,
            );
        });
        this.element = element(
            'div',
            { class: 'picker', role: 'group', 'aria-label': label, hidden: true, keydown: (event) => this.#pressed(event) },
            ...this.#choices,
        );
    }

    close() {
        this.element.hidden = true;
        this.button.setAttribute('aria-expanded', 'false');
    }

    #toggle() {
        if (!this.element.hidden) {
            this.close();
            return;
        }
        this.element.hidden = false;
        this.button.setAttribute('aria-expanded', 'true');
        this.#choices[0].focus();
    }

    #chosen(emoji) {
        this.close();
        this.button.focus();
        this.#pick(emoji);
    }

    #pressed(event) {
        if (event.key === 'Escape') {
            event.stopPropagation();
            this.close();
            this.button.focus();
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
