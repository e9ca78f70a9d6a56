// Texts of the room view: links, emoji, lengths, times, and the texts of both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { graphemes, initialOf, shortened } from '../../web/room/graphemes.js';
import { isFewEmojiOnly } from '../../web/room/emoji.js';
import { linkParts } from '../../web/room/linkify.js';
import { loadTexts } from '../../web/room/load_texts.js';
import { EMOJI, replaceShortcodes } from '../../web/room/shortcodes.js';
import { codePoints, isLong, isVisible, roomLeft } from '../../web/room/text_length.js';
import { texts as embedEnglish } from '../../web/room/embed_texts.js';
import { texts as embedGerman } from '../../web/room/embed_texts.de.js';
import { loadEmbedTexts } from '../../web/room/load_embed_texts.js';
import { localeOf } from '../../web/room/locale.js';
import { texts as english } from '../../web/room/texts.js';
import { texts as german } from '../../web/room/texts.de.js';
import { Times } from '../../web/room/times.js';

const links = (text) => linkParts(text).filter(({ href }) => href).map(({ text: shown, href }) => [shown, href]);

test('http and https addresses become links, and the parts add up to the text', () => {
    const text = 'see https://example.org/a?b=c#d and HTTP://Example.org:8080, or nothing';
    assert.deepEqual(links(text), [
        ['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d'],
        ['HTTP://Example.org:8080', 'http://example.org:8080/'],
    ]);
    assert.equal(linkParts(text).map((part) => part.text).join(''), text);
    assert.deepEqual(linkParts(''), []);
});

test('punctuation and brackets of the sentence are not part of a link', () => {
    const cases = {
        'https://a.example/.': 'https://a.example/',
        'Go to https://a.example/b!?': 'https://a.example/b',
        '(https://a.example/b)': 'https://a.example/b',
        'https://a.example/Globe_(lamp)': 'https://a.example/Globe_(lamp)',
        '(see https://a.example/Globe_(lamp)).': 'https://a.example/Globe_(lamp)',
        '“https://a.example/b”': 'https://a.example/b',
        '**https://a.example/b**': 'https://a.example/b',
        'https://a.example/世界。': 'https://a.example/世界',
        '<https://a.example/b>': 'https://a.example/b',
        // Chinese and Japanese have no space after the address.
        '见https://a.example/世界。后来': 'https://a.example/世界',
        'https://a.example/b，然后': 'https://a.example/b',
        'https://a.example/b、https': 'https://a.example/b',
        '「https://a.example/b」です': 'https://a.example/b',
        '『https://a.example/b』': 'https://a.example/b',
        '（见https://a.example/b）后': 'https://a.example/b',
        '【https://a.example/b】': 'https://a.example/b',
        '《https://a.example/b》': 'https://a.example/b',
        'https://a.example/b！？：；': 'https://a.example/b',
        'https://a.example？': 'https://a.example',
        'https://a.example。好': 'https://a.example',
        // Brackets and quotes that were opened before the address.
        '(https://a.example/b)more': 'https://a.example/b',
        '(https://a.example/b), more': 'https://a.example/b',
        '[text](https://a.example/b)more': 'https://a.example/b',
        '[https://a.example/b]': 'https://a.example/b',
        'https://a.example/b(': 'https://a.example/b',
        'https://a.example/a_(b)_(c))': 'https://a.example/a_(b)_(c)',
        'http://[::1]:8080/b]': 'http://[::1]:8080/b',
        '"https://a.example/b"': 'https://a.example/b',
        "'https://a.example/b'": 'https://a.example/b',
        'https://a.example’s page': 'https://a.example',
        "https://a.example's page": 'https://a.example',
        '«https://a.example/b»': 'https://a.example/b',
        '„https://a.example/b“': 'https://a.example/b',
        'https://a.example, b': 'https://a.example',
        'https://a.example/\u200bb': 'https://a.example/',
    };
    for (const [text, shown] of Object.entries(cases)) assert.deepEqual(links(text).map(([first]) => first), [shown], text);
});

