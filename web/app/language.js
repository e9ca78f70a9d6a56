// Which language the page speaks: the one chosen before, else the first of the browser's that there are texts for.
import { loadTexts as loadRoomTexts } from '../room/load_texts.js';
import { texts as english } from '../texts.js';

/** By tag, each in its own words. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

export function pickLanguage(chosen, preferred = navigator.languages) {
    const wanted = [chosen, ...preferred].filter(Boolean).map((tag) => tag.toLowerCase().split('-')[0]);
    return wanted.find((tag) => tag in LANGUAGES) ?? 'en';
}

/** The texts of a language, the room view's included; what it lacks is said in English. */
export async function loadTexts(language) {
    const ofRoom = await loadRoomTexts(language);
    if (language !== 'de') return { ...ofRoom, ...english };
    const { texts } = await import('../texts.de.js');
    return { ...ofRoom, ...english, ...texts };
}
