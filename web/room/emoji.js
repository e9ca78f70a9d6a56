// Recognizes messages that consist of a few emoji. No DOM.

// Each alternative starts with other characters than those that continue the one before, so that the pattern fails
// fast.
const PICTURE = String.raw`\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?`;
const ONE = String.raw`(?:\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3|${PICTURE}(?:\u200d${PICTURE})*)`;
/** Up to so many are shown large. */
const FEW = 6;
const ONLY_FEW = new RegExp(String.raw`^\s*(?:${ONE}\s*){1,${FEW}}$`, 'u');

export function isFewEmojiOnly(text) {
    // A longer text has more emoji than that. The pattern never runs on thousands of characters.
    return text.length <= 200 && ONLY_FEW.test(text);
}
