// The page: shows the view of each address in the user's language, around one client of this server.
import { element, iconButton } from './app/dom.js';
import { Preferences, storageOrNull } from './app/preferences.js';
import { loadLazily, openDialogs } from './app/lazy_loading.js';
import { loadTexts, ownLocale, pickLanguage } from './app/language.js';
import { languageSelect } from './app/language_select.js';
import { Router, matchPath } from './app/router.js';
import { Upgrade } from './app/upgrade.js';
import { emptyPage } from './app/status_page.js';
import { Globes } from './globes.js';

const NOTICE_MS = 6000;

const main = document.getElementById('view');
const noticeBar = document.getElementById('notices');
const preferences = new Preferences();

/** What the views share. */
const app = {
    preferences,
    globes: new Globes(location.origin, { storage: storageOrNull(() => window.sessionStorage) }),
    drafts: storageOrNull(() => window.localStorage),
    texts: null,
    /** The locale in which times and numbers are written. */
    locale: null,
    router: null,
    upgrade: null,
    /** The controller of the room that the user is in, or null. */
    controller: null,
    setTitle,
    notice,
    mountOffscreen,
    chooseLanguage,
    /** Whether a reload would lose something that the user is doing. */
    isBusy: () => view?.isBusy === true,
};

let view = null;
let wanted = null;
/** The notice that disappears by itself, while it is shown. */
let transient = null;
let transientTimer = null;

function setTitle(title) {
    document.title = `${title} · Globes`;
}

/**
 * Shows a notice that disappears by itself once the page has been visible for a while. With a button, `action: { label,
 * onclick }`, it stays until it is dismissed.
 */
function notice(text, { action = null, stays = action !== null } = {}) {
    const bar = element(
        'div',
        { class: 'notice' },
        element('p', { dir: 'auto' }, text),
        action && element('button', { type: 'button', class: 'button', onclick: action.onclick }, action.label),
        iconButton('close', app.texts.dismiss, { bare: true, onclick: () => bar.remove() }),
    );
    noticeBar.append(bar);
    if (stays) return;
    transient?.remove();
    transient = bar;
    scheduleDismissal();
}

function scheduleDismissal() {
    clearTimeout(transientTimer);
    if (!document.hidden) transientTimer = setTimeout(() => transient?.remove(), NOTICE_MS);
}

document.addEventListener('visibilitychange', scheduleDismissal);

/** Adds an element behind the view: it has its size, but is neither visible nor reachable until it becomes the view. */
function mountOffscreen(waiting) {
    waiting.inert = true;
    waiting.classList.add('offscreen');
    main.append(waiting);
}

const VIEWS = {
    home: () => import('./app/home.js'),
    entrance: () => import('./app/entrance.js'),
    room: () => import('./app/room_page.js'),
    notFound: async () => ({ view: notFound }),
};

function notFound() {
    setTitle(app.texts.pageGone);
    const { pageGone: title, pageGoneExplained: text } = app.texts;
    return { element: emptyPage(app, { title, text }), destroy() {} };
}

const viewName = (match) => match?.view ?? 'notFound';

/** The old view stays until the new one can be shown. If another one is requested meanwhile, only the last is shown. */
function show(match, options = {}) {
    wanted = match;
    const name = viewName(match);
    const isWanted = () => wanted === match;
    const showPart = (part) => {
        if (isWanted()) put(name, () => part.view(app, { room: match?.room, ...options }));
    };
    loadLazily(app, VIEWS[name], showPart, { isLeaving: isWanted });
}

function put(name, make) {
    const isFirst = view === null;
    // Dialogs belong to the view that opened them.
    for (const dialog of openDialogs()) dialog.close();
    view?.destroy();
    document.documentElement.dataset.view = name;
    view = make();
    // Moving an element resets its scroll position, so elements that are there already stay.
    for (const child of [...main.children]) if (child !== view.element) child.remove();
    if (!view.element.isConnected) main.append(view.element);
    view.element.inert = false;
    view.element.classList.remove('offscreen');
    window.scrollTo(0, 0);
    if (!isFirst && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
    view.shown?.();
}

async function chooseLanguage(language) {
    preferences.language = language;
    await loadLazily(app, () => loadTexts(language), (texts) => {
        applyLanguage(language, texts);
        if (view.setLanguage) view.setLanguage();
        else app.router.refresh();
    });
}

function applyLanguage(language, texts) {
    app.texts = texts;
    app.locale = ownLocale(language);
    document.documentElement.lang = language;
    document.getElementById('skip').textContent = app.texts.skipToContent;
    document.getElementById('language').replaceChildren(languageSelect(app));
}

function start(language, texts) {
    applyLanguage(language, texts);
    app.router.start();
    if (app.upgrade.isDone) notice(texts.upgraded);
}

app.router = new Router(show);
app.upgrade = new Upgrade(app);
// The view is loaded in parallel to the texts. If that fails, the error is shown when the view is opened.
VIEWS[viewName(matchPath(location.pathname))]().catch(() => {});
const language = pickLanguage(preferences.language);
loadLazily(app, () => loadTexts(language), (texts) => start(language, texts));
