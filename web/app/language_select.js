// The choice of the page's language: in the page's bar, and in the header of a room, which has no bar.
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
        // The change has replaced all of them.
        const selects = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.language')]);
        selects.find((made) => made.getClientRects().length > 0)?.focus();
    });
    return select;
}
