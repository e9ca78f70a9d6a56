// Creates the element of each row. Messages and names become text nodes, each with its own direction, so that neither
// markup nor right-to-left marks affect other elements.
import { element, icon, visuallyHidden } from './element.js';
import { isFewEmojiOnly } from './emoji.js';
import { initialOf } from './graphemes.js';
import { linkParts } from './linkify.js';
import { isLong, isVisible } from './text_length.js';

/** The most names in a line of joins or leaves. */
const NAMED = 3;

/** The initial in its circle: the most width in px, and its font (room_style.js). */
const INITIAL_PX = 26;
const INITIAL_FONT = '650 14px sans-serif';
const ink = document.createElement('canvas').getContext('2d');

/** The scale of an initial: fonts without a flag or a family show its parts side by side. */
function fitOf(initial) {
    if (/^[\p{L}\p{N}]$/u.test(initial)) return 1;
    ink.font = INITIAL_FONT;
    return Math.min(1, INITIAL_PX / ink.measureText(initial).width);
}

/** The first `most` of a set, which may be large. */
function firstOf(set, most) {
    const first = [];
    for (const one of set) if (first.push(one) >= most) break;
    return first;
}

/** A text with names in it, each in an element of its own: direction marks in a name affect only that name. */
function isolated(names, format, nameOf) {
    const places = names.map((_, index) => `\uffff${index}\uffff`);
    return format(places).split('\uffff').map((part, index) => (index % 2 === 0 ? part : element('bdi', {}, nameOf(names[part]))));
}

export class RowElements {
    #texts;
    #times;
    #palette;
    #actions;
    #unfolded = new Set();
    /** The content that the element of a row was made from. */
    #contents = new WeakMap();
    /** The number of language changes. */
    #languageChanges = 0;

    /**
     * @param {{ texts: Record<string, any>, times: import('./times.js').Times, palette: import('./palette.js').Palette,
     *     actions: { retry: (id: string) => void, discard: (id: string) => void, loadOlder: () => void,
     *     loadGap: () => void, changed: () => void } }} parts `changed`: a row must be rendered again
     */
    constructor({ texts, times, palette, actions }) {
        this.#texts = texts;
        this.#times = times;
        this.#palette = palette;
        this.#actions = actions;
    }

    /** Changes the language. */
    setLanguage(texts, times) {
        this.#texts = texts;
        this.#times = times;
        this.#languageChanges += 1;
    }

    /** A string that changes when the row's element must be rendered again. */
    renderKey(row) {
        const content = this.#content(row);
        return row.kind === 'message' ? `${content} ${row.last}` : content;
    }

    #content(row) {
        const all = `${this.#palette.version} ${this.#languageChanges}`;
        if (row.kind !== 'message') return `${row.kind} ${row.items?.length} ${all}`;
        const { item, first } = row;
        return [first, item.state, item.date.getTime(), this.#unfolded.has(row.key), all].join(' ');
    }

    /** An estimate of a row's height in pixels. */
    estimateHeight(row) {
        if (row.kind !== 'message') return 44;
        const { text } = row.item;
        if (isLong(text)) return 420;
        const lines = Math.ceil(text.length / 55) + text.split('\n').length - 1;
        return 24 + 21 * Math.max(1, lines) + (row.first && !row.item.own ? 24 : 0);
    }

    /** The element of `row`: the old one if only the shape of its bubble has changed. */
    render(row, made) {
        const content = this.#content(row);
        if (made && row.kind === 'message' && this.#contents.get(made) === content) {
            made.classList.toggle('last', row.last);
            return made;
        }
        const element = this.#make(row);
        element.dataset.key = row.key;
        this.#contents.set(element, content);
        return element;
    }

