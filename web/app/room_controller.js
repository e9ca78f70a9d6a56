// A room that the user is in: connection, header and messages. The entrance creates it off screen and waits until the
// server accepts the name; then it becomes the page. It ends with its connection.
import { ConnectionError } from '../globes.js';
import { RoomView } from '../room/room_view.js';
import { Notifications } from './notifications.js';
import { element } from './dom.js';
import { openLazily } from './lazy_loading.js';
import { isNameRefused, isNameTaken, isTokenRefused } from './problems.js';
import { RoomHeader } from './room_header.js';
import { entrancePath } from './router.js';

/** Close codes after which the client does not reconnect (docs/protocol.md). */
const AUTHORIZATION_ENDED = 4501;
const REPLACED = 4502;
const REMOVED = 4503;
const ROOM_DELETED = 4504;

/** The server does not announce a name that is taken over: it is accepted if no refusal comes in this time. */
const REFUSAL_MS = 1500;

export class RoomController {
    #app;
    #identity;
    #connection;
    #view;
    #header;
    #notifications;
    /** The newest message at the start; those above it are new. */
    #seqAtStart = null;
    #isOver = false;
    #wasOnline = false;
    /** The error that closed the connection. */
    #endedBy = null;

    /**
     * Resolves when the server has accepted the name; rejects with a GlobesError if it refuses, or cannot be reached at
     * first.
     * @type {Promise<void>}
     */
    joined;

    /**
     * @param {any} app
     * @param {{ room: any, identity: { name: string, color: string, token: string | null } }} options
     */
    constructor(app, { room, identity }) {
        this.#app = app;
        this.#identity = identity;
        this.room = room;
        this.#notifications = new Notifications(app, room, { onchange: () => this.#header.showBell() });
        const newToken = (error) => this.#newToken(error);
        this.#connection = app.globes.connect(room.id, { ...identity, token: this.#token, newToken });
        this.joined = this.#awaitJoin();
        this.joined.catch(() => {});
        this.#header = this.#makeHeader();
        this.host = element('div', { class: 'room-host' });
        this.element = element('div', { class: 'room' }, this.#header.element, this.host);
        this.#listen();
        this.#view = new RoomView(this.host, {
            connection: this.#connection,
            room,
            texts: this.#texts,
            language: app.locale,
            storage: app.drafts,
            onMembers: (shown) => this.#header.membersShown(shown),
            onUnread: (count) => {
                if (!this.#isOver && this.element.isConnected && app.controller === this) this.#notifications.unread = count;
            },
        });
    }

    /** Whether a reload would lose something: a draft, or the scroll position above the end. */
    get isBusy() {
        return this.#view.isBusy;
    }

