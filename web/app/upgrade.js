// A tab may be older than its server: it was open through an upgrade, and the parts of the page that it has not loaded
// yet are gone. Then the new version is loaded, at once if nothing is lost by that, else when the person says so.
import { openDialogs } from './lazy_loading.js';

const TIMEOUT_MS = 10_000;
/** The page's own program as pages name it: its name changes with every part of the page (scripts/embed-site). */
const PROGRAM = /^\/(?:assets\/)?app\.(?:\w+\.)?js$/;

/** The program that a page loads; null if it is no page of a Globes server, but that of a proxy. */
function programOf(page) {
    const path = page.querySelector('script[type="module"]')?.getAttribute('src');
    return PROGRAM.test(path) ? path : null;
}

/** The program that the server's page loads now; null if the server can't be reached. */
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
    /** The program that this tab was reloaded for. Once is enough: a cache on the way may still have the old page. */
    #triedFor = history.state?.upgradedTo ?? null;
    #isOffered = false;

    /** `app.isBusy()`: whether something would be lost by loading the page anew. */
    constructor(app) {
        this.#app = app;
        if (this.#triedFor !== null) history.replaceState(null, '');
    }

    /** Whether this page has just taken the place of an older version. */
    get isDone() {
        return this.#triedFor !== null && this.#triedFor === this.#own;
    }

    /** @returns {Promise<'same' | 'newer' | 'unreachable'>} how the server's version of the page is to this one */
    async compare() {
        return this.#compareTo(await programOfServer());
    }

    /**
     * Loads the server's version of the page if it is another one, or offers to. Resolves as `compare`.
     * `isLeaving()`: whether the view that is seen, with what is written there, is to go anyway.
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

    /** A part of the page could not be loaded: goes on with the new version if that is why, else says so. */
    async onPartFailed({ isLeaving }) {
        const comparison = await this.check({ isLeaving });
        const { texts, notice } = this.#app;
        // Without texts it was they that could not be loaded.
        if (comparison !== 'newer' && texts) notice(comparison === 'same' ? texts.errorPage : texts.errorConnection);
    }

    #compareTo(current) {
        if (current === null) return 'unreachable';
        return current === this.#own ? 'same' : 'newer';
    }

    #offer(current) {
        // From now on, links lead into the new version.
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
