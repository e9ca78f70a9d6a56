// Cuts texts between grapheme clusters, so that flags, families and letters with marks stay whole. No DOM.

const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter() : null;

/** @returns {string[]} the grapheme clusters of the text; its code points if the browser has no Intl.Segmenter */
export function graphemes(text, cut = segmenter) {
    return cut ? Array.from(cut.segment(text), ({ segment }) => segment) : [...text];
}

/**
 * The first `most` code points of `text`, fewer if that would cut a grapheme, with an ellipsis if something is missing.
 */
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

/** The initial of `name`: its first letter or digit, otherwise its first visible character. */
export function initialOf(name, cut = segmenter) {
    const all = graphemes(name, cut);
    const found = all.find((one) => /[\p{L}\p{N}]/u.test(one)) ?? all.find((one) => /[^\s\p{C}\p{Z}\p{M}]/u.test(one)) ?? '';
    // The upper case of ß is two letters.
    return graphemes(found.toUpperCase(), cut)[0] ?? '';
}
