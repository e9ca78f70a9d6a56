// The pages that are shown instead of a room while it is loading, missing or unreachable.
import { element } from './dom.js';
import { errorText, isMissing, isTokenRefused } from './problems.js';

/** In ms. Retries are random below first · 2^n, and at most the longest. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** A placeholder in the shape of the content. */
export function placeholder(kind) {
    return element('div', { class: `placeholder ${kind}`, 'aria-hidden': 'true' });
}

/**
 * A page with an explanation and a link to the list of rooms.
 * @param {any} app
 * @param {{ title: string, text: string, action?: Node }} content
 */
export function emptyPage(app, { title, text, action }) {
    const home = element('a', { href: '/', class: 'button' }, app.texts.allRooms);
    return element(
        'div',
        { class: 'empty-page' },
        element('span', { class: 'presence-dot', 'aria-hidden': 'true' }),
        element('h1', { tabindex: '-1' }, title),
        text && element('p', {}, text),
        element('div', { class: 'empty-actions' }, action, home),
    );
}

function missingRoom(app) {
    const { texts } = app;
    app.setTitle(texts.roomGone);
    return emptyPage(app, { title: texts.roomGone, text: texts.roomGoneExplained });
}

/**
 * Requests a room by id or title, and retries while the server cannot be reached. Replaces a title in the address by
 * the id.
 * @returns {Promise<object | null>} null if there is no room to show, after a call of `showProblem(page)`
 */
export async function loadRoom(app, roomRef, showProblem, token = null) {
    const { globes, router } = app;
    let page = null;
    for (let failures = 0; ; failures += 1) {
        try {
            const room = await globes.rooms.get(roomRef, { token });
            if (String(room.id) !== roomRef)
                router.rename(location.pathname.replace(/^\/chats\/[^/]+/, `/chats/${room.id}`));
            return room;
        } catch (error) {
            if (token !== null && isTokenRefused(error)) return loadRoom(app, roomRef, showProblem);
            if (isMissing(error)) page = missingRoom(app);
            else page ??= failedRoom(app, error);
            if (!page.isConnected) showProblem(page);
            if (!error.isTemporary) return null;
            const waitMs = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
            await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, error.retryAfterMs ?? 0)));
            if (!page.isConnected) return null; // the user has gone to another page
        }
    }
}

function failedRoom(app, error) {
    const { texts, router } = app;
    const retry = element(
        'button',
        { type: 'button', class: 'button primary', onclick: () => router.refresh() },
        texts.tryAgain,
    );
    const text = errorText(texts, error) + (error.isTemporary ? ` ${texts.tryingAgain}` : '');
    app.setTitle(texts.roomFailed);
    return emptyPage(app, { title: texts.roomFailed, text, action: retry });
}
