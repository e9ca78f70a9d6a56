// Which language the room view speaks.

/**
 * The texts for a language tag; where there are none, English.
 * @param {string} language such as `de-AT`
 */
export async function loadTexts(language) {
    const isGerman = language.toLowerCase().split('-')[0] === 'de';
    const { texts } = await (isGerman ? import('./texts.de.js') : import('./texts.js'));
    return texts;
}