test('addresses without http are links if they are distinct from other words', () => {
    const cases = {
        'www.example.org': 'https://www.example.org/',
        'WWW.Example.org/A?b#c': 'https://www.example.org/A?b#c',
        'www.example.org:8080': 'https://www.example.org:8080/',
        'example.org/': 'https://example.org/',
        'example.org/path': 'https://example.org/path',
        'Example.Org:8080/path?q=1#f': 'https://example.org:8080/path?q=1#f',
        'sub.example.co.uk/a_(b)': 'https://sub.example.co.uk/a_(b)',
        'docs.rs/serde': 'https://docs.rs/serde',
        'müller.de/pfad': 'https://xn--mller-kva.de/pfad',
        'ada@example.org': 'mailto:ada@example.org',
        'ada.b+c-d_e@mail.example.co.uk': 'mailto:ada.b+c-d_e@mail.example.co.uk',
        'ada@müller.de': 'mailto:ada@xn--mller-kva.de',
    };
    for (const [address, href] of Object.entries(cases)) {
        for (const [before, after] of [['', ''], ['see ', ' there'], ['(', ')'], ['“', '”'], ['<', '>'], ['"', '".'], ['网址', '。谢谢'], ['（', '）'], ['', ', ok'], ['', '…'], ['mail: ', '!']]) {
            assert.deepEqual(links(before + address + after), [[address, href]], before + address + after);
        }
    }
    assert.deepEqual(links('www.example.org谢谢'), [['www.example.org', 'https://www.example.org/']]);
    assert.deepEqual(links('邮箱ada@example.org谢谢'), [['ada@example.org', 'mailto:ada@example.org']]);
    assert.deepEqual(links('example.org/a example.com/b, c@example.net').length, 3);
});

test('strings that resemble an address are not links', () => {
    const texts = [
        'file.txt', 'README.md', 'index.html', 'main.cc', 'setup.py', 'e.g.', 'i.e.', 'e.g./i.e.', '1.2.3', '1.2.3/4', '10.0.0.1/24', 'a.b', 'a.b/c', 'v1.2/x',
        'example.org', 'and/or', 'end.Start', 'end.Start/x', '...', 'node.js/npm', 'README.md/CHANGELOG.md', 'setup.py/x', 'archive.tar.gz/x', 'src/main.rs/x', './example.org/x',
        'std::vector.at/2', 'x=example.org/y', '#example.org/y', '@ada', 'a@b', 'a@b.c', '@ada@example.org', 'ada@', 'ada@example', 'ada..b@example.org', '.@example.org',
        'ada.@example.org', 'git@github.com:globes/globes.git', 'ada@example.org/tablet', 'ada@10.0.0.1', 'ünü@example.org', 'www', 'www.', 'www.a', 'www.example', 'www..org', 'awww.example.org', 'c:\\www.example.org', 'user@www.example.org/x',
    ];
    for (const text of texts) assert.deepEqual(links(text), [], text);
});

test('only http, https and mailto become links', () => {
    const texts = [
        'javascript:alert(1)',
        'data:text/html,<script>alert(1)</script>',
        'ftp://a.example/',
        'file:///etc/passwd',
        'xhttps://a.example',
        'https://',
        'http://%',
        'https://bank.example@evil.example/',
        'https://user:word@evil.example/',
        'https://user:word@www.evil.example/',
        'www.bank.example@evil.example/',
        'bank.com@evil.example/x',
        'mailto:ada@example.org?subject=x',
        'javascript://www.a.example/%0aalert(1)',
    ];
    for (const text of texts) assert.deepEqual(links(text), [], text);
});

test('a link ends before a character that would change the visual order', () => {
    assert.deepEqual(links('https://a.example/\u202egpj.exe'), [['https://a.example/', 'https://a.example/']]);
});

/** The fewest microseconds of CPU that `work` took in a few runs: of this process, whatever else runs on the machine. */
function cpuOf(work) {
    const once = () => {
        const before = process.cpuUsage();
        work();
        return process.cpuUsage(before).user;
    };
    return Math.min(once(), once(), once());
}

test('the time to parse a long text grows at most with the square of its length', () => {
    const parsers = [
        [linkParts, ['(', '.', ')'].map((piece) => ['https://a.example/', piece])],
        [linkParts, ['https://', 'a', 'é', '1', 'a.', 'a-', 'a@', 'a.de/', 'www.', 'x@a.', `${'a'.repeat(63)}.`, 'a.b@'].map((piece) => ['', piece])],
        [replaceShortcodes, ['`', ':', ':a', ':fire:', ':fire:!', '```', '`:fire:', 'http://a/ :fire: '].map((piece) => ['', piece])],
        [graphemes, ['\u0301', '\u200d', '👩\u200d'].map((piece) => ['', piece])],
        [isFewEmojiOnly, ['👍', '👩\u200d'].map((piece) => ['', piece])],
    ];
    const SHORT = 1024;
    const FACTOR = 4; // the longer text has the greatest length of a message
    const NOISE_US = 20_000;
    for (const [parse, texts] of parsers) {
        for (const [begin, piece] of texts) {
            const text = (length) => begin + piece.repeat(length / piece.length);
            const short = cpuOf(() => parse(text(SHORT)));
            const long = cpuOf(() => parse(text(SHORT * FACTOR)));
            assert.ok(long <= short * FACTOR ** 2 + NOISE_US, `${parse.name} ${begin}${piece}: ${short} µs, then ${long} µs`);
        }
    }
});

