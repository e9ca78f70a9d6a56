// Which language the room view speaks.
import { texts as english } from './texts.js';

/**
 * The texts for a language tag; where there are none, or one is missing, English.
 * @param {string} language such as `de-AT`
 */
export async function loadTexts(language) {
    if (language.toLowerCase().split('-')[0] !== 'de') return english;
    const { texts } = await import('./texts.de.js');
    return { ...english, ...texts };
}
