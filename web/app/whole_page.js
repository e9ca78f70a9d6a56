// What stands in place of a room that is loading, gone or out of reach.
import { element } from './dom.js';
import { errorText, isMissing, isTokenRefused } from './problems.js';

/** A shape where content will be. */
export function placeholder(kind) {
    return element('div', { class: `placeholder ${kind}`, 'aria-hidden': 'true' });
}

/** A page that says why there is nothing else. */
export function emptyPage(app, { title, text, action }) {
    const home = element('a', { href: '/', class: 'button' }, app.texts.allRooms);
    return element(
        'div',
        { class: 'empty-page' },
        element('span', { class: 'lamp', 'aria-hidden': 'true' }),
        element('h1', { tabindex: '-1' }, title),
        text && element('p', {}, text),
        element('div', { class: 'empty-actions' }, action, home),
    );
}

export function missingRoom(app) {
    const { texts } = app;
    app.setTitle(texts.roomGone);
    return emptyPage(app, { title: texts.roomGone, text: texts.roomGoneExplained });
}

/**
 * Asks for a room by id or title; a title in the address becomes the id.
 * @returns {Promise<object | null>} null where there is none to show; `showProblem(page)` was called then
 */
export async function loadRoom(app, roomRef, showProblem, token = null) {
    const { globes, texts, router } = app;
    try {
        const room = await globes.rooms.get(roomRef, { token });
        if (String(room.id) !== roomRef)
            router.rename(location.pathname.replace(/^\/chats\/[^/]+/, `/chats/${room.id}`));
        return room;
    } catch (error) {
        if (token !== null && isTokenRefused(error)) return loadRoom(app, roomRef, showProblem);
        if (isMissing(error)) {
            showProblem(missingRoom(app));
        } else {
            const again = element(
                'button',
                { type: 'button', class: 'button primary', onclick: () => router.refresh() },
                texts.tryAgain,
            );
            app.setTitle(texts.roomFailed);
            showProblem(emptyPage(app, { title: texts.roomFailed, text: errorText(texts, error), action: again }));
        }
        return null;
    }
}
