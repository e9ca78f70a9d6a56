// The list of users in the room: a column beside the messages, or over them on narrow screens. In a large room the server
// lists only some of them; a line below tells how many more there are.
import { element, iconButton } from './element.js';

export class MemberList {
    #texts;
    #palette;
    #nameOf;
    #onShown;
    /** @type {readonly { username: string, color?: string }[]} */
    #users = [];
    /** The number of all users. */
    #online = 0;
    #me = null;
    /** By name: { entry, fingerprint }. */
    #entries = new Map();
    #list = element('ul');
    #more = element('p', { class: 'more', hidden: true });
    #title;
    #close;
    #opener = null;

    /** The view adds it to the document. */
    element;

    /**
     * @param {{ texts: Record<string, any>, palette: import('./palette.js').Palette, nameOf: (name: string) => string,
     *     onShown: (shown: boolean) => void }} parts
     */
    constructor({ texts, palette, nameOf, onShown }) {
        this.#texts = texts;
        this.#palette = palette;
        this.#nameOf = nameOf;
        this.#onShown = onShown;
        this.#title = element('h2', {}, texts['room.members']);
        this.#close = iconButton('close', texts['room.membersClose'], { click: () => this.show(false) });
        const pressed = (event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            this.show(false);
        };
        // It has the focus so that it scrolls by keyboard.
        const scroller = element('div', { class: 'listed', tabindex: 0, role: 'group', 'aria-label': texts['room.members'] }, this.#list, this.#more);
        this.element = element(
            'aside', { class: 'members', 'aria-label': texts['room.members'], hidden: true, keydown: pressed },
            element('header', {}, this.#title, this.#close), scroller,
        );
    }

    get shown() {
        return !this.element.hidden;
    }

    /** Moves the focus inside when it opens, and back when it closes. */
    show(shown = !this.shown) {
        if (shown === this.shown) return;
        const root = /** @type {Document | ShadowRoot} */ (this.element.getRootNode());
        if (shown) this.#opener = document.activeElement?.shadowRoot ? root.activeElement ?? document.activeElement : document.activeElement;
        this.element.hidden = !shown;
        if (shown) {
            this.#render();
            this.#close.focus();
        } else this.#opener?.focus();
        this.#onShown(shown);
    }

    /**
     * @param {{ users: readonly { username: string, color?: string }[], online: number, me: string | null }} room `users` in the
     *     order in which they joined; `online` is the number of all, listed or not
     */
    update({ users, online, me }) {
        this.#users = users;
        this.#online = online;
        this.#me = me;
        if (this.shown) this.#render();
    }

    /** Unchanged entries are not touched. */
    #render() {
        this.#title.textContent = this.#texts['room.membersCount'](this.#online);
        const more = this.#online - this.#users.length;
        this.#more.hidden = more <= 0;
        this.#more.textContent = more > 0 ? this.#texts['room.membersMore'](more) : '';
        const here = new Set(this.#users.map(({ username }) => username));
        for (const [name, { entry }] of this.#entries) {
            if (here.has(name)) continue;
            entry.remove();
            this.#entries.delete(name);
        }
        let next = this.#list.firstChild;
        for (const { username, color } of this.#users) {
            const fingerprint = `${this.#palette.ofName(username, color)} ${username === this.#me}`;
            const known = this.#entries.get(username);
            if (known?.fingerprint === fingerprint && known.entry === next) {
                next = next.nextSibling;
                continue;
            }
            if (known?.entry === next && next) next = next.nextSibling;
            known?.entry.remove();
            const entry = this.#entry(username, color);
            this.#entries.set(username, { entry, fingerprint });
            this.#list.insertBefore(entry, next);
        }
    }

    #entry(username, color) {
        const entry = element(
            'li', {}, element('bdi', { dir: 'auto' }, this.#nameOf(username)),
            username === this.#me && element('span', { class: 'me' }, this.#texts['room.memberYou']),
        );
        entry.style.setProperty('--name-color', this.#palette.ofName(username, color));
        return entry;
    }
}
