// <globes-chat room="2"></globes-chat>: a room of a Globes server on any page.
//
//     <script type="module" src="https://chat.example.org/globes-chat.js"></script>
//     <globes-chat room="2" name="ada" color="teal"></globes-chat>
//
// Attributes: room (id or title), name, color, token, history (messages to begin with, default 50), read-only, lang, and server
// (default: where this script came from; the page's own origin has to be among its `AllowedOrigins`). Without a name, or
// where the room refuses it, visitors are asked for one, and in a private room for its password. A changed attribute connects
// anew; a new token for a room whose key has expired goes on in place.
//
// Events, which bubble and leave shadow roots: globes-message, globes-join and globes-leave (detail: the event of the wire, and
// isOwn), globes-state (detail: { state }), globes-gap (detail: the gap), globes-error (detail: { error }).
// Looks: as wide as its box, 480px high by default; colours and fonts by the custom properties in room/theme.js.
import { Globes, GlobesError, InvalidTokenError } from './globes.js';
import { element, freshId, iconButton } from './room/element.js';
import { embedStyle } from './room/embed_style.js';
import { EntranceForm } from './room/entrance_form.js';
import { loadEmbedTexts } from './room/load_embed_texts.js';
import { localeOf } from './room/locale.js';
import { RoomView } from './room/room_view.js';

const EVENT_NAMES = { send: 'globes-message', join: 'globes-join', leave: 'globes-leave' };
const HISTORY = 50;
const MOST_HISTORY = 1000;
/** A key is for somebody, also where nobody joins. */
const READER = 'reader';
/** In ms: waits for a server that can't be reached are random below first · 2^n, and at most the longest. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** The page's own storage, where it may be used; drafts and sessions do without it. */
function storageOf(name) {
    try {
        return window[name];
    } catch {
        return undefined;
    }
}

/** Which failures another try would only repeat: the page has to be another one. */
const PERMANENT = ['fault', 'badToken', 'badServer'];

/** What an error is called in the texts. Whatever the library did not throw is a fault of ours, and no word about the server. */
function failureOf(error) {
    if (!(error instanceof GlobesError)) return 'fault';
    if (error.field === 'baseUrl') return 'badServer';
    if (error.isTemporary) return 'retrying';
    if (error instanceof InvalidTokenError) return 'badToken';
    if (error.code === 101) return 'notFound';
    return error.code ? 'failed' : 'unreachable';
}

export class GlobesChat extends HTMLElement {
    static observedAttributes = ['room', 'name', 'color', 'token', 'history', 'read-only', 'server', 'lang'];

    #body;
    #connection = null;
    #view = null;
    /** Counts the starts: what an earlier one still waits for is of no interest. */
    #start = 0;
    #isStarting = false;
    /** Takes the page's next key, while the room waits for it. */
    #resolveToken = null;

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
        if (!this.isConnected || before === after) return;
        if (name === 'token' && this.#resolveToken) this.#resolveToken(after);
        else this.#restart();
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
        this.#resolveToken = null;
        this.#body.replaceChildren();
    }