test('a few emoji without other text are shown large', () => {
    for (const text of ['🎉', '👍🏽 👍🏽', '👩‍👩‍👧‍👦', '🇩🇪🇫🇷', '❤️', '1️⃣', ' 🚀🚀🚀🚀🚀🚀\n']) assert.ok(isFewEmojiOnly(text), text);
    for (const text of ['', ' ', 'ok 👍', '12', '#', '🚀🚀🚀🚀🚀🚀🚀', '🎉'.repeat(4096), 'A']) assert.ok(!isFewEmojiOnly(text), text.slice(0, 20));
});

test('every emoji of the picker has a code, which inserts it', async () => {
    const names = await german['room.emojiNames']();
    assert.deepEqual(await english['room.emojiNames'](), {}, 'English names are made of the codes');
    assert.equal(new Set(EMOJI.map(({ code }) => code)).size, EMOJI.length);
    for (const { emoji, code } of EMOJI) {
        assert.equal(replaceShortcodes(`a :${code}: b`), `a ${emoji} b`);
        assert.ok(isFewEmojiOnly(emoji), code);
        assert.ok(names[code], `${code} has a German name`);
    }
    assert.equal(replaceShortcodes('at 10:30:00 :nothing: ::'), 'at 10:30:00 :nothing: ::');
});

test('codes are replaced if they stand alone, and nowhere else', () => {
    const cases = {
        ':fire:': '🔥',
        'a :fire: b': 'a 🔥 b',
        ':fire: :tada:\n:fire:': '🔥 🎉\n🔥',
        ':fire::tada:': '🔥🎉',
        'so!:fire:': 'so!🔥',
        ':fire:!?': '🔥!?',
        '(:fire:), “:fire:”, ":fire:".': '(🔥), “🔥”, "🔥".',
        '你好，:fire:。': '你好，🔥。',
        '👍🏽:fire:': '👍🏽🔥',
        ':fire:👍🏽': '🔥👍🏽',
        ':fire::nothing:': '🔥:nothing:',
        'see https://x.example/ :fire:': 'see https://x.example/ 🔥',
        '`:fire:` :fire:': '`:fire:` 🔥',
        '```\n:fire: \n``` :fire:': '```\n:fire: \n``` 🔥',
        '    if :fire: else\n:fire:': '    if :fire: else\n🔥',
        'a ` :fire:': 'a ` 🔥',
    };
    for (const [text, shown] of Object.entries(cases)) assert.equal(replaceShortcodes(text), shown, text);
    const kept = [
        'http://x.org/:fire:/y', 'http://x.org/?a=:fire:', 'https://x.example/(:fire:)', 'www.example.org/:fire:', 'example.org/:fire:', '/:fire:/', '1:tada:2', 'a:fire:', ':fire:a', 'x:fire:y',
        'std::fire::x', ':a:tada:', ':nothing:', ':FIRE:', '::fire::', ':fire:.txt', '10:30:00', '`:fire:`', '```\n:fire:', '\t:fire:', 'key::fire:value', 'C:fire:', 'é:fire:', '世:fire:',
    ];
    for (const text of kept) assert.equal(replaceShortcodes(text), text);
});

test('initials are whole grapheme clusters', () => {
    const cases = {
        ada: 'A', ' ada': 'A', '🎈Ben': 'B', '-_ben_-': 'B', 'e\u0301va': 'E\u0301', éva: 'É', ßen: 'S', 'ǆ': 'Ǆ', '7up': '7', '用户': '用', 'א': 'א', '𝔄da': '𝔄',
        '🇩🇪': '🇩🇪', '🇩🇪🇫🇷': '🇩🇪', '👩‍👩‍👧‍👦': '👩‍👩‍👧‍👦', '👩🏽‍🚀🚀': '👩🏽‍🚀', '❤️': '❤️', '1️⃣': '1️⃣', '#️⃣': '#️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿': '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👍🏽!': '👍🏽', 'Z\u0335\u0321a': 'Z\u0335\u0321', 'नि': 'नि', 'क्षितिज': 'क्षि',
        '\u200b': '', '': '', '!?': '!',
    };
    for (const [name, initial] of Object.entries(cases)) assert.equal(initialOf(name), initial, name);
});

test('without Intl.Segmenter, no code point is cut', () => {
    for (const [name, initial] of [['ada', 'A'], ['👩‍👩‍👧‍👦', '👩'], ['🎈ben', 'B'], ['𝔄da', '𝔄'], ['🇩🇪', '🇩'], ['', '']]) assert.equal(initialOf(name, null), initial);
    assert.deepEqual(graphemes('a👍', null), ['a', '👍']);
});

