// Parts of the page that are loaded when they are wanted, so that the first view comes sooner.

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
