// The room: messages, composer, members, and the state of the connection. It works in a page and inside another shadow
// root: it has a shadow root of its own, and inherits only the custom properties of the theme (theme.js). The page or
// <globes-chat> owns it; all that it shows comes from the connection.
import { element, isTouchDevice } from './element.js';
import { HistoryLoader } from './history_loader.js';
import { Outgoing } from './outgoing.js';
import { Palette } from './palette.js';
import { RoomFrame } from './room_frame.js';
import { roomStyle } from './room_style.js';
import { RowElements } from './row_elements.js';
import { Rows } from './rows.js';
import { Timeline } from './timeline.js';
import { Times } from './times.js';
import { Unread } from './unread.js';
import { WindowedList } from './windowed_list.js';

/** The next page of history is requested when fewer rows than this are above the window. */
const ROWS_AHEAD = 40;
/** The number of messages that are kept while the reader is at the end; older ones are loaded again as history. */
const KEPT = 20_000;
/** In ms. A room that does not keep its last messages sends none. */
const FIRST_MESSAGES_MS = 1500;
/** In ms. How long the reason for a waiting message is shown, longer than the client waits before it sends it again. */
const WAITING_SHOWN_MS = 15_000;
/** The close code of a deleted room (docs/protocol.md). */
const ROOM_DELETED = 4504;

export class RoomView {
    #connection;
    #texts;
    #onUnread;
    #root;
    #scroller;
    #timeline = new Timeline();
    #rows = new Rows();
    #palette;
    #rowElements;
    #list;
    #loader;
    #outgoing;
    #unread;
    #frame;
    /** Messages with higher numbers are new; null before the first welcome. */
    #liveAfter = null;
    #isReady = false;
    #readyTimer = 0;
    #painting = 0;
    #membersChanged = false;
    #closeCode = null;
    #isWaiting = false; // a message waits, and the reason is shown
    #ended = new AbortController();
    #observer;