    /** Called once this element is the visible page. */
    enter() {
        this.#app.preferences.setRoomIdentity(this.room.id, this.#identity);
        this.#notifications.unread = 0;
        window.addEventListener('pagehide', this.#keepUnsent);
        this.#sendKept();
        this.#view.focus();
    }

    /** Changes the language. Connection, scroll position and draft stay. */
    setLanguage() {
        const { locale } = this.#app;
        const header = this.#makeHeader();
        header.element.append(...this.#header.element.querySelectorAll('.token-form'));
        this.#header.element.replaceWith(header.element);
        this.#header.destroy();
        this.#header = header;
        header.showState(this.#connection.state);
        header.showMembers(this.#connection.online);
        header.membersShown(this.#view.membersShown);
        this.#view.setLanguage({ texts: this.#texts, language: locale });
        if (this.#connection.state === 'closed') this.#onClosed(this.#endedBy);
    }

    destroy() {
        if (this.#isOver) return;
        this.#isOver = true;
        window.removeEventListener('pagehide', this.#keepUnsent);
        this.#notifications.destroy();
        this.#header.destroy();
        this.#view.destroy();
        this.#connection.close();
        this.element.remove();
        if (this.#app.controller === this) this.#app.controller = null;
    }

    // The room view does not repeat the texts of a banner, a notice or a form.
    get #texts() {
        const omitted = { [`room.closed.${REPLACED}`]: '', [`room.closed.${ROOM_DELETED}`]: '' };
        return { ...this.#app.texts, ...omitted };
    }

    #makeHeader() {
        return new RoomHeader(this.#app, {
            room: this.room,
            notifications: this.#notifications,
            onmembers: () => this.#view.showMembers(),
            onsettings: this.#app.preferences.hasMade(this.room.id) ? () => this.#changeRoom() : null,
        });
    }

    // Messages that are not sent yet survive a reload or a new join: under the same name they are sent once, by their
    // ids.
    #keepUnsent = () => {
        const { name } = this.#identity;
        this.#app.preferences.keepUnsent(this.room.id, { name, messages: this.#view.unsent });
    };

    #sendKept() {
        const unsent = this.#app.preferences.takeUnsent(this.room.id);
        if (unsent?.name === this.#identity.name) this.#view.resend(unsent.messages);
        else if (unsent) this.#view.restoreText(unsent.messages.map(({ text }) => text).join('\n'));
    }

    // The owner's token is also used in public rooms: it keeps the owner connected if the room becomes private.
    get #token() {
        return this.#identity.token ?? this.#app.preferences.ownerToken(this.room.id);
    }

    #awaitJoin() {
        return new Promise((resolve, reject) => {
            const on = (type, listener) => this.#connection.addEventListener(type, ({ detail }) => listener(detail));
            const isMe = (name) => name === this.#identity.name;
            on('event', ({ event_type: type, isOwn }) => type === 'join' && isOwn && resolve());
            on('welcome', ({ users }) => {
                // The user in another window, or somebody else: only a refusal tells the difference.
                if (users.some(({ username }) => isMe(username))) setTimeout(resolve, REFUSAL_MS);
            });
            on('problem', ({ error }) => isNameRefused(error) && reject(error));
            on('closed', ({ error }) => reject(error ?? new ConnectionError('The connection is closed')));
            // At the entrance, the user is told at once that the server cannot be reached.
            on('state', ({ state, error }) => {
                if (state === 'waiting' || state === 'offline')
                    reject(error ?? new ConnectionError('The connection is lost'));
            });
        });
    }

    #listen() {
        const on = (type, listener) =>
            this.#connection.addEventListener(type, ({ detail }) => this.#isOver || listener(detail));
        on('state', ({ state }) => this.#showState(state));
        on('users', ({ online }) => this.#header.showMembers(online));
        on('welcome', ({ seq }) => {
            this.#seqAtStart ??= seq;
        });
        on('gap', ({ reset, to }) => {
            if (reset) this.#seqAtStart = to; // Another history has its own numbers.
        });
        on('event', (event) => {
            if (event.event_type === 'send' && !event.isOwn && event.seq > this.#seqAtStart)
                this.#notifications.notify(event);
        });
        on('token', ({ token: { token } }) => this.#keepToken(token));
        on('problem', ({ error, id }) => {
            if (id === undefined && isNameRefused(error)) this.#onNameRefused(error);
        });
        on('closed', ({ error }) => this.#onClosed(error));
    }

    #showState(state) {
        this.#header.showState(state);
        if (state !== 'online') return;
        // After an outage the server may run another version.
        if (this.#wasOnline && this.#app.controller === this) this.#app.upgrade.check();
        this.#wasOnline = true;
    }

    #keepToken(token) {
        const { preferences } = this.#app;
        const owner = preferences.ownerToken(this.room.id);
        if (owner !== null && owner === this.#token) preferences.rememberMade(this.room.id, token);
        if (owner === null || this.#identity.token !== null) this.#setToken(token);
    }

    #setToken(token) {
        this.#identity = { ...this.#identity, token };
        this.#app.preferences.setRoomIdentity(this.room.id, this.#identity);
    }

    /** Another token for a user who is in the room; at the entrance, the form requests it. */
    async #newToken(error) {
        if (this.#app.controller !== this || this.#seqAtStart === null) throw error;
        const { requestToken } = await import('./token_form.js');
        const place = (form) => this.#header.element.append(form);
        const token = await requestToken(this.#app, { room: this.room, name: this.#identity.name, old: this.#connection.token, place });
        if (token === null) this.#setToken(null);
        return token;
    }

    // At the entrance, `joined` rejects and the form shows the error.
    #onNameRefused(error) {
        if (this.#app.controller !== this) return;
        this.#backToEntrance(isNameTaken(error) ? this.#app.texts.nameTaken : this.#app.texts['room.accessChanged']);
    }

    #backToEntrance(notice = null) {
        const { preferences, router } = this.#app;
        this.#keepUnsent();
        preferences.clearRoomIdentity(this.room.id);
        router.replace(entrancePath(this.room.id), { notice });
    }

    #onClosed(error) {
        if (this.#app.controller !== this) return;
        this.#endedBy = error;
        const { texts, router, preferences, notice } = this.#app;
        const code = error?.closeCode;
        if (code === ROOM_DELETED || error?.code === 101) {
            preferences.clearRoomIdentity(this.room.id);
            preferences.forgetMade(this.room.id);
            notice(texts.roomDeleted);
            router.replace('/');
        } else if (code === REPLACED) {
            this.#header.showBanner(texts.elsewhere, texts.takeOver, () => router.refresh());
        } else if (code === REMOVED) {
            this.#backToEntrance(texts.removedFromRoom);
        } else if (isTokenRefused(error) && this.#connection.token?.expiresAt <= Date.now()) {
            this.#backToEntrance(texts['room.accessExpired']);
        } else if (code === AUTHORIZATION_ENDED || error?.code !== null) {
            this.#backToEntrance(texts['room.accessChanged']);
        } else {
            this.#header.showBanner(texts.errorConnection, texts.tryAgain, () => router.refresh());
        }
    }

    #changeRoom() {
        const onchange = (room) => {
            this.room = room;
            this.#notifications.room = room;
            this.#header.showRoom(room);
        };
        const token = this.#app.preferences.ownerToken(this.room.id) ?? this.#identity.token;
        openLazily(
            this.#app,
            () => import('./settings.js'),
            (part) => part.openSettings(this.#app, { room: this.room, token, onchange }),
        );
    }
}
