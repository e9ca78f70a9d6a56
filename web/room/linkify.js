// Finds web and mail addresses in what people write. Pure: text in, parts out; who shows them decides how.
//
// An address begins with http:// or https://, with www., with a domain that a path follows, or it is one of mail. A domain by
// itself is none: too many file names and abbreviations look like one.

// Domains without `http` and `www` are taken for such by how they end: in a country's two letters, unless these are rather the
// end of a file name, or in one of the best known others.
const OTHERS = /^(?:com|org|net|edu|gov|int|info|app|dev|blog|cloud|site|online|page|tech|wiki|news|shop|xyz|рф)$/;
const COUNTRIES = /^(?!cc|cs|db|go|gz|js|md|ps|py|rb|ts)[a-z]{2}$/;

// Letters of scripts that set words apart by blanks. In others nobody could tell where a domain begins and ends.
const LETTERS = String.raw`\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}`;
const LABEL = String.raw`[${LETTERS}\p{Nd}][${LETTERS}\p{Nd}-]{0,62}`;
const DOMAIN = String.raw`(?:${LABEL}\.){1,8}`;
// No address begins behind what goes on as a word, a path or another address.
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
// The name of a host, with a port and the brackets of IPv6; then anything up to where no address goes on: blanks, controls, what
// would show another order of letters than the one that the browser goes to, quotes, and the punctuation of Chinese and Japanese.
const HOST = /[\p{L}\p{M}\p{N}.:@%[\]_~-]/u;
const SPACED_HOST = new RegExp(String.raw`[${LETTERS}\p{Nd}.:@-]`, 'u');
const STOP = /[\s<>"`{}|\\^…\p{Cc}\p{Pi}\p{Pf}\u201a\u201e\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/u;
const TRAILING = new Set(".,:;!?'*_~([");
const OPENED = { ')': '(', ']': '[' };

/** Where the address ends whose host, of characters like `host`, begins at `start`: before what belongs to the sentence around it. */
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
            // Opened before the address: the sentence closes it.
            if (open[opener] === 0) break;
            open[opener] -= 1;
        }
        end += character.length;
    }
    while (end > start && TRAILING.has(text[end - 1])) end -= 1;
    return end;
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

function mailHref(local, domain) {
    const web = safeHref(`https://${domain}`);
    return web && !/^\.|\.\.|\.$/.test(local) ? `mailto:${local}@${new URL(web).hostname}` : null;
}

/** What a match turns out to be: where it ends, and its `href`, or null where it is no address after all. */
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
 * Cuts `text` into parts that, put together, are the text again.
 * @param {string} text
 * @returns {{ text: string, href?: string }[]} those with `href` are addresses, http, https or mailto
 */
export function linkParts(text) {
    // Most messages have none, and are told by a look.
    if (!/[@/]|www\./i.test(text)) return text === '' ? [] : [{ text }];
    const parts = [];
    let shown = 0;
    START.lastIndex = 0;
    for (let match = START.exec(text); match; match = START.exec(text)) {
        const { end, href } = addressOf(text, match);
        // What only pretends to be an address has none inside either.
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
