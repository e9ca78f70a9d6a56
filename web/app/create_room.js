// The dialog that creates a room.
import { openDialog } from './dialog.js';
import { element } from './dom.js';
import { validateAll } from './fields.js';
import { Form } from './form.js';
import { showAtField } from './problems.js';
import { descriptionField, nameField, newPasswordField, titleField, visibilityField } from './room_fields.js';
import { needsPassword, trim } from './room_rules.js';
import { entrancePath } from './router.js';

/** Opens the dialog; after it, the entrance of the new room is shown. */
export function createRoom(app, { title: wanted = '' } = {}) {
    const { texts, globes, preferences, router } = app;
    const title = titleField(texts, wanted);
    const description = descriptionField(texts, '');
    const visibility = visibilityField(texts, 'public', () => update());
    const password = newPasswordField(texts, {
        label: texts.password,
        hint: texts.passwordHint,
        isNeeded: () => needsPassword(visibility.value),
    });
    // The owner's token of a private room is for one name.
    const ownerName = nameField(texts, { label: texts.ownerName, value: preferences.name });

    function update() {
        password.element.hidden = !needsPassword(visibility.value);
        ownerName.element.hidden = password.element.hidden;
    }
    update();

    async function send() {
        if (!validateAll([title, description, password, ownerName])) return;
        const fields = {
            title: trim(title.value),
            description: description.value,
            visibility: visibility.value,
            // Without an owner, anyone could change and delete the room.
            owner: true,
        };
        if (needsPassword(visibility.value)) fields.password = password.value;
        const name = ownerName.element.hidden ? preferences.name : trim(ownerName.value);
        if (name !== '') fields.name = name;
        const room = await globes.rooms.create(fields);
        preferences.rememberMade(room.id, room.owner_token);
        dialog.close();
        router.go(entrancePath(room.id));
    }

    const form = new Form(texts, {
        submit: texts.create,
        children: [
            title.element,
            description.element,
            visibility.element,
            password.element,
            ownerName.element,
            element('p', { class: 'field-hint' }, texts.ownedExplained),
        ],
        send,
        handle: (error) => showAtField(texts, error, { title, description, visibility, password, name: ownerName }),
    });
    const dialog = openDialog(texts, {
        title: texts.createTitle,
        content: form.element,
        onclose: () => form.destroy(),
    });
    title.focus();
}
