// Loads the texts of the room view.
import { localeOf } from './locale.js';

/** @param {string} language any text */
export const isGerman = (language) => localeOf(language).split('-')[0] === 'de';

/**
 * The texts for a language; English if there are none.
 * @param {string} language any text, such as `de-AT`
 */
export async function loadTexts(language) {
    const { texts } = await (isGerman(language) ? import('./texts.de.js') : import('./texts.js'));
    return texts;
}
