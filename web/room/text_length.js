// The length of a message as the server counts it: in Unicode code points. No DOM.

const MAX_MESSAGE = 4096;
/** The counter is shown from this many remaining characters on. */
const NEARLY_FULL = 200;

export function codePoints(text) {
    let count = 0;
    for (const _ of text) count += 1;
    return count;
}

/** Whether `text` can be sent, and how many characters are left if that is few (else null). */
export function roomLeft(text) {
    // A text has at least as many code units as code points, and its code units are counted already.
    const used = text.length <= MAX_MESSAGE - NEARLY_FULL ? text.length : codePoints(text);
    const left = MAX_MESSAGE - used;
    return { sendable: left >= 0 && text.trim() !== '', left: left < NEARLY_FULL ? left : null };
}

const LONG_TEXT = 1500;
const MANY_LINES = 24;

/** Whether a message would fill the screen, so that it is shown folded at first. */
export function isLong(text) {
    return text.length > LONG_TEXT || text.split('\n', MANY_LINES + 1).length > MANY_LINES;
}

/** Whether `text` has a visible character: not only spaces, format characters and fillers. */
export function isVisible(text) {
    return /[^\s\p{C}\p{Z}\p{M}\u034f\u115f\u1160\u2800\u3164\uffa0]/u.test(text);
}
