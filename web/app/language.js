// Which language the page speaks: the one chosen before, else the first of the browser's that there are texts for.
import { localeOf } from '../room/locale.js';
import { loadTexts as loadRoomTexts } from '../room/load_texts.js';

/** By tag, each in its own words. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

/** Browsers also hand on what the system calls its locale, such as `de_AT.UTF-8` or `en-US@posix`. */
const languageOf = (tag) => tag.toLowerCase().split(/[^a-z]/)[0];

export function pickLanguage(chosen, preferred = navigator.languages) {
    const wanted = [chosen, ...preferred].filter(Boolean).map(languageOf);
    return wanted.find((language) => Object.hasOwn(LANGUAGES, language)) ?? 'en';
}

/** How this person writes times and numbers in that language. */
export const ownLocale = (language, preferred = navigator.languages) =>
    localeOf(preferred.find((tag) => languageOf(tag) === language), language);

const TEXTS = {
    en: () => import('../texts.js'),
    de: () => import('../texts.de.js'),
};

/** The texts of a language, the room view's included. */
export async function loadTexts(language) {
    const [ofRoom, { texts }] = await Promise.all([loadRoomTexts(language), TEXTS[language]()]);
    return { ...ofRoom, ...texts };
}
