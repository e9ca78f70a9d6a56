// What the room view makes of texts: links, emoji, lengths, times, and its own words in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EMOJI, isFewEmojiOnly, replaceShortcodes } from '../../web/room/emoji.js';
import { linkParts } from '../../web/room/linkify.js';
import { loadTexts } from '../../web/room/load_texts.js';
import { codePoints, isLong, isVisible, roomLeft } from '../../web/room/text_length.js';
import { texts as english } from '../../web/room/texts.js';
import { texts as german } from '../../web/room/texts.de.js';
import { Times } from '../../web/room/times.js';

const links = (text) => linkParts(text).filter(({ href }) => href).map(({ text: shown, href }) => [shown, href]);

test('http and https addresses become links, and the parts are the text again', () => {
    const text = 'see https://example.org/a?b=c#d and HTTP://Example.org:8080, or nothing';
    assert.deepEqual(links(text), [
        ['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d'],
        ['HTTP://Example.org:8080', 'http://example.org:8080/'],
    ]);
    assert.equal(linkParts(text).map((part) => part.text).join(''), text);
    assert.deepEqual(linkParts(''), []);
});

test('punctuation and brackets of the sentence stay outside of a link', () => {
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
    };
    for (const [text, shown] of Object.entries(cases)) assert.deepEqual(links(text).map(([first]) => first), [shown], text);
});

test('nothing but http and https is ever a link', () => {
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
    ];
    for (const text of texts) assert.deepEqual(links(text), [], text);
});

test('a link ends where a character would change the order in which it is read', () => {
    assert.deepEqual(links('https://a.example/\u202egpj.exe'), [['https://a.example/', 'https://a.example/']]);
});

test('a long text without an end costs no long time', () => {
    const start = performance.now();
    linkParts(`https://a.example/${'('.repeat(4000)}`);
    linkParts(`https://a.example/${'.'.repeat(4000)}`);
    linkParts(`https://a.example/${')'.repeat(4000)}`);
    linkParts('https://'.repeat(500));
    isFewEmojiOnly('👍'.repeat(4096));
    isFewEmojiOnly(`${'👩‍'.repeat(60)}x`);
    assert.ok(performance.now() - start < 500);
});

test('few emoji and nothing else are shown large', () => {
    for (const text of ['🎉', '👍🏽 👍🏽', '👩‍👩‍👧‍👦', '🇩🇪🇫🇷', '❤️', '1️⃣', ' 🚀🚀🚀🚀🚀🚀\n']) assert.ok(isFewEmojiOnly(text), text);
    for (const text of ['', ' ', 'ok 👍', '12', '#', '🚀🚀🚀🚀🚀🚀🚀', '🎉'.repeat(4096), 'A']) assert.ok(!isFewEmojiOnly(text), text.slice(0, 20));
});

test('every emoji of the picker has a code, which writes it', async () => {
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

test('what would fill the screen is long', () => {
    assert.ok(!isLong('a'.repeat(1500)) && !isLong('a\n'.repeat(23)));
    assert.ok(isLong('a'.repeat(1501)) && isLong('\n'.repeat(24)));
});

test('a name of blanks and zero-width characters is no visible name', () => {
    for (const name of ['\u200b', '\u2800', '\u3164', ' \u00a0', '\u202e\u2066', '\u034f\u0301']) assert.ok(!isVisible(name));
    for (const name of ['ada', '🎈', '\u202eada', '1', '-']) assert.ok(isVisible(name));
});

test('days are told by their distance', () => {
    const times = new Times('en-GB');
    const now = new Date(2025, 5, 12, 0, 30);
    const day = (...date) => times.day(new Date(...date), now);
    assert.equal(day(2025, 5, 12, 0, 1), 'Today');
    assert.equal(day(2025, 5, 11, 23, 59), 'Yesterday');
    assert.equal(day(2025, 5, 10), 'Tuesday');
    assert.equal(day(2025, 5, 6), 'Friday');
    assert.equal(day(2025, 5, 5), 'Thursday 5 June');
    assert.equal(day(2024, 11, 31), '31 December 2024');
    // A clock that runs ahead.
    assert.equal(day(2025, 5, 13), 'Friday 13 June');
    assert.equal(new Times('de').day(new Date(2025, 5, 11), now), 'Gestern');
    assert.equal(times.time(new Date(2025, 5, 11, 9, 5)), '9:05');
});

test('both languages say the same things', async () => {
    assert.deepEqual(Object.keys(german), Object.keys(english));
    for (const [key, text] of Object.entries(english)) assert.equal(typeof german[key], typeof text, key);
    assert.equal((await loadTexts('de-AT'))['room.send'], 'Senden');
    assert.equal((await loadTexts('fr'))['room.send'], 'Send');
});
