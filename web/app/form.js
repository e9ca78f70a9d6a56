// A form that sends once at a time and says at its end what went wrong with the whole of it.
import { GlobesError } from '../globes.js';
import { element } from './dom.js';
import { errorText, isThrottled } from './problems.js';

/** What a 429 without Retry-After is taken for. */
const DEFAULT_WAIT_MS = 5000;

export class Form {
    #texts;
    #alert;
    #submit;
    #label;
    #countdown = null;

    /**
     * @param {object} texts
     * @param {{ submit: string, children: Node[], actions?: Node[], send(): Promise<void> }} options
     *     `send` is called for a form that is meant to be sent; what it throws is shown, unless `handle(error)` has shown
     *     it in place; `busy` is what the button says meanwhile
     */
    constructor(texts, { submit, busy = submit, children, actions = [], send, handle = () => false }) {
        this.#texts = texts;
        this.#label = submit;
        this.#alert = element('p', { class: 'form-alert', role: 'alert', hidden: true });
        this.#submit = element('button', { type: 'submit', class: 'button primary' }, submit);
        const row = element('div', { class: 'form-actions' }, ...actions, this.#submit);
        this.element = element('form', { class: 'form', novalidate: true }, ...children, this.#alert, row);
        this.element.addEventListener('submit', (event) => {
            event.preventDefault();
            this.#send(send, handle, busy);
        });
    }

    showAlert(text) {
        this.#alert.textContent = text ?? '';
        this.#alert.hidden = text === null;
    }

    /** To be called when the form is taken away. */
    destroy() {
        clearInterval(this.#countdown);
    }

    async #send(send, handle, busy) {
        if (this.#submit.getAttribute('aria-disabled') === 'true') return;
        this.showAlert(null);
        this.#disableSubmit(busy);
        try {
            await send();
            this.#enableSubmit();
        } catch (error) {
            this.#enableSubmit();
            if (isThrottled(error)) this.#wait(error.retryAfterMs ?? DEFAULT_WAIT_MS);
            if (!handle(error)) this.showAlert(errorText(this.#texts, error));
            if (!(error instanceof GlobesError)) reportError(error);
        }
    }

    // Not `disabled`: that would take the focus away from whoever pressed it.
    #disableSubmit(label) {
        this.#submit.setAttribute('aria-disabled', 'true');
        this.#submit.textContent = label;
    }

    #enableSubmit() {
        this.#submit.removeAttribute('aria-disabled');
        this.#submit.textContent = this.#label;
    }

    #wait(ms) {
        const end = Date.now() + ms;
        const tick = () => {
            const seconds = Math.ceil((end - Date.now()) / 1000);
            if (seconds > 0) return this.#disableSubmit(this.#texts.waitSeconds(seconds));
            clearInterval(this.#countdown);
            this.#enableSubmit();
        };
        clearInterval(this.#countdown);
        this.#countdown = setInterval(tick, 500);
        tick();
    }
}
