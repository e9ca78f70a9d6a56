// The page's addresses: the view of a path, and the browser's history. Links to these views are followed without
// loading the page again; the browser follows all other links.

const ROUTES = [
    { view: 'home', path: /^\/(?:chats)?$/ },
    { view: 'entrance', path: /^\/chats\/([^/]+)\/entrance$/ },
    { view: 'room', path: /^\/chats\/([^/]+)$/ },
];

/** The `{ view, room }` of a path; null if it is not an address of the page. */
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
    /** Whether links load the page again, because the server has another version of it. */
    isOutdated = false;

    /** `show(match, options)` shows the view of an address; `match` is null for an unknown one. */
    constructor(show) {
        this.#show = show;
    }

    start() {
        window.addEventListener('popstate', () => this.refresh());
        document.addEventListener('click', (event) => this.#follow(event));
        this.refresh();
    }

    go(path) {
        // As in browsers, going to the current address adds no entry to the history.
        if (path === location.pathname) return this.replace(path);
        history.pushState(null, '', path);
        this.refresh();
    }

    /** As `go`, but without an entry in the history. `options` are passed to the view. */
    replace(path, options) {
        history.replaceState(null, '', path);
        this.refresh(options);
    }

    /** Changes the address only: the view stays. */
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
