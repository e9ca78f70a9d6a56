// Parts of the page that are loaded when they are wanted, so that the first view comes sooner.

export const openDialogs = () => document.querySelectorAll('dialog[open]');

/**
 * Calls `then` with the module that `load` imports. If it can't be had, the page is older than its server, which is
 * mended, or something is in the way, which is said; `isLeaving()`: whether the view that is seen is to go anyway.
 */
export async function loadLazily(app, load, then, { isLeaving = () => false } = {}) {
    let part;
    try {
        part = await load();
    } catch {
        await app.upgrade.onPartFailed({ isLeaving });
        return;
    }
    then(part);
}

let isOpening = false;

/** The same for dialogs: one at a time, however often it is clicked, and none once the page has gone on to another view. */
export async function openLazily(app, load, open) {
    if (isOpening || openDialogs().length > 0) return;
    isOpening = true;
    const asked = location.href;
    try {
        await loadLazily(app, load, (part) => {
            if (location.href === asked) open(part);
        });
    } finally {
        isOpening = false;
    }
}
