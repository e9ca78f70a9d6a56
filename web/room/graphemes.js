// Texts cut between what readers take for characters: a flag, a family or a letter with its marks stays whole. Pure.

const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter() : null;

/** @returns {string[]} the characters that a reader sees, which put together are the text; code points where the browser can't tell */
export function graphemes(text, cut = segmenter) {
    return cut ? Array.from(cut.segment(text), ({ segment }) => segment) : [...text];
}

/** The first `most` code points of `text`, or fewer where they would cut a character, and an ellipsis if that is not all. */
export function shortened(text, most) {
    if (text.length <= most) return text;
    let kept = '';
    let count = 0;
    for (const grapheme of graphemes(text)) {
        count += [...grapheme].length;
        if (count > most) return `${kept} …`;
        kept += grapheme;
    }
    return text;
}

/** What stands for `name` where there is room for one character: the first letter or digit, else the first sign. */
export function initialOf(name, cut = segmenter) {
    const all = graphemes(name, cut);
    const found = all.find((one) => /[\p{L}\p{N}]/u.test(one)) ?? all.find((one) => /[^\s\p{C}\p{Z}\p{M}]/u.test(one)) ?? '';
    // ß becomes two letters.
    return graphemes(found.toUpperCase(), cut)[0] ?? '';
}
