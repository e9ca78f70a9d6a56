// The page: puts up the view of each address, in the person's language, around one client of this server.
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
    /** How this person writes times and numbers, in that language. */
    locale: null,
    router: null,
    upgrade: null,
    /** The room that one is in, or null. */
    controller: null,
    setTitle,
    notice,
    mountOffscreen,
    chooseLanguage,
    /** Whether the person is at something that a reload would lose. */
    isBusy: () => view?.isBusy === true,
};

let view = null;
let wanted = null;
/** What is said in passing now. */
let transient = null;
let transientTimer = null;

function setTitle(title) {
    document.title = `${title} · Globes`;
}

/**
 * Says something in passing, but not while nobody looks. With a button, `action: { label, onclick }`, it stays until it is
 * dismissed.
 */
function notice(text, { action = null, stays = action !== null } = {}) {
    const said = element(
        'div',
        { class: 'notice' },
        element('p', { dir: 'auto' }, text),
        action && element('button', { type: 'button', class: 'button', onclick: action.onclick }, action.label),
        iconButton('close', app.texts.dismiss, { bare: true, onclick: () => said.remove() }),
    );
    noticeBar.append(said);
    if (stays) return;
    transient?.remove();
    transient = said;
    scheduleDismissal();
}

function scheduleDismissal() {
    clearTimeout(transientTimer);
    if (!document.hidden) transientTimer = setTimeout(() => transient?.remove(), NOTICE_MS);
}

document.addEventListener('visibilitychange', scheduleDismissal);

/** Sets an element up behind the view: it has its size, but nobody sees or reaches it until it becomes the view. */
function mountOffscreen(waiting) {
    waiting.inert = true;
    waiting.classList.add('offscreen');
    main.append(waiting);
}

const VIEWS = {
    home: () => import('./app/home.js'),
    entrance: () => import('./app/entrance.js'),
    room: () => import('./app/room_page.js'),
    gone: async () => ({ view: gone }),
};

function gone() {
    setTitle(app.texts.pageGone);
    const { pageGone: title, pageGoneExplained: text } = app.texts;
    return { element: emptyPage(app, { title, text }), destroy() {} };
}

const viewName = (match) => match?.view ?? 'gone';

/** The view before stays until the next one can be shown; where one is asked for meanwhile, only the last is. */
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
    // They belong to the view that opened them.
    for (const dialog of openDialogs()) dialog.close();
    view?.destroy();
    document.documentElement.dataset.view = name;
    view = make();
    // Moved elements lose their scroll position, so what is there already stays.
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
// The view comes together with the texts, not behind them; if it can't be had, that is said when it is put up.
VIEWS[viewName(matchPath(location.pathname))]().catch(() => {});
const language = pickLanguage(preferences.language);
loadLazily(app, () => loadTexts(language), (texts) => start(language, texts));
