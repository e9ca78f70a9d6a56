// <globes-chat room="2"></globes-chat>: a room of a Globes server on any page.
//
//     <script type="module" src="https://chat.example.org/globes-chat.js"></script>
//     <globes-chat room="2" name="ada" color="teal"></globes-chat>
//
// Attributes: room (id or title), name, color, token, history (number of first messages, default 50), read-only, lang,
// and server (default: where this script was loaded from; the page's origin must be among its `AllowedOrigins`).
// Visitors are asked for a name if the page gives none or the room refuses it, and for the password of a private room.
// A changed attribute connects again; a new token for a room whose token has expired continues in place.
//
// Events bubble and leave shadow roots: globes-message, globes-join and globes-leave (detail: the event of the
// protocol, and isOwn), globes-state (detail: { state }), globes-gap (detail: the gap), globes-error (detail:
// { error }). The element is as wide as its box, and 480px high by default; the custom properties in room/theme.js set colors
// and fonts.
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
/** The name in a token that a visitor without a name requests: every token is for one name. */
const READER = 'reader';
/** In ms. Retries are random below first · 2^n, and at most the longest. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * The page's own storage; undefined if the browser forbids it. Drafts and sessions work without it.
 * @param {'localStorage' | 'sessionStorage'} name
 * @returns {Storage | undefined}
 */
function storageOf(name) {
    try {
        return window[name];
    } catch {
        return undefined;
    }
}

/** Failures for which another attempt is useless until the page changes. */
const PERMANENT = ['fault', 'badToken', 'badServer'];

/** The key of the text for an error. An error that the library did not throw is a bug of this page. */
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
    /** The number of the current start; results of earlier ones are ignored. */
    #start = 0;
    #isStarting = false;
    /** Passes the page's next token to the room that waits for it. */
    #resolveToken = null;

    constructor() {
        super();
        const shadow = this.attachShadow({ mode: 'open', delegatesFocus: true });
        shadow.adoptedStyleSheets = [embedStyle()];
        this.#body = element('section', { class: 'chat' });
        shadow.append(this.#body);
    }

    /** The connection to the room (globes.d.ts); null before the first one. */
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

    // Pages often set several attributes in a row.
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
        const language = localeOf(this.closest('[lang]')?.getAttribute('lang'), document.documentElement.lang);
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

    /** Requests the room, and retries while the server cannot be reached; rejects if the server refuses. */
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
        // A token opens a private room for one name. A reader has no name.
        const name = readOnly ? null : this.getAttribute('name') || (token ? globes.tokens.read(token).name : '');
        const identity = { name, color: this.getAttribute('color'), token };
        const locked = room.visibility !== 'public' && !token;
        if (!locked && (name || readOnly)) this.#connect(context, identity);
        else this.#showEntrance(context, identity);
    }

    /** `unsent`: messages that were not sent under the name in `identity`. */
    #showEntrance(context, identity, { problem = '', unsent = [] } = {}) {
        const { globes, room, texts } = context;
        // A token is for one name: another name needs another token, and for that the password.
        const locked = room.visibility !== 'public' && !this.hasAttribute('token');
        const form = new EntranceForm({
            texts, name: identity.name, locked, problem,
            enter: async ({ name, secret }) => {
                const token = locked ? await globes.tokens.request(room, { name: name ?? READER, secret }) : identity.token;
                if (!form.element.isConnected) return;
                try {
                    this.#connect(context, { ...identity, name, token });
                } catch (error) {
                    return this.#fail(error, texts); // the form is gone already
                }
                if (name === identity.name) this.#view?.resend(unsent);
                else if (unsent.length > 0) this.#view?.restoreText(unsent.map(({ text }) => text).join('\n'));
            },
            failed: (error) => this.#dispatch('globes-error', { error }),
        });
        this.#body.replaceChildren(this.#header(room), form.element);
    }

    /** Returns to the entrance and keeps the draft and the unsent messages. */
    #returnToEntrance(context, identity, problem) {
        const { unsent } = this.#view;
        this.#end();
        this.#showEntrance(context, identity, { problem, unsent });
    }

    /** The room has another password, or has become public. */
    async #reenter(context, identity) {
        const { globes, texts } = context;
        const start = this.#start;
        const isStale = () => start !== this.#start;
        try {
            const room = await globes.rooms.get(context.room.id);
            if (isStale()) return;
            const isPublic = room.visibility === 'public';
            // Visitors request a token with the password again; a token of the page is for the page to renew.
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

    /** Requests another token after the last one has expired: above the messages, which stay. */
    async #newToken({ globes, room: { id }, texts }, name) {
        const start = this.#start;
        const room = await globes.rooms.get(id);
        if (room.visibility === 'public') return null;
        return new Promise((resolve) => {
            if (start !== this.#start) return; // the element has started again
            const problem = texts[this.#connection.token?.expiresAt <= Date.now() ? 'room.accessExpired' : 'room.accessChanged'];
            const answer = (token) => {
                this.#resolveToken = null;
                asking.remove();
                resolve(token);
            };
            // Visitors request a token with the password again; a token of the page is for the page to renew.
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
        const requested = Number.parseInt(this.getAttribute('history'), 10);
        const last = Number.isNaN(requested) ? HISTORY : Math.min(MOST_HISTORY, Math.max(0, requested));
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
        // A visitor whose name is refused chooses another one, even if the page has set it: all visitors may have the
        // same.
        connection.addEventListener('problem', ({ detail: { error, id } }) => {
            if (id !== undefined || error.field !== 'name' || connection !== this.#connection) return;
            const problem = error.code === 202 ? texts['room.nameTaken'](name) : texts['room.nameRefused'];
            // The token allows only its own name (204), unless the visitor gets another token.
            const next = error.code === 204 && connection.token ? connection.token.name : name;
            this.#returnToEntrance(context, { name: next, color, token }, problem);
        });
        // The last step: a listener may remove the element.
        this.#dispatch('globes-state', { state: connection.state });
    }

    /** The button that opens and closes the list of members, and shows their number. */
    #membersButton(connection, texts) {
        const count = element('span', { 'aria-hidden': 'true' });
        const button = iconButton('people', '', { class: 'icon-button people', 'aria-expanded': 'false', click: () => this.#view.showMembers() });
        button.append(count);
        const show = () => {
            const { online } = connection;
            count.textContent = texts['room.number'](online);
            button.title = texts['room.membersCount'](online);
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
        const retry = !PERMANENT.includes(failure) && element('button', { type: 'button', click: () => this.#open() }, texts['room.tryAgain']);
        const message = element('p', {}, texts[`room.embed.${failure}`]);
        this.#body.replaceChildren(element('div', { class: 'failed', role: 'alert' }, message, retry));
        if (error instanceof GlobesError) this.#dispatch('globes-error', { error });
        else console.error(error);
    }

    #dispatch(name, detail) {
        this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    }
}

// A page may load the script twice, or from two servers. The first one wins.
if (!customElements.get('globes-chat')) customElements.define('globes-chat', GlobesChat);