test('long announcements are cut between grapheme clusters', () => {
    assert.equal(shortened('short', 5), 'short');
    assert.equal(shortened('longer', 5), 'longe …');
    assert.equal(shortened('👍👍👍👍', 4), '👍👍👍👍');
    assert.equal(shortened('👍👍👍👍👍', 4), '👍👍👍👍 …');
    assert.equal(shortened('ab👩‍👩‍👧‍👦c', 5), 'ab …');
});

test('lengths are counted as the server counts them', () => {
    assert.equal(codePoints('a👍é'), 3);
    assert.deepEqual(roomLeft(''), { sendable: false, left: null });
    assert.deepEqual(roomLeft(' \n'), { sendable: false, left: null });
    assert.deepEqual(roomLeft('a'), { sendable: true, left: null });
    assert.deepEqual(roomLeft('a'.repeat(3896)), { sendable: true, left: null });
    assert.deepEqual(roomLeft('a'.repeat(3897)), { sendable: true, left: 199 });
    assert.deepEqual(roomLeft('👍'.repeat(3000)), { sendable: true, left: null });
    assert.deepEqual(roomLeft('👍'.repeat(4096)), { sendable: true, left: 0 });
    assert.deepEqual(roomLeft('👍'.repeat(4097)), { sendable: false, left: -1 });
});

test('a text that would fill the screen is long', () => {
    assert.ok(!isLong('a'.repeat(1500)) && !isLong('a\n'.repeat(23)));
    assert.ok(isLong('a'.repeat(1501)) && isLong('\n'.repeat(24)));
});

test('a name of spaces and zero-width characters is not visible', () => {
    for (const name of ['\u200b', '\u2800', '\u3164', ' \u00a0', '\u202e\u2066', '\u034f\u0301']) assert.ok(!isVisible(name));
    for (const name of ['ada', '🎈', '\u202eada', '1', '-']) assert.ok(isVisible(name));
});

test('days are named by their distance', () => {
    const times = new Times('en-GB');
    const now = new Date(2025, 5, 12, 0, 30);
    // Whether a comma follows the weekday depends on the platform's data.
    const day = (...date) => times.day(new Date(...date), now).replace(',', '');
    assert.equal(day(2025, 5, 12, 0, 1), 'Today');
    assert.equal(day(2025, 5, 11, 23, 59), 'Yesterday');
    assert.equal(day(2025, 5, 10), 'Tuesday');
    assert.equal(day(2025, 5, 6), 'Friday');
    assert.equal(day(2025, 5, 5), 'Thursday 5 June');
    assert.equal(day(2024, 11, 31), '31 December 2024');
    // The clock of the reader is behind.
    assert.equal(day(2025, 5, 13), 'Friday 13 June');
    assert.equal(new Times('de').day(new Date(2025, 5, 11), now), 'Gestern');
    assert.equal(times.time(new Date(2025, 5, 11, 9, 5)), '9:05');
    assert.equal(times.time(new Date(2025, 5, 11, 9, 6)), '9:06');
    assert.equal(times.time(new Date(2025, 5, 12, 9, 6)), '9:06');
    assert.match(times.full(new Date(2025, 5, 11, 9, 6, 1)), /11 June 2025.*09:06:01/);
    assert.match(times.full(new Date(2025, 5, 11, 9, 6, 2)), /09:06:02/);
});

test('both languages have the same keys', async () => {
    for (const [one, other] of [[english, german], [embedEnglish, embedGerman]]) {
        assert.deepEqual(Object.keys(other), Object.keys(one));
        for (const [key, text] of Object.entries(one)) assert.equal(typeof other[key], typeof text, key);
    }
    assert.equal((await loadTexts('de-AT'))['room.send'], 'Senden');
    assert.equal((await loadTexts('fr'))['room.send'], 'Send');
    const embed = await loadEmbedTexts('de');
    assert.deepEqual([embed['room.send'], embed['room.embed.enter']], ['Senden', 'Eintreten']);
});

test('any text is accepted as a language', () => {
    for (const [text, locale] of [['de-AT', 'de-AT'], ['en_US', 'en-US'], ['de_DE.UTF-8', 'de-DE'], ['fr_CH@euro', 'fr-CH'], [' pt ', 'pt']])
        assert.equal(localeOf(text), locale);
    const odd = ['', 'C', 'x', 'tlh', '{{ lang }}', '-', 'en-', 'a'.repeat(100_000), '\0', '😀', null, undefined, 5, {}];
    for (const text of odd) {
        assert.equal(localeOf(text, 'nl'), 'nl');
        const times = new Times(text);
        assert.notEqual(times.full(new Date()), '');
        assert.equal(typeof localeOf(text), 'string');
    }
});
