// Finds web and mail addresses in messages: a text in, its parts out. No DOM.
//
// An address begins with http:// or https://, with www., with a domain and a path, or it is a mail address. A domain
// alone is not one: too many file names and abbreviations look like domains.

// Domains without `http` and `www` count if they end in a country's two letters, unless these are more likely a file
// extension, or in one of the best known other endings.
const OTHERS = /^(?:com|org|net|edu|gov|int|info|app|dev|blog|cloud|site|online|page|tech|wiki|news|shop|xyz|рф)$/;
const COUNTRIES = /^(?!cc|cs|db|go|gz|js|md|ps|py|rb|ts)[a-z]{2}$/;

// Letters of scripts that separate words by spaces. In others, the ends of a domain cannot be recognized.
const LETTERS = String.raw`\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}`;
const LABEL = String.raw`[${LETTERS}\p{Nd}][${LETTERS}\p{Nd}-]{0,62}`;
const DOMAIN = String.raw`(?:${LABEL}\.){1,8}`;
// No address begins after characters that continue a word, a path or another address.
const START = new RegExp(
    [
        String.raw`(?<web>(?<![A-Za-z0-9_])[Hh][Tt][Tt][Pp][Ss]?:\/\/)`,
        String.raw`(?<www>(?<![A-Za-z0-9_@./:\\-])[Ww]{3}\.${DOMAIN}[${LETTERS}]{2})`,
        String.raw`(?<mail>(?<![${LETTERS}\p{M}\p{Nd}_@.+/:\\-])(?<local>[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,63})@` +
            String.raw`(?<domain>${DOMAIN}(?:xn--[a-z0-9-]{2,59}|[${LETTERS}]{2,63}))(?![${LETTERS}\p{M}\p{Nd}_@/-]|[.:][\p{L}\p{N}]))`,
        String.raw`(?<bare>(?<![${LETTERS}\p{M}\p{Nd}_@./:\\#$%&=?~-])${DOMAIN}(?<ending>[${LETTERS}]{2,63})(?::\d{1,5})?\/)`,
    ].join('|'),
    'gu',
);
// A host name, with a port and the brackets of IPv6; then anything up to a character that ends an address: spaces,
// control characters, characters that change the visual order, quotes, and Chinese or Japanese punctuation.
const HOST = /[\p{L}\p{M}\p{N}.:@%[\]_~-]/u;
const SPACED_HOST = new RegExp(String.raw`[${LETTERS}\p{Nd}.:@-]`, 'u');
const STOP = /[\s<>"`{}|\\^…\p{Cc}\p{Pi}\p{Pf}\u201a\u201e\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/u;
const TRAILING = new Set(".,:;!?'*_~([");
const OPENED = { ')': '(', ']': '[' };

/** The end of the address whose host begins at `start`, without the punctuation of the sentence around it. */
function addressEnd(text, start, host) {
    const open = { '(': 0, '[': 0 };
    let end = start;
    let inHost = true;
    while (end < text.length) {
        const character = String.fromCodePoint(text.codePointAt(end));
        if (inHost && /[/?#]/.test(character)) inHost = false;
        if (inHost ? !host.test(character) : STOP.test(character)) break;
        if (character in open) open[character] += 1;
        const opener = OPENED[character];
        if (opener) {
            // Opened before the address, so it belongs to the sentence.
            if (open[opener] === 0) break;
            open[opener] -= 1;
        }
        end += character.length;
    }
    while (end > start && TRAILING.has(text[end - 1])) end -= 1;
    return end;
}

/** The address as a browser opens it; null if it is invalid, or looks like another one. */
function safeHref(address) {
    let url;
    try {
        url = new URL(address);
    } catch {
        return null;
    }
    // `https://bank.example@evil.example/` looks like the bank's address and opens the other one.
    const plain = url.username === '' && url.password === '' && url.hostname !== '';
    return plain && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null;
}

function mailHref(local, domain) {
    const web = safeHref(`https://${domain}`);
    return web && !/^\.|\.\.|\.$/.test(local) ? `mailto:${local}@${new URL(web).hostname}` : null;
}

/**
 * The end of an address, and its `href`; null if the match is not an address after all.
 * @param {string} text
 * @param {RegExpExecArray} match
 */
function addressOf(text, { 0: start, index, groups }) {
    const matched = index + start.length;
    if (groups.mail) return { end: matched, href: mailHref(groups.local, groups.domain) };
    if (groups.bare) {
        const ending = groups.ending.toLowerCase();
        if (!OTHERS.test(ending) && !COUNTRIES.test(ending)) return { end: matched, href: null };
    }
    const end = groups.web ? addressEnd(text, matched, HOST) : addressEnd(text, index, SPACED_HOST);
    return { end, href: safeHref(`${groups.web ? '' : 'https://'}${text.slice(index, end)}`) };
}

/**
 * Splits `text` into parts whose concatenation is `text`.
 * @param {string} text
 * @returns {{ text: string, href?: string }[]} parts with `href` are addresses: http, https or mailto
 */
export function linkParts(text) {
    // A quick test, because most messages have no address.
    if (!/[@/]|www\./i.test(text)) return text === '' ? [] : [{ text }];
    const parts = [];
    let shown = 0;
    START.lastIndex = 0;
    for (let match = START.exec(text); match; match = START.exec(text)) {
        const { end, href } = addressOf(text, match);
        // A string that only looks like an address contains no other one.
        START.lastIndex = Math.max(end, START.lastIndex);
        if (!href) continue;
        if (match.index > shown) parts.push({ text: text.slice(shown, match.index) });
        parts.push({ text: text.slice(match.index, end), href });
        shown = end;
        START.lastIndex = end;
    }
    if (shown < text.length) parts.push({ text: text.slice(shown) });
    return parts;
}
