// Which language the room view speaks.
import { localeOf } from './locale.js';

/** @param {string} language any text */
export const isGerman = (language) => localeOf(language).split('-')[0] === 'de';

/**
 * The texts for a language; where there are none, English.
 * @param {string} language any text, such as `de-AT`
 */
export async function loadTexts(language) {
    const { texts } = await (isGerman(language) ? import('./texts.de.js') : import('./texts.js'));
    return texts;
}
