// A tab may be older than its server: it stayed open through an upgrade, and modules that it has not loaded yet are
// gone. Then the new version is loaded, at once if that loses nothing, otherwise when the user agrees.
import { openDialogs } from './lazy_loading.js';

const TIMEOUT_MS = 10_000;
/** The page's main module. Its name changes with every module of the page (scripts/embed-site). */
const PROGRAM = /^\/(?:assets\/)?app\.(?:\w+\.)?js$/;

/** The main module of a page; null if it is not a page of a Globes server but, for example, of a proxy. */
function programOf(page) {
    const path = page.querySelector('script[type="module"]')?.getAttribute('src');
    return PROGRAM.test(path) ? path : null;
}

/** The main module of the server's current page; null if the server cannot be reached. */
async function programOfServer() {
    try {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const response = await fetch('/', { headers: { Accept: 'text/html' }, cache: 'no-cache', signal });
        return programOf(new DOMParser().parseFromString(await response.text(), 'text/html'));
    } catch {
        return null;
    }
}

export class Upgrade {
    #app;
    #own = programOf(document);
    /**
     * The main module that this tab was reloaded for. It reloads once only, because a cache may still have the old
     * page.
     */
    #triedFor = history.state?.upgradedTo ?? null;
    #isOffered = false;

    /** `app.isBusy()`: whether a reload would lose something. */
    constructor(app) {
        this.#app = app;
        if (this.#triedFor !== null) history.replaceState(null, '');
    }

    /** Whether this page has just replaced an older version. */
    get isDone() {
        return this.#triedFor !== null && this.#triedFor === this.#own;
    }

    /** @returns {Promise<'same' | 'newer' | 'unreachable'>} the server's version of the page compared with this one */
    async compare() {
        return this.#compareTo(await programOfServer());
    }

    /**
     * Loads the server's version of the page if it differs, or offers to. Resolves as `compare`. `isLeaving()`: whether
     * the current view, with all input, is about to be replaced anyway.
     */
    async check({ isLeaving = () => false } = {}) {
        const current = await programOfServer();
        const comparison = this.#compareTo(current);
        if (comparison !== 'newer') return comparison;
        const isSafe = isLeaving() || (openDialogs().length === 0 && !this.#app.isBusy());
        if (isSafe && this.#triedFor !== current) this.#load(current);
        else this.#offer(current);
        return comparison;
    }

    /** A module could not be loaded: loads the new version if that is the cause, otherwise shows an error. */
    async onPartFailed({ isLeaving }) {
        const comparison = await this.check({ isLeaving });
        const { texts, notice } = this.#app;
        // Without texts, the texts are what could not be loaded.
        if (comparison !== 'newer' && texts) notice(comparison === 'same' ? texts.errorPage : texts.errorConnection);
    }

    #compareTo(current) {
        if (current === null) return 'unreachable';
        return current === this.#own ? 'same' : 'newer';
    }

    #offer(current) {
        // From now on, links load the new version.
        this.#app.router.isOutdated = true;
        if (this.#isOffered || !this.#app.texts) return;
        this.#isOffered = true;
        const { texts, notice } = this.#app;
        notice(texts.newVersion, { action: { label: texts.reload, onclick: () => this.#load(current) } });
    }

    #load(current) {
        history.replaceState({ upgradedTo: current }, '');
        location.reload();
    }
}
