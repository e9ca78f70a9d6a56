// Finds web addresses in what people write. Pure: text in, parts out; who shows them decides how.

const START = /\bhttps?:\/\/[^\s<>"`{}|\\^\p{Cc}\p{Zl}\p{Zp}]+/giu;
const TRAILING = new Set(".,:;!?'*_~…。、，！？：；»”’");
const PAIRS = { ')': '(', ']': '[', '）': '（', '】': '【' };
// They would show another order of letters than the one that the browser goes to.
const BIDI_CONTROL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

function count(text, character) {
    return text.split(character).length - 1;
}

/** Takes off what belongs to the sentence and not to the address: punctuation, and brackets opened outside of it. */
function trimmed(address) {
    let end = address.length;
    const surplus = new Map(Object.entries(PAIRS).map(([close, open]) => [close, count(address, close) - count(address, open)]));
    for (; end > 0; end -= 1) {
        const last = address[end - 1];
        if (surplus.get(last) > 0) surplus.set(last, surplus.get(last) - 1);
        else if (!TRAILING.has(last)) break;
    }
    return address.slice(0, end);
}

/** The address as a browser would go to it, or null where it is none, or pretends to be another one. */
function safeHref(address) {
    let url;
    try {
        url = new URL(address);
    } catch {
        return null;
    }
    // `https://bank.example@evil.example/` reads as the bank and goes to the other.
    const plain = url.username === '' && url.password === '' && url.hostname !== '';
    return plain && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null;
}

/**
 * Cuts `text` into parts that, put together, are the text again.
 * @param {string} text
 * @returns {{ text: string, href?: string }[]} those with `href` are http or https addresses
 */
export function linkParts(text) {
    const parts = [];
    let shown = 0;
    for (const match of text.matchAll(START)) {
        const address = trimmed(match[0].split(BIDI_CONTROL, 1)[0]);
        const href = safeHref(address);
        if (!href) continue;
        if (match.index > shown) parts.push({ text: text.slice(shown, match.index) });
        parts.push({ text: address, href });
        shown = match.index + address.length;
    }
    if (shown < text.length) parts.push({ text: text.slice(shown) });
    return parts;
}
