// The line below the messages that shows a lost connection, and refusals of the server.
import { element, visuallyHidden } from './element.js';

/** In ms. A connection that takes less time is not shown. */
const PATIENCE_MS = 800;
/** In ms. How long temporary texts are shown. */
const SHOWN_MS = 4000;

export class StateLine {
    #texts;
    #retry;
    #visible = element('span', { 'aria-hidden': 'true' });
    #announced = visuallyHidden('', { role: 'status' });
    #button;
    #timer = 0;
    #lost = false;

    /** The view adds it to the document; empty while there is nothing to show. */
    element;

    /** @param {{ texts: Record<string, any>, retry: () => void }} parts `retry` connects now */
    constructor({ texts, retry }) {
        this.#texts = texts;
        this.#retry = retry;
        this.#button = element('button', { type: 'button', class: 'text-button', hidden: true, click: () => this.#retry() }, texts['room.retryNow']);
        this.element = element('div', { class: 'state-line' }, this.#visible, this.#announced, this.#button);
        this.#show('');
    }

    /** @param {{ state: string, retryAt: Date | null, closeCode?: number | null }} connection */
    update({ state, retryAt, closeCode }) {
        this.#stop();
        this.element.dataset.state = state;
        switch (state) {
            case 'connecting':
                if (!this.#lost) this.#timer = setTimeout(() => this.#show(this.#texts['room.connecting']), PATIENCE_MS);
                break;
            case 'waiting':
                this.#lost = true;
                this.#countDown(retryAt);
                break;
            case 'offline':
                this.#lost = true;
                this.#show(this.#texts['room.offline']);
                break;
            case 'locked':
                this.#lost = true;
                this.#show(''); // the form for another token shows why
                break;
            case 'closed':
                this.#show(this.#texts[`room.closed.${closeCode}`] ?? this.#texts['room.closed']);
                break;
            default:
                if (this.#lost) this.#showBriefly(this.#texts['room.online']);
                else this.#show('');
                this.#lost = false;
        }
    }

    /** Shows an error that did not end the connection, for `ms`. */
    problem(text, ms = SHOWN_MS) {
        this.#stop();
        this.element.dataset.state = 'problem';
        this.#showBriefly(text, ms);
    }

    /** Hides the text of `problem` before its time. */
    endProblem() {
        this.#stop();
        this.#show('');
    }

    destroy() {
        this.#stop();
    }

    #stop() {
        clearTimeout(this.#timer);
        clearInterval(this.#timer);
        this.#button.hidden = true;
    }

    #showBriefly(text, ms = SHOWN_MS) {
        this.#show(text);
        this.#timer = setTimeout(() => this.#show(''), ms);
    }

    #countDown(until) {
        const tick = () => {
            const seconds = until ? Math.max(0, Math.ceil((until - Date.now()) / 1000)) : 0;
            const long = seconds >= 2;
            this.#show(this.#texts['room.waiting'], long ? this.#texts['room.waitingFor'](seconds) : undefined);
            this.#button.hidden = !long;
        };
        tick();
        this.#timer = setInterval(tick, 1000);
    }

    // The countdown is visible only: screen readers would announce every second.
    #show(text, seen = text) {
        this.#visible.textContent = seen;
        if (this.#announced.textContent !== text) this.#announced.textContent = text;
        this.element.toggleAttribute('data-silent', text === '');
    }
}