    /**
     * @param {Element} host gets the view as its last child, which fills it
     * @param {object} options
     * @param {import('../globes.js').RoomConnection} options.connection the view never closes it
     * @param {{ id: number }} options.room
     * @param {Record<string, any>} options.texts contains all keys `room.…` (load_texts.js)
     * @param {string} [options.language] for times; default: the document's, else the browser's
     * @param {boolean} [options.readOnly] without a composer
     * @param {number} [options.historyLength] number of messages to load if the connection is online already
     * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} [options.storage] keeps drafts
     * @param {(count: number) => void} [options.onUnread] called when the number of unread messages changes
     * @param {(shown: boolean) => void} [options.onMembers] called when the list of members opens or closes
     */
    constructor(host, { connection, room, texts, language, readOnly = false, historyLength = 50, storage, onUnread, onMembers }) {
        this.#connection = connection;
        this.#texts = texts;
        this.#onUnread = onUnread ?? (() => {});
        this.element = element('div', { class: 'globes-room' });
        // By script, because no stylesheet applies here.
        for (const [property, value] of [['display', 'block'], ['height', '100%'], ['min-height', '0'], ['flex', '1']]) {
            this.element.style.setProperty(property, value);
        }
        const shadow = this.element.attachShadow({ mode: 'open' });
        shadow.adoptedStyleSheets = [roomStyle()];
        this.#root = element('div', { class: 'room' });
        this.#palette = new Palette(this.#root);
        const writing = readOnly ? null : { storage, draftKey: `globes.draft.${room.id}`, send: (text) => this.#send(text) };
        this.#build(language || document.documentElement.lang || navigator.language, writing, onMembers ?? (() => {}));
        shadow.append(this.#root);
        host.append(this.element);
        this.#listen();
        this.#begin(historyLength);
    }

    /** Focuses the composer, or the messages if there is no composer or an on-screen keyboard would cover them. */
    focus() {
        if (this.#frame.composer && !isTouchDevice()) this.#frame.composer.focus();
        else this.#scroller.focus({ preventScroll: true });
    }

    /** Opens or closes the list of members; toggles it without `shown`. */
    showMembers(shown) {
        this.#frame.members.show(shown);
    }

    get membersShown() {
        return this.#frame.members.shown;
    }

    /**
     * Changes the language. The messages, the scroll position and the draft stay.
     * @param {{ texts: Record<string, any>, language: string }} options as for the constructor
     */
    setLanguage({ texts, language }) {
        this.#texts = texts;
        this.#rowElements.setLanguage(this.#texts, new Times(language));
        this.#scroller.setAttribute('aria-label', this.#texts['room.messages']);
        this.#frame.setLanguage(this.#texts);
        this.#frame.overlay.countUnread(this.#unread.count);
        this.#showState();
        this.#showMembers();
        this.#show();
    }

    /** Whether a reload would lose something: a draft, or the scroll position above the end. */
    get isBusy() {
        const { composer } = this.#frame;
        return (composer !== null && composer.text !== '') || this.unsent.length > 0 || !this.#list.atEnd;
    }

    /** Messages without a confirmation: `{ id, text }`, in order. */
    get unsent() {
        return this.#outgoing.unsent;
    }

    /** Sends messages that an earlier view could not send under the same name. */
    resend(messages) {
        this.#outgoing.resend(messages);
    }

    /** Inserts a text before the draft. */
    restoreText(text) {
        this.#frame.composer.restoreText(text);
    }

    /** Shows an error from elsewhere, such as a name that is taken. */
    showProblem(text) {
        this.#frame.stateLine.problem(text);
    }

    /** Removes the view. The connection stays open. */
    destroy() {
        this.#ended.abort();
        this.#observer.disconnect();
        cancelAnimationFrame(this.#painting);
        clearTimeout(this.#readyTimer);
        this.#list.destroy();
        this.#frame.destroy();
        this.element.remove();
    }

    // --- construction ------------------------------------------------------------------------------------------------

    #build(language, writing, membersShown) {
        const texts = this.#texts;
        const actions = {
            retry: (id) => this.#retry(id),
            discard: (id) => this.#discard(id),
            loadOlder: () => this.#loader.loadOlder(),
            loadGap: () => this.#loader.fillGap(),
            changed: () => this.#schedule(),
        };
        this.#rowElements = new RowElements({ texts, times: new Times(language), palette: this.#palette, actions });
        this.#unread = new Unread({ isVisible: () => this.#list.atEnd && !document.hidden, onCount: (count) => this.#showUnread(count) });
        // A browser scrolls to the end as it was at the key press, and not past rows that grow on the way.
        const keydown = ({ key }) => key === 'End' && this.#list.scrollToEnd();
        this.#scroller = element('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': texts['room.messages'], keydown });
        this.#frame = new RoomFrame(this.#root, {
            scroller: this.#scroller, texts, writing,
            people: { palette: this.#palette, nameOf: (name) => this.#rowElements.nameOf(name) },
            actions: { retry: () => this.#connection.retry(), jump: () => this.#jumpToEnd(), membersShown },
        });
        this.#list = new WindowedList(this.#scroller, {
            render: (row, made) => this.#rowElements.render(row, made),
            renderKey: (row) => this.#rowElements.renderKey(row),
            estimateHeight: (row) => this.#rowElements.estimateHeight(row),
            onScroll: () => this.#scrolled(),
        });
        this.#outgoing = new Outgoing({ connection: this.#connection, timeline: this.#timeline, changed: () => this.#schedule() });
        this.#loader = new HistoryLoader({
            connection: this.#connection,
            timeline: this.#timeline,
            add: (events) => events.forEach((event) => this.#timeline.add(event, event.isOwn)),
            changed: () => this.#schedule(),
        });
    }

    #listen() {
        const { signal } = this.#ended;
        const on = (type, listener) => this.#connection.addEventListener(type, ({ detail }) => listener(detail), { signal });
        on('state', () => this.#showState());
        on('welcome', (welcome) => this.#onWelcome(welcome));
        on('event', (event) => this.#onEvent(event));
        on('users', () => {
            this.#membersChanged = true;
            this.#schedule();
        });
        on('gap', (gap) => this.#onGap(gap));
        on('problem', ({ error, id }) => (id === undefined ? this.#onProblem(error) : this.#onWaiting(error)));
        on('closed', ({ error }) => {
            this.#closeCode = error?.closeCode ?? null;
            this.#showState();
        });
        document.addEventListener('visibilitychange', () => this.#unread.update(), { signal });
        // No other event tells that a custom property has changed.
        this.#root.addEventListener('transitionend', ({ target }) => target === this.#root && this.#paint(), { signal });
        // The view may be made before its host is in the document, where it has neither size nor theme.
        let shown = false;
        this.#observer = new ResizeObserver(() => {
            const visible = this.#root.clientHeight > 0;
            if (visible) this.#frame.composer?.resize();
            if (visible && !shown) this.#paint();
            shown = visible;
        });
        this.#observer.observe(this.#root);
    }

    #begin(historyLength) {
        this.#showState();
        this.#showMembers();
        if (this.#connection.state !== 'online') return;
        // The welcome was before this view, and so were the first messages.
        this.#liveAfter = this.#connection.seq;
        this.#loader.loadNewest(historyLength).finally(() => this.#ready());
    }

    // --- events of the connection ------------------------------------------------------------------------------------

    #onWelcome({ seq }) {
        if (this.#liveAfter === null) {
            this.#liveAfter = seq;
            if (seq === 0) {
                this.#loader.older = 'none';
                this.#ready();
            } else this.#readyTimer = setTimeout(() => this.#ready(), FIRST_MESSAGES_MS);
        }
        this.#loader.fillGap();
        if (this.#loader.older === 'failed') this.#loader.older = 'more';
        this.#schedule();
    }

    #onEvent(event) {
        const item = this.#timeline.add(event, event.isOwn);
        const { seq } = event;
        if (event.isOwn && event.event_type === 'send') this.#endWaiting();
        if (seq === 1) this.#loader.older = 'none';
        if (item && seq > this.#liveAfter && !item.own) {
            this.#unread.add(seq);
            this.#frame.announcer.announce(this.#texts['room.message'](this.#rowElements.nameOf(item.name), item.text));
        }
        if (!this.#isReady && seq >= this.#liveAfter) this.#ready();
        if (this.#timeline.size > KEPT && this.#list.atEnd && this.#timeline.forgetAllBut(KEPT / 2)) this.#loader.older = 'more';
        this.#schedule();
    }

    #onGap({ from, to, reset }) {
        if (!reset) return this.#loader.missed({ from, to });
        // The room does not contain the old messages any more.
        this.#liveAfter = to;
        this.#unread.reset();
        this.#loader.reset();
        this.#timeline.add({ event_type: 'reset', seq: to, time: Date.now() }, false);
        this.#frame.announcer.announce(this.#texts['room.reset']);
    }

    #onProblem(error) {
        const texts = this.#texts;
        if (error.code === 202) this.showProblem(texts['room.nameTaken'](this.#connection.name));
        else if (error.field === 'name') this.showProblem(texts['room.nameRefused']);
        else if (error.code === 503) this.showProblem(texts['room.tooFast']);
        else if (error.msg) this.showProblem(error.msg);
    }

    /** A message waits until the server can store it, and is refused each time that it is sent again. */
    #onWaiting(error) {
        if (!error.reason) return;
        this.#isWaiting = true;
        this.#frame.stateLine.problem(this.#texts['room.reason'](error.reason), WAITING_SHOWN_MS);
    }

    /** A message was stored. */
    #endWaiting() {
        if (!this.#isWaiting) return;
        this.#isWaiting = false;
        if (this.#connection.state === 'online') this.#frame.stateLine.endProblem();
    }

    #showState() {
        const { state, retryAt } = this.#connection;
        this.#root.dataset.state = state;
        this.#frame.stateLine.update({ state, retryAt, closeCode: this.#closeCode });
        if (this.#closeCode === ROOM_DELETED) this.#endWriting();
        if (state === 'closed') this.#ready();
    }

    /** The room is deleted. Its messages can still be read. */
    #endWriting() {
        const { composer } = this.#frame;
        if (!composer) return;
        const hadFocus = composer.element.contains(this.element.shadowRoot.activeElement);
        composer.element.hidden = true;
        if (hadFocus) this.#scroller.focus();
    }

    #showMembers() {
        this.#membersChanged = false;
        const { users, online, name } = this.#connection;
        this.#frame.members.update({ users, online, me: name });
    }

    // --- actions of the user -----------------------------------------------------------------------------------------

    #send(text) {
        this.#outgoing.send(text);
        this.#ready();
        this.#unread.clearMarker();
        this.#list.scrollToEnd();
    }

    #retry(id) {
        this.#outgoing.retry(id);
        this.#list.scrollToEnd();
        this.focus();
    }

    #discard(id) {
        this.restoreText(this.#outgoing.discard(id));
        this.#schedule();
    }

    #jumpToEnd() {
        this.#list.scrollToEnd();
        // The button had the focus and is hidden now.
        this.focus();
    }

    #scrolled() {
        this.#unread.update();
        if (this.#isReady && this.#list.rowsAbove < ROWS_AHEAD && this.#loader.older === 'more') this.#loader.loadOlder();
        this.#frame.overlay.offerJump(!this.#list.atEnd);
    }

    #showUnread(count) {
        this.#frame.overlay.countUnread(count);
        this.#onUnread(count);
    }

    // --- rendering ---------------------------------------------------------------------------------------------------

    /** The theme may have changed. */
    #paint() {
        this.#palette.refresh();
        this.#showMembers();
        this.#schedule();
    }

    #ready() {
        clearTimeout(this.#readyTimer);
        this.#isReady = true;
        this.#schedule();
    }

    #schedule() {
        this.#painting ||= requestAnimationFrame(() => {
            this.#painting = 0;
            if (this.#membersChanged) this.#showMembers();
            this.#show();
        });
    }

    #show() {
        if (!this.#isReady) return;
        const { older, gap } = this.#loader;
        // An empty room has its own text instead of the one at the beginning.
        const isEmpty = older === 'none' && !this.#timeline.hasMessages;
        this.#frame.overlay.showLoaded({ isEmpty });
        const { confirmed, unconfirmed } = this.#timeline;
        const state = { older, gap, newFrom: this.#unread.newFrom, isEmpty };
        const kept = this.#rows.update(confirmed, this.#timeline.takeChange(), unconfirmed, state);
        this.#list.replaceFrom(kept, this.#rows.all.slice(kept));
    }
}
