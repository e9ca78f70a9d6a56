// The emoji of the picker and their shortcodes. No DOM. Loaded when the picker is opened or a code is typed.
import { linkParts } from './linkify.js';

/** The picker's emoji. Screen readers announce the code as the name. */
export const EMOJI = `😀 grin,😂 joy,🙂 smile,😉 wink,😊 blush,😍 heart_eyes,😘 kiss,😎 cool,🤔 thinking,😴 sleepy,😭 sob,😢 cry,
😡 angry,😱 scream,🥳 party,🤯 mind_blown,🙄 eye_roll,😇 angel,🤗 hug,🤷 shrug,👍 thumbs_up,👎 thumbs_down,👏 clap,🙌 hooray,🙏 thanks,
👋 wave,💪 strong,👀 eyes,🤝 handshake,✌️ peace,❤️ heart,💔 broken_heart,💙 blue_heart,💚 green_heart,💛 yellow_heart,✨ sparkles,🔥 fire,⭐ star,
💯 hundred,💡 idea,✅ check,❌ cross,⚠️ warning,❓ question,🎉 tada,🎈 balloon,🎁 gift,🎂 cake,☕ coffee,🍵 tea,🍺 beer,🍕 pizza,🍎 apple,🌍 globe,
☀️ sun,🌧️ rain,❄️ snow,🌈 rainbow,🌱 seedling,🐱 cat,🐶 dog,🚀 rocket,🐛 bug,🎵 music`
    .split(/,\s*/)
    .map((entry) => {
        const [emoji, code] = entry.split(' ');
        return { emoji, code };
    });

const BY_CODE = new Map(EMOJI.map(({ emoji, code }) => [code, emoji]));

// The characters that may surround a code: spaces, punctuation, quotes, brackets, emoji.
const BEFORE = /[\s"'\p{Ps}\p{Pi}!?…。、，！？\p{Extended_Pictographic}\ufe0f\p{Emoji_Modifier}]$/u;
const AFTER = /^[.,;!?…)"'\p{Pf}。、，！？；）」』]*(?:\s|$|:[a-z_]+:|\p{Extended_Pictographic})/u;
/** The number of characters after a code that are examined. */
const AHEAD = 32;
/** Code: between backquotes, in one line or several, or indented. */
const PROGRAM = /```[^]*?(?:```|(?![^]))|`[^`\n]+`|^(?: {4}|\t).*/gm;

/**
 * The parts of a text in which codes are not replaced: addresses and code. @returns {[number, number][]} from and to
 */
function untouched(text) {
    /** @type {[number, number][]} */
    const spans = [...text.matchAll(PROGRAM)].map(({ 0: program, index }) => [index, index + program.length]);
    let at = 0;
    for (const part of linkParts(text)) {
        if (part.href) spans.push([at, at + part.text.length]);
        at += part.text.length;
    }
    return spans;
}

/** Replaces codes such as `:tada:` by their emoji, if they stand alone. Unknown codes and parts of other words stay. */
export function replaceShortcodes(text) {
    const code = /:([a-z_]+):/g;
    let made = '';
    let done = 0;
    let spans = null;
    for (let match = code.exec(text); match; match = code.exec(text)) {
        const { 0: whole, 1: name, index } = match;
        const end = index + whole.length;
        // The colon at the end may be the start of a code.
        code.lastIndex = end - 1;
        const emoji = BY_CODE.get(name);
        if (!emoji || !AFTER.test(text.slice(end, end + AHEAD))) continue;
        if (index > done && !BEFORE.test(text.slice(Math.max(0, index - 2), index))) continue;
        spans ??= untouched(text);
        if (spans.some(([from, to]) => index < to && end > from)) continue;
        made += text.slice(done, index) + emoji;
        done = end;
        code.lastIndex = end;
    }
    return made + text.slice(done);
}
