// Which language <globes-chat> speaks.
import { texts as english } from './embed_texts.js';
import { isGerman, loadTexts } from './load_texts.js';
import { texts as ofRoom } from './texts.js';

/** The texts for a language, the room view's included; where they can't be had, English. */
export async function loadEmbedTexts(language) {
    const spoken = { ...ofRoom, ...english };
    if (!isGerman(language)) return spoken;
    try {
        const [view, { texts }] = await Promise.all([loadTexts(language), import('./embed_texts.de.js')]);
        return { ...spoken, ...view, ...texts };
    } catch {
        return spoken;
    }
}
