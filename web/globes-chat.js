// <globes-chat room="2"></globes-chat>: a room of a Globes server on any page.
//
//     <script type="module" src="https://chat.example.org/globes-chat.js"></script>
//     <globes-chat room="2" name="ada" color="teal"></globes-chat>
//
// Attributes: room (id or title), name, color, token, history (messages to begin with, default 50), read-only, lang, and server
// (default: where this script came from; the page's own origin has to be among its `AllowedOrigins`). Without a name, or
// where the room refuses it, visitors are asked for one, and in a private room for its password. A changed attribute connects anew.
//
// Events, which bubble and leave shadow roots: globes-message, globes-join and globes-leave (detail: the event of the wire, and
// isOwn), globes-state (detail: { state }), globes-error (detail: { error }).
// Looks: the element fills its box, 480px high by default; colours and fonts by the custom properties in room/theme.js.
import { Globes, InvalidTokenError } from './globes.js';
import { element, freshId, iconButton } from './room/element.js';
import { embedStyle } from './room/embed_style.js';
import { EntranceForm } from './room/entrance_form.js';
import { loadTexts } from './room/load_texts.js';
import { RoomView } from './room/room_view.js';

const EVENT_NAMES = { send: 'globes-message', join: 'globes-join', leave: 'globes-leave' };
const HISTORY = 50;
const MOST_HISTORY = 1000;
/** A key is for somebody, also where nobody joins. */
const READER = 'reader';

/** The page's own storage, where it may be used; drafts and sessions do without it. */
function storageOf(name) {
    try {
        return window[name];
    } catch {
        return undefined;
    }
}

export class GlobesChat extends HTMLElement {
    static observedAttributes = ['room', 'name', 'color', 'token', 'history', 'read-only', 'server', 'lang'];

    #body;
    #connection = null;
    #view = null;
    /** Counts the starts: what an earlier one still waits for is of no interest. */
    #start = 0;
    #isStarting = false;

    constructor() {
        super();
        const shadow = this.attachShadow({ mode: 'open', delegatesFocus: true });
        shadow.adoptedStyleSheets = [embedStyle()];
        this.#body = element('section', { class: 'chat' });
        shadow.append(this.#body);
    }

    /** The connection to the room (globes.d.ts), or null where there is none yet. */
    get connection() {
        return this.#connection;
    }

    connectedCallback() {
        this.#restart();
    }

    disconnectedCallback() {
        this.#start += 1;
        this.#end();
    }

    attributeChangedCallback(name, before, after) {
        if (this.isConnected && before !== after) this.#restart();
    }

    // Several attributes are often set one after the other.
    #restart() {
        if (this.#isStarting) return;
        this.#isStarting = true;
        queueMicrotask(() => {
            this.#isStarting = false;
            if (this.isConnected) this.#open();
        });
    }

    #end() {
        this.#view?.destroy();
        this.#view = null;
        this.#connection?.close();
        this.#connection = null;
        this.#body.replaceChildren();
    }

