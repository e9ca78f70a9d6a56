// Requests another token for a room that the user is in, after the last one became invalid: a form above the messages.
import { PasswordField, validateAll } from './fields.js';
import { Form } from './form.js';
import { isThrottled, isWrongSecret } from './problems.js';
import { needsPassword } from './room_rules.js';

/**
 * @param {any} app
 * @param {{ room: { id: number }, name: string, old: import('../globes.js').Token | null, place: (form: Element) => void }} options
 *     `old`: the token that is not valid any more
 * @returns {Promise<string | null>} the next one; null if the room is public and needs none
 */
export async function requestToken(app, { room, name, old, place }) {
    const { globes, preferences, texts } = app;
    // The password gives the owner a token like everybody else's.
    if (old?.token === preferences.ownerToken(room.id)) preferences.rememberMade(room.id, null);
    const { visibility } = await globes.rooms.get(room.id);
    if (!needsPassword(visibility)) return null;
    const notice = old?.expiresAt.getTime() <= Date.now() ? texts['room.accessExpired'] : texts['room.accessChanged'];
    return new Promise((resolve) => {
        const requestWithPassword = async (secret) => {
            const granted = await globes.tokens.request(room.id, { name, secret });
            form.element.remove();
            form.destroy();
            resolve(granted?.token ?? null);
        };
        const form = makeForm(texts, requestWithPassword);
        form.showAlert(notice);
        place(form.element);
        form.element.querySelector('input').focus();
    });
}

function makeForm(texts, requestWithPassword) {
    const password = new PasswordField(texts, {
        label: texts.roomPassword,
        name: 'password',
        autocomplete: 'current-password',
        check: (value) => (value === '' ? texts.wrongPassword : null),
    });
    const form = new Form(texts, {
        submit: texts.enter,
        busy: texts.entering,
        children: [password.element],
        send: async () => {
            if (validateAll([password])) await requestWithPassword(password.value);
        },
        handle: (error) => {
            if (!isWrongSecret(error) && !isThrottled(error)) return false;
            password.showProblem(isWrongSecret(error) ? texts.wrongPassword : texts.tooManyTries);
            password.focus();
            return true;
        },
    });
    form.element.classList.add('token-form');
    return form;
}
