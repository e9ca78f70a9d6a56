// The page's addresses: which view belongs to a path, and the browser's history. Every link to one of them is followed
// without loading the page anew; all other links are left to the browser.

const ROUTES = [
    { view: 'home', path: /^\/(?:chats)?$/ },
    { view: 'entrance', path: /^\/chats\/([^/]+)\/entrance$/ },
    { view: 'room', path: /^\/chats\/([^/]+)$/ },
];

/** `{ view, room }` of a path, or null where it is none of the page's. */
export function matchPath(path) {
    for (const { view, path: pattern } of ROUTES) {
        const match = pattern.exec(path);
        if (!match) continue;
        try {
            return { view, room: match[1] === undefined ? null : decodeURIComponent(match[1]) };
        } catch {
            return null;
        }
    }
    return null;
}

export const roomPath = (room) => `/chats/${encodeURIComponent(room)}`;
export const entrancePath = (room) => `${roomPath(room)}/entrance`;

export class Router {
    #show;
    /** Links load the page anew: the server has another version of it. */
    isOutdated = false;

    /** `show(match, options)` puts up the view of an address; `match` is null for an unknown one. */
    constructor(show) {
        this.#show = show;
    }

    start() {
        window.addEventListener('popstate', () => this.refresh());
        document.addEventListener('click', (event) => this.#follow(event));
        this.refresh();
    }

    go(path) {
        // As browsers do: the address that one is at already is no new place to come back from.
        if (path === location.pathname) return this.replace(path);
        history.pushState(null, '', path);
        this.refresh();
    }

    /** As `go`, but Back does not lead here. `options` go to the view. */
    replace(path, options) {
        history.replaceState(null, '', path);
        this.refresh(options);
    }

    /** Only the address changes: the same view under a better name. */
    rename(path) {
        history.replaceState(null, '', path);
    }

    refresh(options) {
        this.#show(matchPath(location.pathname), options);
    }

    #follow(event) {
        const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
        const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
        if (!link || !isPlain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
        if (link.hasAttribute('download') || !matchPath(link.pathname) || this.isOutdated) return;
        event.preventDefault();
        this.go(link.pathname);
    }
}
