// Loads the texts of <globes-chat>.
import { texts as english } from './embed_texts.js';
import { isGerman, loadTexts } from './load_texts.js';
import { texts as ofRoom } from './texts.js';

/** The texts for a language, including those of the room view; English if they cannot be loaded. */
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
