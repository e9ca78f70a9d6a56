// The emoji of the picker with their shortcodes, and messages that are nothing but emoji. Pure.

/** The picker's choice; the shortcode in the middle is also the name that is read out. */
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

/** `:tada:` becomes 🎉; what is no code stays as it is. */
export function replaceShortcodes(text) {
    return text.replace(/:([a-z_]+):/g, (whole, code) => BY_CODE.get(code) ?? whole);
}

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