    async #open() {
        this.#end();
        this.#start += 1;
        const start = this.#start;
        const isStale = () => start !== this.#start;
        const server = this.getAttribute('server') ?? new URL(import.meta.url).origin;
        const language = this.closest('[lang]')?.lang || navigator.language;
        const texts = await loadTexts(language);
        if (isStale()) return;
        try {
            const globes = new Globes(server, { storage: storageOf('sessionStorage') });
            const room = await globes.rooms.get(this.getAttribute('room') ?? '1', { token: this.getAttribute('token') });
            if (!isStale()) this.#enter({ globes, room, texts, language });
        } catch (error) {
            if (!isStale()) this.#fail(error, texts);
        }
    }

    #enter(context) {
        const { globes, room } = context;
        const readOnly = this.hasAttribute('read-only');
        const token = this.getAttribute('token');
        // A key opens a private room for one name. Whoever only reads has none.
        const name = readOnly ? null : this.getAttribute('name') || (token ? globes.tokens.read(token).name : '');
        const seat = { name, color: this.getAttribute('color'), token };
        const locked = room.visibility !== 'public' && !token;
        if (!locked && (name || readOnly)) this.#connect(context, seat);
        else this.#ask(context, seat);
    }

    /** `unsent`: messages that did not get out under the seat's name. */
    #ask(context, seat, { problem = '', unsent = [] } = {}) {
        const { globes, room, texts } = context;
        // A key opens the room for one name: with another one, the password has to buy another key.
        const locked = room.visibility !== 'public' && !this.hasAttribute('token');
        const form = new EntranceForm({
            texts, name: seat.name, locked, problem,
            enter: async ({ name, secret }) => {
                const token = locked ? await globes.tokens.request(room, { name: name ?? READER, secret }) : seat.token;
                if (!form.element.isConnected) return;
                this.#connect(context, { ...seat, name, token });
                if (name === seat.name) this.#view.resend(unsent);
                else if (unsent.length > 0) this.#view.giveBack(unsent.map(({ text }) => text).join('\n'));
            },
            failed: (error) => this.#tell('globes-error', { error }),
        });
        this.#body.replaceChildren(this.#header(room), form.element);
    }

    /** Back to the entrance, with all that was written. */
    #askAgain(context, seat, problem) {
        const { unsent } = this.#view;
        this.#end();
        this.#ask(context, seat, { problem, unsent });
    }

    /** The key is not good any more: the room has another password, or is public now and needs none. */
    async #comeBack(context, seat, error) {
        const { globes, texts } = context;
        const start = this.#start;
        const isStale = () => start !== this.#start;
        try {
            const room = await globes.rooms.get(context.room.id);
            if (isStale()) return;
            const isPublic = room.visibility === 'public';
            // A key that was bought here with the password is bought here again; the page's own is the page's to renew.
            if (!isPublic && this.hasAttribute('token')) {
                if (error.code === 403) throw error;
                return;
            }
            const next = [{ ...context, room }, { ...seat, token: null }];
            if (!isPublic) return this.#askAgain(...next, texts['room.embed.again']);
            const { unsent } = this.#view;
            this.#end();
            this.#connect(...next);
            this.#view.resend(unsent);
        } catch (failure) {
            if (isStale()) return;
            this.#end();
            this.#fail(failure, texts);
        }
    }

    #connect(context, { name, color, token }) {
        const { globes, room, texts, language } = context;
        const asked = Number.parseInt(this.getAttribute('history'), 10);
        const last = Number.isNaN(asked) ? HISTORY : Math.min(MOST_HISTORY, Math.max(0, asked));
        const connection = globes.connect(room.id, { name, color: color ?? undefined, token, last });
        this.#connection = connection;
        this.#report(connection);
        const host = element('div', { class: 'host' });
        const members = this.#membersButton(connection, texts);
        this.#body.replaceChildren(this.#header(room, members), host);
        this.#view = new RoomView(host, {
            connection, room, texts, language, readOnly: !name,
            historyLength: last,
            storage: storageOf('localStorage'),
            onMembers: (shown) => members.setAttribute('aria-expanded', String(shown)),
        });
        connection.addEventListener('closed', ({ detail: { error } }) => {
            const isRefused = error?.code === 403 || error?.closeCode === 4501;
            if (isRefused && connection === this.#connection) this.#comeBack(context, { name, color }, error);
        });
        // Whoever is refused their name chooses another one, also where the page chose it: all visitors may have got the same.
        connection.addEventListener('problem', ({ detail: { error, id } }) => {
            if (id !== undefined || error.field !== 'name' || connection !== this.#connection) return;
            const problem = error.code === 202 ? texts['room.nameTaken'](name) : texts['room.nameRefused'];
            // No other name than the key's own comes into question (204) but with another key.
            const next = error.code === 204 && connection.token ? connection.token.name : name;
            this.#askAgain(context, { name: next, color, token }, problem);
        });
    }

    /** Opens and closes the list of members, and shows how many there are. */
    #membersButton(connection, texts) {
        const count = element('span', { 'aria-hidden': 'true' });
        const button = iconButton('people', '', { class: 'icon-button people', 'aria-expanded': 'false', click: () => this.#view.showMembers() });
        button.append(count);
        const show = () => {
            const { length } = connection.users;
            count.textContent = String(length);
            button.title = texts['room.membersCount'](length);
            button.setAttribute('aria-label', button.title);
        };
        connection.addEventListener('users', show);
        show();
        return button;
    }

    #report(connection) {
        const on = (type, listener) =>
            connection.addEventListener(type, ({ detail }) => connection === this.#connection && listener(detail));
        on('event', (event) => this.#tell(EVENT_NAMES[event.event_type], event));
        on('state', ({ state }) => this.#tell('globes-state', { state }));
        on('problem', ({ error }) => this.#tell('globes-error', { error }));
        on('closed', ({ error }) => error && this.#tell('globes-error', { error }));
    }

    #header(room, ...buttons) {
        const id = freshId('title');
        this.#body.setAttribute('aria-labelledby', id);
        return element('header', {}, element('h2', { id, dir: 'auto' }, room.title), ...buttons);
    }

    #fail(error, texts) {
        const text = error instanceof InvalidTokenError ? 'room.embed.badKey' : { 101: 'room.embed.notFound' }[error.code];
        const again = element('button', { type: 'button', click: () => this.#open() }, texts['room.tryAgain']);
        const message = element('p', {}, texts[text ?? (error.code ? 'room.embed.failed' : 'room.embed.unreachable')]);
        this.#body.replaceChildren(element('div', { class: 'failed', role: 'alert' }, message, again));
        this.#tell('globes-error', { error });
    }

    #tell(name, detail) {
        this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    }
}

// A page may load the script twice, from two servers even; the first one counts.
if (!customElements.get('globes-chat')) customElements.define('globes-chat', GlobesChat);
