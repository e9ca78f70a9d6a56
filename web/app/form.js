// A form that sends one request at a time and shows the errors that belong to no field at its end.
import { GlobesError } from '../globes.js';
import { element } from './dom.js';
import { errorText, isThrottled } from './problems.js';

/** The wait after a 429 without Retry-After. */
const DEFAULT_WAIT_MS = 5000;
/** A longer wait is shown in minutes. */
const MAX_WAIT_SHOWN_S = 90;

export class Form {
    #texts;
    #alert;
    #submit;
    #label;
    #countdown = null;

    /**
     * @param {any} texts
     * @param {{ submit: string, busy?: string, children: (Node | string | false)[], actions?: Node[],
     *     send(): Promise<void>, handle?(error: any): boolean }} options
     *     `submit` is the button's label, and `busy` its label while the form is being sent. `send` sends the form; an
     *     error that it throws is shown, unless `handle` returns true because it has shown it in place
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
        // The end of a long form may be below the visible part of its dialog.
        if (text !== null) this.#alert.scrollIntoView({ block: 'nearest' });
    }

    focusSubmit() {
        this.#submit.focus();
    }

    /** Must be called when the form is removed. */
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

    // Not `disabled`: the user would lose the focus.
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
            if (seconds > MAX_WAIT_SHOWN_S) return this.#disableSubmit(this.#texts.waitMinutes(Math.ceil(seconds / 60)));
            if (seconds > 0) return this.#disableSubmit(this.#texts.waitSeconds(seconds));
            clearInterval(this.#countdown);
            this.#enableSubmit();
        };
        clearInterval(this.#countdown);
        this.#countdown = setInterval(tick, 500);
        tick();
    }
}
