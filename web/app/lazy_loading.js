// Modules that are loaded on demand, so that the first view is shown sooner.

/** @returns {NodeListOf<HTMLDialogElement>} */
export const openDialogs = () => document.querySelectorAll('dialog[open]');

/**
 * Calls `then` with the module that `load` imports. If the import fails, the page may be older than its server: then
 * the new version is loaded, otherwise an error is shown. `isLeaving()`: whether the current view is about to be
 * replaced anyway.
 */
export async function loadLazily(app, load, then, { isLeaving = () => /** @type {boolean} */ (false) } = {}) {
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

/** The same for dialogs: one at a time, and none if the view has changed before the module was loaded. */
export async function openLazily(app, load, open) {
    if (isOpening || openDialogs().length > 0) return;
    isOpening = true;
    const address = location.href;
    try {
        await loadLazily(app, load, (part) => {
            if (location.href === address) open(part);
        });
    } finally {
        isOpening = false;
    }
}
