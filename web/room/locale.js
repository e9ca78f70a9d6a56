// Which language somebody reads, of whatever text says so: pages of others have a lang of en_US, of {{ lang }}, or of a kilobyte.

/**
 * The first of these that is a language with formats here, as Intl takes it; else the browser's, else English.
 * @param {...unknown} wished such as `de-AT`, or `de_DE.UTF-8` as systems write it
 * @returns {string}
 */
export function localeOf(...wished) {
    for (const text of [...wished, globalThis.navigator?.language]) {
        try {
            const [locale] = Intl.DateTimeFormat.supportedLocalesOf(text.replace(/[.@].*/s, '').replaceAll('_', '-').trim());
            if (locale) return locale;
        } catch {
            // It is no language tag, or no text.
        }
    }
    return 'en';
}
