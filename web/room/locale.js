// Selects a locale from any text: pages may have a lang of en_US, of {{ lang }}, or of a kilobyte.

/**
 * The first of these texts that Intl knows as a locale; otherwise the browser's, otherwise English.
 * @param {...unknown} wished such as `de-AT`, or `de_DE.UTF-8` as systems write it
 * @returns {string}
 */
export function localeOf(...wished) {
    for (const text of [...wished, globalThis.navigator?.language]) {
        if (typeof text !== 'string') continue;
        try {
            const [locale] = Intl.DateTimeFormat.supportedLocalesOf(text.replace(/[.@].*/s, '').replaceAll('_', '-').trim());
            if (locale) return locale;
        } catch {
            // Not a language tag.
        }
    }
    return 'en';
}
