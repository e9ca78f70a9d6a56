// Creates elements. Text of users only becomes a text node, and nothing needs inline styles or scripts.

const SVG = 'http://www.w3.org/2000/svg';

let ids = 0;

/** An id that no other element of this script has. */
export function freshId(stem) {
    ids += 1;
    return `globes-${stem}-${ids}`;
}

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown>} [properties] attributes; a function is a listener for the event of that name, true is
 *     an empty attribute, and false, null or undefined omit it
 * @param {...(Node | string | boolean | null | undefined)} children empty ones are omitted
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (typeof value === 'function') made.addEventListener(key, /** @type {EventListener} */ (value));
        else if (value === true) made.setAttribute(key, '');
        else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
    }
    for (const child of children) if (child) made.append(/** @type {Node | string} */ (child));
    return made;
}

/** Whether the user points with fingers: then the keyboard covers half of the screen. */
export function isTouchDevice() {
    return matchMedia('(pointer: coarse)').matches;
}

/** Text for screen readers alone. */
export function visuallyHidden(text, properties) {
    return element('span', { class: 'visually-hidden', ...properties }, text);
}

// Drawn on 24 × 24 with round lines.
const ICONS = {
    check: 'M5 12.5l4.5 4.5L19 7.5',
    clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.5l3 1.5',
    close: 'M6 6l12 12M18 6L6 18',
    down: 'M12 5v14M6 13l6 6 6-6',
    failed: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v5M12 16v.01',
    people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.8',
    send: 'M4.5 12L20 4.5 15 20l-3.5-6.5zM11.5 13.5L20 4.5',
    smile: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14a4 4 0 0 0 7 0M9 9.5v.01M15 9.5v.01',
};

/** A line icon. It is decoration only: the text beside it has the same meaning. */
export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', `icon icon-${name}`);
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
}

/** A button that shows only an icon; `label` is its name. */
export function iconButton(name, label, properties = {}) {
    return element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...properties }, icon(name));
}
