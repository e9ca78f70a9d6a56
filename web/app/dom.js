// Creates elements. Text of users only becomes a text node, never markup, and nothing needs inline styles or scripts.
import { hueOfName } from '../room/color.js';

const SVG = 'http://www.w3.org/2000/svg';

let ids = 0;

/** An id that no other element of the page has, for labels and descriptions. */
export function freshId(stem) {
    ids += 1;
    return `${stem}-${ids}`;
}

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown>} [properties] attributes; `onclick` and the like are listeners, true is an empty
 *     attribute, false, null or undefined omit it
 * @param {...(Node | string | number | boolean | null | undefined)} children empty ones are omitted
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (typeof value === 'function') made.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
        else if (value === true) made.setAttribute(key, '');
        else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
    }
    for (const child of children) if (child || child === 0) made.append(/** @type {Node | string} */ (child));
    return made;
}

/** Text that a user wrote: it has its own direction, and does not change the direction of the text around it. */
export function userText(text, properties = {}, name = /** @type {keyof HTMLElementTagNameMap} */ ('span')) {
    return element(name, { dir: 'auto', ...properties }, text);
}

/** Text for screen readers alone. */
export function visuallyHidden(text) {
    return element('span', { class: 'visually-hidden' }, text);
}

// Drawn on 24 × 24 with round lines.
const ICONS = {
    back: ['M15 5l-7 7 7 7'],
    bell: ['M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15z', 'M10 21h4'],
    bellOff: ['M6 16V11a6 6 0 0 1 .6-2.6M9 5.8A6 6 0 0 1 18 11v4M4.5 18H16', 'M10 21h4', 'M4 4l16 16'],
    check: ['M5 12.5l4.5 4.5L19 7.5'],
    close: ['M6 6l12 12', 'M18 6L6 18'],
    eye: ['M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z', 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z'],
    hidden: [
        'M4 4l16 16',
        'M9.5 5.9A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-3 3.7M6 7.7A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9',
    ],
    link: ['M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1', 'M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1'],
    people: [
        'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z',
        'M2.5 20a6.5 6.5 0 0 1 13 0',
        'M16 4.3a3.5 3.5 0 0 1 0 6.4',
        'M18 14.2a6.5 6.5 0 0 1 3.5 5.8',
    ],
    plus: ['M12 5v14', 'M5 12h14'],
    private: ['M6 11h12v9H6z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'],
    public: ['M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z', 'M3 12h18', 'M12 3c5.5 5.5 5.5 12.5 0 18-5.5-5.5-5.5-12.5 0-18z'],
    search: ['M11 4.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z', 'M16 16l4.5 4.5'],
    settings: [
        'M4 7h9',
        'M17 7h3',
        'M15 5a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
        'M4 17h3',
        'M11 17h9',
        'M9 15a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
    ],
};

/** A line icon. It is decoration only: the text beside it has the same meaning. */
export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    for (const line of ICONS[name]) {
        const path = document.createElementNS(SVG, 'path');
        path.setAttribute('d', line);
        svg.append(path);
    }
    return svg;
}

/**
 * A button with an icon; `label` is its name, and is seen unless `bare`.
 * @param {string} name of the icon
 * @param {string} label
 * @param {{ bare?: boolean, [property: string]: any }} [properties]
 */
export function iconButton(name, label, { bare = false, ...properties } = {}) {
    const text = bare ? visuallyHidden(label) : element('span', {}, label);
    return element(
        'button',
        { type: 'button', class: bare ? 'icon-button' : 'button', title: bare && label, ...properties },
        icon(name),
        text,
    );
}

/** A dot in a hue made from the room's title, bright while somebody is in the room. */
export function presenceDot(title, online) {
    const made = element('span', { class: 'presence-dot', 'aria-hidden': 'true' });
    made.style.setProperty('--hue', (360 * hueOfName(title)).toFixed(1));
    updatePresenceDot(made, online);
    return made;
}

export function updatePresenceDot(made, online) {
    made.toggleAttribute('data-online', online > 0);
}
