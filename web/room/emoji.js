// Messages that are nothing but emoji. Pure.

// Every part begins with what no other part goes on with, so that a pattern that fails, fails at once.
const PICTURE = String.raw`\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?`;
const ONE = String.raw`(?:\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3|${PICTURE}(?:\u200d${PICTURE})*)`;
/** So many are shown large; more are a text made of emoji. */
const FEW = 6;
const ONLY_FEW = new RegExp(String.raw`^\s*(?:${ONE}\s*){1,${FEW}}$`, 'u');

export function isFewEmojiOnly(text) {
    // No few emoji are longer; what is needs no look, and the pattern never sees thousands of them.
    return text.length <= 200 && ONLY_FEW.test(text);
}
