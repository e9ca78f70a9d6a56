// Where the page's language is chosen: in the bar of the page, and in the header of a room, which has no bar above it.
import { element } from './dom.js';
import { LANGUAGES } from './language.js';

export function languageSelect(app) {
    const select = element('select', { 'aria-label': app.texts.language, class: 'language' });
    for (const [tag, name] of Object.entries(LANGUAGES)) {
        const option = element('option', { value: tag, lang: tag }, name);
        option.selected = tag === document.documentElement.lang;
        select.append(option);
    }
    select.addEventListener('change', async () => {
        await app.chooseLanguage(select.value);
        // All of them were made anew.
        [...document.querySelectorAll('.language')].find((made) => made.getClientRects().length > 0)?.focus();
    });
    return select;
}
