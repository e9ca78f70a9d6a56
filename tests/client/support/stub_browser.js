// The parts of a browser that the library uses: whether there is a network, and whether the page is visible.

/**
 * Until the end of the test, Node looks like an online browser with a visible page.
 * @returns {{ browser: EventTarget, page: EventTarget }} where 'online', 'offline' and 'visibilitychange' are dispatched
 */
export function stubBrowser(t) {
    const browser = new EventTarget();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const { navigator, document } = globalThis;
    const define = (key, value) => Object.defineProperty(globalThis, key, { value, configurable: true, writable: true });
    define('navigator', { onLine: true });
    define('document', page);
    globalThis.addEventListener = browser.addEventListener.bind(browser);
    globalThis.removeEventListener = browser.removeEventListener.bind(browser);
    t.after(() => {
        define('navigator', navigator);
        define('document', document);
        delete globalThis.addEventListener;
        delete globalThis.removeEventListener;
    });
    return { browser, page };
}