    async #open() {
        this.#end();
        this.#start += 1;
        const start = this.#start;
        const isStale = () => start !== this.#start;
        const server = this.getAttribute('server') ?? new URL('.', import.meta.url);
        const language = localeOf(this.closest('[lang]')?.lang, document.documentElement.lang);
        const texts = await loadEmbedTexts(language);
        if (isStale()) return;
        try {
            const globes = new Globes(server, { storage: storageOf('sessionStorage') });
            const room = await this.#findRoom(globes, texts, isStale);
            if (!isStale()) this.#enter({ globes, room, texts, language });
        } catch (error) {
            if (!isStale()) this.#fail(error, texts);
        }
    }

    /** Asks again and again, for as long as the server can't be reached; rejects where it refuses. */
    async #findRoom(globes, texts, isStale) {
        for (let failures = 0; ; failures += 1) {
            try {
                return await globes.rooms.get(this.getAttribute('room') ?? '1', { token: this.getAttribute('token') });
            } catch (error) {
                if (isStale() || !error.isTemporary) throw error;
                if (failures === 0) this.#fail(error, texts);
                const waitMs = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
                await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, error.retryAfterMs ?? 0)));
                if (isStale()) return null;
            }
        }
    }

    #enter(context) {
        const { globes, room } = context;
        const readOnly = this.hasAttribute('read-only');
        const token = this.getAttribute('token');
        // A key opens a private room for one name. Whoever only reads has none.
        const name = readOnly ? null : this.getAttribute('name') || (token ? globes.tokens.read(token).name : '');
        const identity = { name, color: this.getAttribute('color'), token };
        const locked = room.visibility !== 'public' && !token;
        if (!locked && (name || readOnly)) this.#connect(context, identity);
        else this.#showEntrance(context, identity);
    }

    /** `unsent`: messages that were not sent under the name in `identity`. */
    #showEntrance(context, identity, { problem = '', unsent = [] } = {}) {
        const { globes, room, texts } = context;
        // A key opens the room for one name: with another one, the password has to buy another key.
        const locked = room.visibility !== 'public' && !this.hasAttribute('token');
        const form = new EntranceForm({
            texts, name: identity.name, locked, problem,
            enter: async ({ name, secret }) => {
                const token = locked ? await globes.tokens.request(room, { name: name ?? READER, secret }) : identity.token;
                if (!form.element.isConnected) return;
                try {
                    this.#connect(context, { ...identity, name, token });
                } catch (error) {
                    return this.#fail(error, texts); // the form has made room already
                }
                if (name === identity.name) this.#view?.resend(unsent);
                else if (unsent.length > 0) this.#view?.restoreText(unsent.map(({ text }) => text).join('\n'));
            },
            failed: (error) => this.#dispatch('globes-error', { error }),
        });
        this.#body.replaceChildren(this.#header(room), form.element);
    }

    /** Back to the entrance, with all that was written. */
    #returnToEntrance(context, identity, problem) {
        const { unsent } = this.#view;
        this.#end();
        this.#showEntrance(context, identity, { problem, unsent });
    }

    /** The room has another password, or is public now and needs none. */
    async #reenter(context, identity) {
        const { globes, texts } = context;
        const start = this.#start;
        const isStale = () => start !== this.#start;
        try {
            const room = await globes.rooms.get(context.room.id);
            if (isStale()) return;
            const isPublic = room.visibility === 'public';
            // A key that was bought here with the password is bought here again; the page's own is the page's to renew.
            if (!isPublic && this.hasAttribute('token')) return;
            const next = [{ ...context, room }, { ...identity, token: null }];
            if (!isPublic) return this.#returnToEntrance(...next, texts['room.accessChanged']);
            const { unsent } = this.#view;
            this.#end();
            this.#connect(...next);
            this.#view?.resend(unsent);
        } catch (failure) {
            if (!isStale()) this.#fail(failure, texts);
        }
    }

    /** Another key for somebody whose own has expired: asked for above what they read, which stays as it is. */
    async #newToken({ globes, room: { id }, texts }, name) {
        const start = this.#start;
        const room = await globes.rooms.get(id);
        if (room.visibility === 'public') return null;
        return new Promise((resolve) => {
            if (start !== this.#start) return; // nobody waits for it
            const problem = texts[this.#connection.token?.expiresAt <= Date.now() ? 'room.accessExpired' : 'room.accessChanged'];
            const answer = (token) => {
                this.#resolveToken = null;
                asking.remove();
                resolve(token);
            };
            // A key that was bought here with the password is bought here again; the page's own is the page's to renew.
            const isOfPage = this.hasAttribute('token');
            if (isOfPage) this.#resolveToken = answer;
            const enter = async ({ secret }) => answer(await globes.tokens.request(id, { name: name ?? READER, secret }));
            const failed = (error) => this.#dispatch('globes-error', { error });
            const asking = isOfPage
                ? element('p', { class: 'locked problem', role: 'alert' }, texts['room.embed.badToken'])
                : new EntranceForm({ texts, name: null, locked: true, problem, enter, failed }).element;
            this.#body.querySelector('header').after(asking);
        });
    }

    #connect(context, { name, color, token }) {
        const { globes, room, texts, language } = context;
        const asked = Number.parseInt(this.getAttribute('history'), 10);
        const last = Number.isNaN(asked) ? HISTORY : Math.min(MOST_HISTORY, Math.max(0, asked));
        const connection = globes.connect(room.id, {
            name, color: color ?? undefined, token, last, newToken: () => this.#newToken(context, name),
        });
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
            if (error?.closeCode === 4501 && connection === this.#connection) this.#reenter(context, { name, color });
        });
        // Whoever is refused their name chooses another one, also where the page chose it: all visitors may have got the same.
        connection.addEventListener('problem', ({ detail: { error, id } }) => {
            if (id !== undefined || error.field !== 'name' || connection !== this.#connection) return;
            const problem = error.code === 202 ? texts['room.nameTaken'](name) : texts['room.nameRefused'];
            // No other name than the key's own comes into question (204) but with another key.
            const next = error.code === 204 && connection.token ? connection.token.name : name;
            this.#returnToEntrance(context, { name: next, color, token }, problem);
        });
        // At last: whoever hears it may take the element away.
        this.#dispatch('globes-state', { state: connection.state });
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
        on('event', (event) => this.#dispatch(EVENT_NAMES[event.event_type], event));
        on('state', ({ state, error }) => {
            this.#dispatch('globes-state', { state });
            if (state === 'locked') this.#dispatch('globes-error', { error });
        });
        on('gap', (gap) => this.#dispatch('globes-gap', gap));
        on('problem', ({ error }) => this.#dispatch('globes-error', { error }));
        on('closed', ({ error }) => error && this.#dispatch('globes-error', { error }));
    }

    #header(room, ...buttons) {
        const id = freshId('title');
        this.#body.setAttribute('aria-labelledby', id);
        return element('header', {}, element('h2', { id, dir: 'auto' }, room.title), ...buttons);
    }

    #fail(error, texts) {
        this.#end();
        const failure = failureOf(error);
        const again = !PERMANENT.includes(failure) && element('button', { type: 'button', click: () => this.#open() }, texts['room.tryAgain']);
        const message = element('p', {}, texts[`room.embed.${failure}`]);
        this.#body.replaceChildren(element('div', { class: 'failed', role: 'alert' }, message, again));
        if (error instanceof GlobesError) this.#dispatch('globes-error', { error });
        else console.error(error);
    }

    #dispatch(name, detail) {
        this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    }
}

// A page may load the script twice, from two servers even; the first one counts.
if (!customElements.get('globes-chat')) customElements.define('globes-chat', GlobesChat);
