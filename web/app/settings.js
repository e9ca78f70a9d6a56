// The settings of a room, for the person who made it: title, access, retention, and deletion.
import { openDialog } from './dialog.js';
import { element, freshId } from './dom.js';
import { TextField, validateAll } from './fields.js';
import { Form } from './form.js';
import { errorText, showAtField } from './problems.js';
import { descriptionField, newPasswordField, titleField, fieldCheck, visibilityField } from './room_fields.js';
import { maxEventsProblem, needsPassword, trim } from './room_rules.js';

/** How long to keep messages: common durations, and the room's own if it is another one. */
class RetentionField {
    constructor(texts, current) {
        const id = freshId('retention');
        this.input = element('select', { id, name: 'retention', class: 'input' });
        const choices = new Map(Object.entries(texts.retentions).map(([seconds, label]) => [Number(seconds), label]));
        if (!choices.has(current)) choices.set(current, texts.retentionSeconds(current));
        for (const [seconds, label] of [...choices].sort(([a], [b]) => a - b)) {
            const option = element('option', { value: seconds }, label);
            option.selected = seconds === current;
            this.input.append(option);
        }
        this.element = element(
            'div',
            { class: 'field' },
            element('div', { class: 'field-head' }, element('label', { for: id }, texts.retention)),
            this.input,
        );
    }

    get value() {
        return Number(this.input.value);
    }
}

/** The section that deletes the room, after a confirmation. */
function deletion(app, { room, remove }) {
    const { texts } = app;
    const alert = element('p', { class: 'form-alert', role: 'alert', hidden: true });
    const ask = element(
        'button',
        { type: 'button', class: 'button danger quiet', 'aria-expanded': 'false' },
        texts.deleteRoom,
    );
    const sure = element('button', { type: 'button', class: 'button danger' }, texts.deleteForever);
    const back = element('button', { type: 'button', class: 'button' }, texts.cancel);
    const question = element('p', { dir: 'auto' }, texts.deleteAsk(room.title));
    const confirm = element(
        'div',
        { class: 'danger-confirm', hidden: true },
        question,
        element('div', { class: 'form-actions' }, back, sure),
    );
    const open = (isOpen) => {
        confirm.hidden = !isOpen;
        ask.hidden = isOpen;
        (isOpen ? back : ask).focus();
    };
    ask.addEventListener('click', () => open(true));
    back.addEventListener('click', () => open(false));
    sure.addEventListener('click', async () => {
        if (sure.getAttribute('aria-disabled') === 'true') return;
        // Not `disabled`: the user would lose the focus.
        sure.setAttribute('aria-disabled', 'true');
        alert.hidden = true;
        try {
            await remove();
        } catch (error) {
            alert.textContent = errorText(texts, error);
            alert.hidden = false;
        } finally {
            sure.removeAttribute('aria-disabled');
        }
    });
    return element(
        'section',
        { class: 'danger-zone' },
        element('p', { class: 'field-hint' }, texts.deleteExplained),
        alert,
        ask,
        confirm,
    );
}

/**
 * Opens the settings.
 * @param {any} app
 * @param {{ room: any, token: string | null, onchange(room: object): void }} options `onchange` is called
 *     with the changed room. After a deletion, the closed connection reports it
 */
export function openSettings(app, { room, token, onchange }) {
    const { texts, globes, notice } = app;
    const title = titleField(texts, room.title);
    const description = descriptionField(texts, room.description);
    const visibility = visibilityField(texts, room.visibility, () => update());
    const password = newPasswordField(texts, {
        label: texts.newPassword,
        hint: texts.newPasswordHint,
        isNeeded: () => needsPassword(visibility.value) && !needsPassword(room.visibility),
    });
    const retention = new RetentionField(texts, room.retention ?? 0);
    const maxEvents = new TextField(texts, {
        label: texts.maxEvents,
        hint: texts.maxEventsHint,
        name: 'max_events',
        value: room.max_events ?? '',
        inputmode: 'numeric',
        autocomplete: 'off',
        check: fieldCheck(texts, maxEventsProblem),
    });

    function update() {
        password.element.hidden = !needsPassword(visibility.value);
    }
    update();

    /**
     * Returns only changed values, because the server closes connections if a request contains a password or visibility,
     * even the same.
     */
    function changes() {
        const values = {
            title: trim(title.value),
            description: description.value,
            visibility: visibility.value,
            retention: retention.value,
            max_events: Number(maxEvents.value),
        };
        const current = { ...room, retention: room.retention ?? 0, max_events: room.max_events ?? 0 };
        const changed = Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== current[key]));
        if (!password.element.hidden && password.value !== '') changed.password = password.value;
        return changed;
    }

    async function send() {
        if (!validateAll([title, description, password, maxEvents])) return;
        const changed = await globes.rooms.update(room.id, changes(), { token });
        dialog.close();
        notice(texts.saved);
        onchange(changed);
    }

    async function remove() {
        await globes.rooms.remove(room.id, { token });
        dialog.close();
    }

    const form = new Form(texts, {
        submit: texts.save,
        children: [
            title.element,
            description.element,
            visibility.element,
            password.element,
            element('div', { class: 'field-pair' }, retention.element, maxEvents.element),
        ],
        send,
        handle: (error) =>
            showAtField(texts, error, { title, description, visibility, password, max_events: maxEvents }),
    });
    const content = element('div', {}, form.element, deletion(app, { room, remove }));
    const dialog = openDialog(texts, { title: texts.settingsTitle, content, onclose: () => form.destroy() });
}
