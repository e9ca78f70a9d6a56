// Selects the page's language: the stored choice, else the first of the browser's languages that has texts.
import { localeOf } from '../room/locale.js';
import { loadTexts as loadRoomTexts } from '../room/load_texts.js';

/** By language tag, each in its own language. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

/** Browsers may also pass on the system's locale, such as `de_AT.UTF-8` or `en-US@posix`. */
const languageOf = (tag) => tag.toLowerCase().split(/[^a-z]/)[0];

export function pickLanguage(chosen, preferred = navigator.languages) {
    const wanted = [chosen, ...preferred].filter(Boolean).map(languageOf);
    return wanted.find((language) => Object.hasOwn(LANGUAGES, language)) ?? 'en';
}

/** The user's locale for times and numbers in that language. */
export const ownLocale = (language, preferred = navigator.languages) =>
    localeOf(preferred.find((tag) => languageOf(tag) === language), language);

const TEXTS = {
    en: () => import('../texts.js'),
    de: () => import('../texts.de.js'),
};

/** The texts of a language, including those of the room view. */
export async function loadTexts(language) {
    const [ofRoom, { texts }] = await Promise.all([loadRoomTexts(language), TEXTS[language]()]);
    return { ...ofRoom, ...texts };
}
