// How long a message is, as the server counts: in Unicode code points. Pure.

export const MAX_MESSAGE = 4096;
/** From so few left on, the writer is told. */
export const NEARLY_FULL = 200;

export function codePoints(text) {
    let count = 0;
    for (const _ of text) count += 1;
    return count;
}

/** What is said of `text`: whether it can be sent, and how many characters are left once that matters (else null). */
export function roomLeft(text) {
    // Code points are never more than code units, which cost nothing to count.
    const used = text.length <= MAX_MESSAGE - NEARLY_FULL ? text.length : codePoints(text);
    const left = MAX_MESSAGE - used;
    return { sendable: left >= 0 && text.trim() !== '', left: left < NEARLY_FULL ? left : null };
}

const LONG_TEXT = 1500;
const MANY_LINES = 24;

/** Whether a message would fill the screen by itself, and is shown folded until it is asked for. */
export function isLong(text) {
    return text.length > LONG_TEXT || text.split('\n', MANY_LINES + 1).length > MANY_LINES;
}

/** Whether anything of `text` can be seen: more than blanks, format characters and fillers. */
export function isVisible(text) {
    return /[^\s\p{C}\p{Z}\p{M}\u034f\u115f\u1160\u2800\u3164\uffa0]/u.test(text);
}
