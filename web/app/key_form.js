// Another key to a room that one is in, where the last one is not good any more: asked for above the messages.
import { PasswordField, validateAll } from './fields.js';
import { Form } from './form.js';
import { isThrottled, isWrongSecret } from './problems.js';

/**
 * @param {object} app
 * @param {{ room: { id: number }, name: string, notice: string, place: (form: Element) => void }} options
 * @returns {Promise<string | null>} the token; null where the room needs none any more
 */
export function askForKey({ globes, texts }, { room, name, notice, place }) {
    const password = new PasswordField(texts, {
        label: texts.roomPassword,
        name: 'password',
        autocomplete: 'current-password',
        check: (value) => (value === '' ? texts.wrongPassword : null),
    });
    return new Promise((resolve) => {
        const form = new Form(texts, {
            submit: texts.enter,
            busy: texts.entering,
            children: [password.element],
            send: async () => {
                if (!validateAll([password])) return;
                const granted = await globes.tokens.request(room, { name, secret: password.value });
                form.element.remove();
                form.destroy();
                resolve(granted?.token ?? null);
            },
            handle: (error) => {
                if (!isWrongSecret(error) && !isThrottled(error)) return false;
                password.showProblem(isWrongSecret(error) ? texts.wrongPassword : texts.tooManyTries);
                password.focus();
                return true;
            },
        });
        form.showAlert(notice);
        form.element.classList.add('key-form');
        place(form.element);
        password.focus();
    });
}
