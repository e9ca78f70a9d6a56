// The server's rules for rooms and names (docs/protocol.md), so that a form can show errors before it sends anything.
// The server decides. Each check returns the key of a text, or null.

export const MAX_TITLE_LENGTH = 70;
export const MAX_DESCRIPTION_LENGTH = 70;
export const MAX_NAME_LENGTH = 32;

const MIN_TITLE_LENGTH = 2;
const MIN_PASSWORD_BYTES = 8;
const MAX_PASSWORD_BYTES = 72;

const CONTROL = /\p{Cc}/u;
const BIDI_CONTROL = /\p{Bidi_Control}/u;
const INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Mn}\p{Me}\u2800]*$/u;
const ONLY_DIGITS = /^[0-9]+$/;
const WHITE_SPACE_AROUND = /^\p{White_Space}+|\p{White_Space}+$/gu;

/** In code points, as the server counts. */
export function lengthOf(text) {
    return [...text].length;
}

/** Removes the white space of Unicode at both ends; `String.prototype.trim` uses another set. */
export function trim(text) {
    return text.replace(WHITE_SPACE_AROUND, '');
}

export function titleProblem(title) {
    const trimmed = trim(title);
    if (lengthOf(trimmed) < MIN_TITLE_LENGTH) return 'problemTitleShort';
    if (lengthOf(trimmed) > MAX_TITLE_LENGTH) return 'problemTitleLong';
    if (ONLY_DIGITS.test(trimmed)) return 'problemTitleDigits';
    // Clients remove it from a path.
    if (trimmed === '..') return 'problemTitleDots';
    return CONTROL.test(trimmed) ? 'problemControl' : null;
}

export function descriptionProblem(description) {
    if (lengthOf(description) > MAX_DESCRIPTION_LENGTH) return 'problemDescriptionLong';
    return CONTROL.test(description) ? 'problemControl' : null;
}

export function passwordProblem(password) {
    const bytes = new TextEncoder().encode(password);
    if (bytes.length < MIN_PASSWORD_BYTES) return 'problemPasswordShort';
    if (bytes.length > MAX_PASSWORD_BYTES) return 'problemPasswordLong';
    return password.includes('\0') ? 'problemControl' : null;
}

export function nameProblem(name) {
    if (lengthOf(name) > MAX_NAME_LENGTH) return 'problemNameLong';
    if (CONTROL.test(name) || BIDI_CONTROL.test(name)) return 'problemControl';
    return INVISIBLE.test(name) ? 'problemNameMissing' : null;
}

/** `text`: the content of the field; empty means the default. */
export function maxEventsProblem(text) {
    return /^[0-9]*$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER ? null : 'problemMaxEvents';
}

export function needsPassword(visibility) {
    return visibility !== 'public';
}
