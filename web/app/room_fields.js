// The fields that the dialogs for creating and changing a room share, with the server's rules.
import { ChoiceField, PasswordField, TextField } from './fields.js';
import {
    MAX_DESCRIPTION_LENGTH,
    MAX_NAME_LENGTH,
    MAX_TITLE_LENGTH,
    descriptionProblem,
    nameProblem,
    passwordProblem,
    titleProblem,
    trim,
} from './room_rules.js';

/** A check of room_rules.js as the `check` of a field. */
export function fieldCheck(texts, problemOf) {
    return (value) => {
        const problem = problemOf(value);
        return problem === null ? null : texts[problem];
    };
}

export function titleField(texts, value) {
    return new TextField(texts, {
        label: texts.title,
        name: 'title',
        value,
        required: true,
        limit: MAX_TITLE_LENGTH,
        check: fieldCheck(texts, titleProblem),
        autocomplete: 'off',
    });
}

export function descriptionField(texts, value) {
    return new TextField(texts, {
        label: texts.description,
        name: 'description',
        value,
        limit: MAX_DESCRIPTION_LENGTH,
        check: fieldCheck(texts, descriptionProblem),
        autocomplete: 'off',
    });
}

export function visibilityField(texts, value, onchange) {
    const options = ['public', 'private', 'hidden'].map((visibility) => ({
        value: visibility,
        label: texts[visibility],
        hint: texts[`${visibility}Explained`],
        icon: visibility,
    }));
    return new ChoiceField({ legend: texts.visibility, name: 'visibility', options, value, onchange });
}

/** `isNeeded()`: whether an empty password is an error. */
export function newPasswordField(texts, { label, hint, isNeeded }) {
    const check = fieldCheck(texts, (value) => (value === '' && !isNeeded() ? null : passwordProblem(value)));
    return new PasswordField(texts, { label, hint, name: 'password', check, autocomplete: 'new-password' });
}

export function nameField(texts, { label, value }) {
    const check = fieldCheck(texts, (name) => nameProblem(trim(name)));
    return new TextField(texts, {
        label,
        name: 'name',
        value,
        required: true,
        limit: MAX_NAME_LENGTH,
        check,
        autocomplete: 'nickname',
    });
}