    #make(row) {
        switch (row.kind) {
            case 'message':
                return this.#message(row);
            case 'presence':
                return element('div', { role: 'listitem', class: 'row presence', dir: 'auto' }, ...this.#presence(row));
            case 'day':
                return element('div', { role: 'listitem', class: 'row day' }, element('span', {}, this.#times.day(row.date)));
            case 'marker':
                return element('div', { role: 'listitem', class: 'row marker' }, element('span', {}, this.#texts['room.newMessages']));
            case 'beginning':
            case 'reset':
                return element('div', { role: 'listitem', class: 'row note' }, this.#texts[`room.${row.kind}`]);
            case 'olderFailed':
                return this.#failed('room.olderFailed', this.#actions.loadOlder);
            case 'gapFailed':
                return this.#failed('room.gapFailed', this.#actions.loadGap);
            default:
                return element(
                    'div', { role: 'listitem', class: 'row note loading' },
                    element('span', { class: 'dots', 'aria-hidden': 'true' }), visuallyHidden(this.#texts[`room.${row.kind}`]),
                );
        }
    }

    #failed(text, retry) {
        const button = element('button', { type: 'button', class: 'text-button', click: retry }, this.#texts['room.tryAgain']);
        return element('div', { role: 'listitem', class: 'row note' }, this.#texts[text], ' ', button);
    }

    /** A name as it is shown: a name of zero-width characters alone would be invisible. */
    nameOf(name) {
        return isVisible(name) ? name : this.#texts['room.noName'];
    }

    #presence({ items, names }) {
        if (items.length === 1) {
            const text = this.#texts[items[0].kind === 'join' ? 'room.joined' : 'room.left'];
            return isolated([items[0].name], ([name]) => text(name), (name) => this.nameOf(name));
        }
        const lines = [];
        for (const [kind, text] of [['join', 'room.manyJoined'], ['leave', 'room.manyLeft']]) {
            const all = names[kind];
            if (all.size === 0) continue;
            const named = firstOf(all, all.size > NAMED + 1 ? NAMED : NAMED + 1);
            const others = all.size - named.length;
            const format = (places) => this.#texts[text](others > 0 ? [...places, this.#texts['room.others'](others)] : places);
            lines.push(element('div', {}, ...isolated(named, format, (name) => this.nameOf(name))));
        }
        return lines;
    }

    #message({ key, item, first, last }) {
        const name = this.nameOf(item.name);
        const color = this.#palette.ofName(item.name, item.color);
        const shownName = first && !item.own;
        const classes = ['row', 'message', item.own && 'own', first && 'first', last && 'last', item.state];
        const row = element('div', { role: 'listitem', class: classes.filter(Boolean).join(' '), 'data-seq': item.seq });
        row.style.setProperty('--name-color', color);
        if (shownName) {
            row.append(this.#avatar(initialOf(name)));
            row.append(element('bdi', { class: 'name', dir: 'auto' }, name));
        } else row.append(visuallyHidden(item.own ? this.#texts['room.you'] : name, { dir: 'auto' }));
        row.append(this.#bubble(key, item));
        if (item.state === 'failed') row.append(this.#failedActions(item));
        return row;
    }

    #avatar(initial) {
        const avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' }, initial);
        avatar.style.setProperty('--fit', String(fitOf(initial)));
        return avatar;
    }

    #bubble(key, item) {
        const large = isFewEmojiOnly(item.text);
        const text = element('span', { class: 'text' });
        for (const part of linkParts(item.text)) {
            const link = { href: part.href, dir: 'auto', target: '_blank', rel: 'noopener noreferrer nofollow' };
            text.append(part.href ? element('a', link, part.text) : part.text);
        }
        const stamp = { datetime: item.date.toISOString(), dir: 'auto', title: this.#times.full(item.date) };
        const meta = element('span', { class: 'meta' }, element('time', stamp, this.#times.time(item.date)), this.#state(item.state));
        // The position of the bubble depends on its row, its direction on the text: the time is at the end of the text.
        const bubble = element('div', { class: large ? 'bubble large' : 'bubble' }, element('div', { class: 'body', dir: 'auto' }, text, meta));
        if (isLong(item.text)) bubble.append(this.#fold(key, bubble));
        return bubble;
    }

    #fold(key, bubble) {
        const unfolded = this.#unfolded.has(key);
        bubble.classList.toggle('folded', !unfolded);
        const toggle = () => {
            if (!this.#unfolded.delete(key)) this.#unfolded.add(key);
            this.#actions.changed();
        };
        const text = this.#texts[unfolded ? 'room.showLess' : 'room.showAll'];
        return element('button', { type: 'button', class: 'text-button fold', 'aria-expanded': unfolded, click: toggle }, text);
    }

    #state(state) {
        if (!state) return null;
        const [name, text] = { sending: ['clock', 'room.sending'], sent: ['check', 'room.sent'], failed: ['failed', 'room.failed'] }[state];
        return element('span', { class: 'state', title: this.#texts[text] }, icon(name), visuallyHidden(this.#texts[text]));
    }

    #failedActions({ id }) {
        const { retry, discard } = this.#actions;
        return element(
            'div', { class: 'failed-actions' },
            element('span', { 'aria-hidden': 'true' }, this.#texts['room.failed']),
            element('button', { type: 'button', class: 'text-button', click: () => retry(id) }, this.#texts['room.retry']),
            element('button', { type: 'button', class: 'text-button', click: () => discard(id) }, this.#texts['room.discard']),
        );
    }
}
