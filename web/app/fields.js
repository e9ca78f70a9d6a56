// Form fields: a label, a control, a hint, and an error message that screen readers associate with the control.
import { element, freshId, icon } from './dom.js';
import { lengthOf } from './room_rules.js';

/** The counter is shown from this many remaining characters on. */
const COUNT_FROM = 20;

/** Calls `then` once no pointer is pressed: a new line would move the element that is being clicked. */
function whenReleased(then) {
    if (document.querySelector(':active')) window.addEventListener('pointerup', () => setTimeout(then), { once: true });
    else then();
}

/**
 * A labeled line of text.
 *
 * `check(value)` returns the text of an error or null. It runs when the user leaves the field, and while they type only
 * if the field has an error already, so nobody sees an error in the middle of a word.
 */
export class TextField {
    #check;
    #problem;
    #limit;
    #counter;
    #texts;

    /**
     * @param {any} texts
     * @param {{ label: string, name: string, hint?: string, check?: (value: string) => string | null, limit?: number,
     *     required?: boolean, value?: string, type?: string, [attribute: string]: any }} options
     */
    constructor(
        texts,
        { label, name, hint, check = () => null, limit, required = false, value = '', type = 'text', ...attributes },
    ) {
        this.#texts = texts;
        this.#check = check;
        this.#limit = limit;
        const id = freshId('field');
        this.input = element('input', {
            id,
            name,
            type,
            dir: type === 'text' && 'auto',
            required,
            class: 'input',
            ...attributes,
        });
        this.input.value = value;
        this.#problem = element('p', { id: `${id}-problem`, class: 'field-problem' });
        this.#counter = element('span', { class: 'field-counter' });
        const help = hint && element('p', { id: `${id}-hint`, class: 'field-hint' }, hint);
        this.input.setAttribute('aria-describedby', [help && `${id}-hint`, `${id}-problem`].filter(Boolean).join(' '));
        this.control = element('div', { class: 'field-control' }, this.input);
        this.element = element(
            'div',
            { class: 'field' },
            element(
                'div',
                { class: 'field-head' },
                element('label', { for: id }, label),
                !required && type === 'text' && element('span', { class: 'field-optional' }, texts.optional),
                this.#counter,
            ),
            this.control,
            help,
            this.#problem,
        );
        this.input.addEventListener('change', () => whenReleased(() => this.validate()));
        this.input.addEventListener('input', () => {
            if (this.isInvalid) this.validate();
            this.#count();
        });
    }

    get value() {
        return this.input.value;
    }

    get isInvalid() {
        return this.input.getAttribute('aria-invalid') === 'true';
    }

    /** Whether the value may be sent; shows the error if it may not. */
    validate() {
        const problem = this.element.hidden ? null : this.#check(this.value);
        this.showProblem(problem);
        return problem === null;
    }

    /** Null removes the message. */
    showProblem(text) {
        this.#problem.textContent = text ?? '';
        if (text === null) this.input.removeAttribute('aria-invalid');
        else this.input.setAttribute('aria-invalid', 'true');
    }

    focus() {
        this.input.focus();
    }

    #count() {
        if (this.#limit === undefined) return;
        const left = this.#limit - lengthOf(this.value);
        this.#counter.textContent =
            left > COUNT_FROM ? '' : left >= 0 ? this.#texts.lettersLeft(left) : this.#texts.lettersOver(-left);
        this.#counter.toggleAttribute('data-over', left < 0);
    }
}

/** A password with a button that shows it. */
export class PasswordField extends TextField {
    constructor(texts, options) {
        super(texts, { type: 'password', ...options });
        const show = element(
            'button',
            {
                type: 'button',
                class: 'icon-button field-show',
                'aria-pressed': 'false',
                'aria-label': texts.showPassword,
                title: texts.showPassword,
            },
            icon('eye'),
        );
        show.addEventListener('click', () => {
            const shown = this.input.type === 'password';
            this.input.type = shown ? 'text' : 'password';
            show.setAttribute('aria-pressed', String(shown));
            this.focus();
        });
        this.control.append(show);
    }
}

/** A choice of one option, each with an explanation. `options`: `{ value, label, hint, icon }`. */
export class ChoiceField {
    constructor({ legend, name, options, value, onchange }) {
        this.element = element('fieldset', { class: 'field choices' }, element('legend', {}, legend));
        for (const option of options) {
            const hintId = freshId('choice');
            const input = element('input', {
                type: 'radio',
                name,
                value: option.value,
                'aria-describedby': hintId,
                class: 'visually-hidden',
            });
            input.checked = option.value === value;
            const text = element(
                'span',
                { class: 'choice-text' },
                element('span', { class: 'choice-label' }, option.label),
                element('span', { id: hintId, class: 'choice-hint' }, option.hint),
            );
            this.element.append(element('label', { class: 'choice' }, input, icon(option.icon), text));
        }
        this.element.addEventListener('change', () => onchange?.(this.value));
    }

    /** @returns {HTMLInputElement} */
    get #checked() {
        return this.element.querySelector('input:checked');
    }

    get value() {
        return this.#checked.value;
    }

    /** Errors of the server are shown at the form, because every choice is valid. */
    focus() {
        this.#checked.focus();
    }
}

/** Validates all fields and moves the focus to the first invalid one. */
export function validateAll(fields) {
    const invalid = fields.filter((field) => !field.validate());
    invalid[0]?.focus();
    return invalid.length === 0;
}
