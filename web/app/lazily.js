// Parts of the page that are loaded when they are wanted, so that the first view comes sooner.

export const openDialogs = () => document.querySelectorAll('dialog[open]');

/** Calls `then` with the module that `load` imports; says so where it can't be had. */
export async function lazily(app, load, then) {
    let part;
    try {
        part = await load();
    } catch {
        app.notice(app.texts.errorConnection);
        return;
    }
    then(part);
}

let isOpening = false;

/** The same for dialogs: one at a time, however often it is clicked, and none once the page has gone on to another view. */
export async function lazilyOpen(app, load, open) {
    if (isOpening || openDialogs().length > 0) return;
    isOpening = true;
    const asked = location.href;
    await lazily(app, load, (part) => {
        if (location.href === asked) open(part);
    });
    isOpening = false;
}
