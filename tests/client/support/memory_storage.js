// The part of a browser's `sessionStorage` that the library uses; `items` holds its content.

/** @param {Record<string, string>} [entries] */
export function memoryStorage(entries = {}) {
    const items = new Map(Object.entries(entries));
    return {
        items,
        getItem: (key) => items.get(key) ?? null,
        setItem: (key, value) => items.set(key, value),
        removeItem: (key) => items.delete(key),
    };
}
