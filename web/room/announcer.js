// Reads new messages out to screen readers. The list itself can't be the live region: its rows come and go with the window,
// and what is scrolled back into view is no news.
import { element } from './element.js';
import { shortened } from './graphemes.js';

/** In ms; what comes within is said together. */
const PAUSE_MS = 400;
/** More than this at a time are counted instead of read. */
const AT_ONCE = 4;
const KEPT_LINES = 8;
/** Of a message, in characters. */
const READ_OUT = 240;

export class Announcer {
    #texts;
    #waiting = [];
    #timer = 0;

    /** Visually hidden; to be put into the view. */
    element;

    constructor(texts) {
        this.#texts = texts;
        this.element = element('div', { class: 'visually-hidden log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': texts['room.newMessages'] });
    }

    /** Says `text` when the voice is free, after what was said before. */
    say(text) {
        this.#waiting.push(shortened(text, READ_OUT));
        this.#timer ||= setTimeout(() => this.#announce(), PAUSE_MS);
    }

    destroy() {
        clearTimeout(this.#timer);
    }

    #announce() {
        this.#timer = 0;
        const lines = this.#waiting.splice(0);
        const said = lines.length > AT_ONCE ? [this.#texts['room.manyMessages'](lines.length)] : lines;
        for (const line of said) this.element.append(element('p', { dir: 'auto' }, line));
        while (this.element.childElementCount > KEPT_LINES) this.element.firstElementChild.remove();
    }
}
