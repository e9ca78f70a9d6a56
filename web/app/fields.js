// Form fields: a label, a control, a hint, and what is wrong with it, said in place and tied to it for screen readers.
import { element, freshId, icon } from './dom.js';
import { lengthOf } from './room_rules.js';

/** From this many characters left on, a counter is worth its noise. */
const COUNT_FROM = 20;

/** Calls `then` once nothing is pressed: a line that appears would move what is being clicked away from the pointer. */
function whenReleased(then) {
    if (document.querySelector(':active')) window.addEventListener('pointerup', () => setTimeout(then), { once: true });
    else then();
}

/**
 * A labelled line of text.
 *
 * `check(value)` answers with the text of a problem or null. It is asked when the field is left, and while typing only
 * once something was wrong: nobody is told off in the middle of a word.
 */
export class TextField {
    #check;
    #problem;
    #limit;
    #counter;
    #texts;

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

    /** Whether the value may be sent; says what is wrong where it may not. */
    validate() {
        const problem = this.element.hidden ? null : this.#check(this.value);
        this.showProblem(problem);
        return problem === null;
    }

    /** Null takes it back. */
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

/** One of a few, each with a word of explanation. `options`: `{ value, label, hint, icon }`. */
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
            const words = element(
                'span',
                { class: 'choice-text' },
                element('span', { class: 'choice-label' }, option.label),
                element('span', { id: hintId, class: 'choice-hint' }, option.hint),
            );
            this.element.append(element('label', { class: 'choice' }, input, icon(option.icon), words));
        }
        this.element.addEventListener('change', () => onchange?.(this.value));
    }

    get value() {
        return this.element.querySelector('input:checked').value;
    }

    /** The server's objections are said at the form: every choice here is a valid one. */
    focus() {
        this.element.querySelector('input:checked').focus();
    }
}

/** A box to tick, with a word of explanation. */
export function checkBox({ label, hint, name, checked, onchange }) {
    const hintId = freshId('check');
    const input = element('input', { type: 'checkbox', name, 'aria-describedby': hintId });
    input.checked = checked;
    input.addEventListener('change', () => onchange?.(input.checked));
    const words = element(
        'span',
        { class: 'choice-text' },
        element('span', { class: 'choice-label' }, label),
        element('span', { id: hintId, class: 'choice-hint' }, hint),
    );
    return { input, element: element('label', { class: 'check' }, input, words) };
}

/** Checks all fields and puts the cursor into the first that is wrong. */
export function validateAll(fields) {
    const invalid = fields.filter((field) => !field.validate());
    invalid[0]?.focus();
    return invalid.length === 0;
}
