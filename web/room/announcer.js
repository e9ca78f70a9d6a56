// Announces new messages to screen readers. The list itself cannot be the live region: its rows come and go with the
// scroll position, and a row that is scrolled back into view is not new.
import { element } from './element.js';
import { shortened } from './graphemes.js';

/** In ms. Messages within this time are announced together. */
const PAUSE_MS = 400;
/** If there are more at a time, only their number is announced. */
const AT_ONCE = 4;
const KEPT_LINES = 8;
/** The longest announcement of a message, in characters. */
const READ_OUT = 240;

export class Announcer {
    #texts;
    #waiting = [];
    #timer = 0;

    /** Visually hidden; the view adds it to the document. */
    element;

    constructor(texts) {
        this.#texts = texts;
        this.element = element('div', { class: 'visually-hidden log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': texts['room.newMessages'] });
    }

    /** Announces `text` after those before it. */
    announce(text) {
        this.#waiting.push(shortened(text, READ_OUT));
        this.#timer ||= setTimeout(() => this.#announce(), PAUSE_MS);
    }

    destroy() {
        clearTimeout(this.#timer);
    }

    #announce() {
        this.#timer = 0;
        const lines = this.#waiting.splice(0);
        const announced = lines.length > AT_ONCE ? [this.#texts['room.manyMessages'](lines.length)] : lines;
        for (const line of announced) this.element.append(element('p', { dir: 'auto' }, line));
        while (this.element.childElementCount > KEPT_LINES) this.element.firstElementChild.remove();
    }
}
