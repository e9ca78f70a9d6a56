// The room as one is in it: messages, composer, members, the state of the connection. Works wherever its host stands, in a page
// or in another shadow root: it lives in a shadow root of its own and takes from outside only the custom properties of the theme
// (theme.js). The page and <globes-chat> own it; all that it shows comes from the connection.
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

/** So many rows before the oldest one shown, the next page is asked for. */
const ROWS_AHEAD = 40;
/** So many messages are kept while the end is being read; what is older comes back as history. */
const KEPT = 20_000;
/** In ms: a room whose last messages are not kept any more sends none. */
const FIRST_MESSAGES_MS = 1500;
/** The close code of a room that is no more (docs/protocol.md). */
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
    /** What is numbered higher was said since we came; null until the first welcome. */
    #liveAfter = null;
    #isReady = false;
    #readyTimer = 0;
    #painting = 0;
    #membersChanged = false;
    #closeCode = null;
    #ended = new AbortController();
    #observer;

    /**
     * @param {Element} host where the view goes, as its last child; it fills it
     * @param {object} options
     * @param {import('../globes.js').RoomConnection} options.connection the view listens and sends, and never closes it
     * @param {{ id: number }} options.room
     * @param {Record<string, any>} options.texts those with keys `room.…` are used, all of which are there (load_texts.js)
     * @param {string} [options.language] for times; default: the document's, else the browser's
     * @param {boolean} [options.readOnly] no composer
     * @param {number} [options.historyLength] messages to begin with where the connection was online before the view
     * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} [options.storage] keeps drafts
     * @param {(count: number) => void} [options.onUnread] told whenever the number of unseen messages changes
     * @param {(shown: boolean) => void} [options.onMembers] told when the list of members opens or closes
     */
    constructor(host, { connection, room, texts, language, readOnly = false, historyLength = 50, storage, onUnread, onMembers }) {
        this.#connection = connection;
        this.#texts = texts;
        this.#onUnread = onUnread ?? (() => {});
        this.element = element('div', { class: 'globes-room' });
        // Fills its host by script, as no stylesheet reaches it here.
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

    /** Puts the cursor into the composer, or the keys on the messages: where nobody writes, or a keyboard would cover them. */
    focus() {
        if (this.#frame.composer && !isTouchDevice()) this.#frame.composer.focus();
        else this.#scroller.focus({ preventScroll: true });
    }

    /** Opens or closes the list of members; without `shown` it does the other. */
    showMembers(shown) {
        this.#frame.members.show(shown);
    }

    get membersShown() {
        return this.#frame.members.shown;
    }

    /**
     * Says everything in another language. The messages, the reader's place among them and what is being written stay.
     * @param {{ texts: Record<string, any>, language: string }} words as for the constructor
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

    /** Whether a reload would lose something: words, or the reader's place above the end. */
    get isBusy() {
        const { composer } = this.#frame;
        return (composer !== null && composer.text !== '') || this.unsent.length > 0 || !this.#list.atEnd;
    }

    /** What was written here and is not known to have arrived: `{ id, text }`, in order. */
    get unsent() {
        return this.#outgoing.unsent;
    }

    /** Goes on with what an earlier view could not send under the same name. */
    resend(messages) {
        this.#outgoing.resend(messages);
    }

    /** Puts a text before what is being written. */
    restoreText(text) {
        this.#frame.composer.restoreText(text);
    }

    /** Says a refusal that came from elsewhere, such as a name that is taken. */
    showProblem(text) {
        this.#frame.stateLine.problem(text);
    }

    /** Takes the view out of its host. The connection stays as it is. */
    destroy() {
        this.#ended.abort();
        this.#observer.disconnect();
        cancelAnimationFrame(this.#painting);
        clearTimeout(this.#readyTimer);
        this.#list.destroy();
        this.#frame.destroy();
        this.element.remove();
    }

    // --- making ------------------------------------------------------------------------------------------------------

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
        // By itself, a browser goes to where the end was when the key was pressed, and not past rows that grow on the way.
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
        on('problem', ({ error, id }) => id === undefined && this.#onProblem(error));
        on('closed', ({ error }) => {
            this.#closeCode = error?.closeCode ?? null;
            this.#showState();
        });
        document.addEventListener('visibilitychange', () => this.#unread.update(), { signal });
        // Dark for light, or a site's own choice: nothing else tells that a custom property has changed.
        this.#root.addEventListener('transitionend', ({ target }) => target === this.#root && this.#paint(), { signal });
        // The view may be made before its host is in the document, where there is neither size nor theme.
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
        // Welcomed before we listened: its first messages went by.
        this.#liveAfter = this.#connection.seq;
        this.#loader.loadNewest(historyLength).finally(() => this.#ready());
    }

    // --- what the connection tells -----------------------------------------------------------------------------------

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
        if (seq === 1) this.#loader.older = 'none';
        if (item && seq > this.#liveAfter && !item.own) {
            this.#unread.add(seq);
            this.#frame.announcer.say(this.#texts['room.message'](this.#rowElements.nameOf(item.name), item.text));
        }
        if (!this.#isReady && seq >= this.#liveAfter) this.#ready();
        if (this.#timeline.size > KEPT && this.#list.atEnd && this.#timeline.forgetAllBut(KEPT / 2)) this.#loader.older = 'more';
        this.#schedule();
    }

    #onGap({ from, to, reset }) {
        if (!reset) return this.#loader.missed({ from, to });
        // What was shown is not in the room any more.
        this.#liveAfter = to;
        this.#unread.reset();
        this.#loader.reset();
        this.#timeline.add({ event_type: 'reset', seq: to, time: Date.now() }, false);
        this.#frame.announcer.say(this.#texts['room.reset']);
    }

    #onProblem(error) {
        const texts = this.#texts;
        if (error.code === 202) this.showProblem(texts['room.nameTaken'](this.#connection.name));
        else if (error.field === 'name') this.showProblem(texts['room.nameRefused']);
        else if (error.code === 503) this.showProblem(texts['room.tooFast']);
        else if (error.msg) this.showProblem(error.msg);
    }

    #showState() {
        const { state, retryAt } = this.#connection;
        this.#root.dataset.state = state;
        this.#frame.stateLine.update({ state, retryAt, closeCode: this.#closeCode });
        if (this.#closeCode === ROOM_DELETED) this.#endWriting();
        if (state === 'closed') this.#ready();
    }

    /** Nobody hears it any more. What was said can still be read. */
    #endWriting() {
        const { composer } = this.#frame;
        if (!composer) return;
        const hadFocus = composer.element.contains(this.element.shadowRoot.activeElement);
        composer.element.hidden = true;
        if (hadFocus) this.#scroller.focus();
    }

    #showMembers() {
        this.#membersChanged = false;
        this.#frame.members.update(this.#connection.users, this.#connection.name);
    }

    // --- what the reader does ----------------------------------------------------------------------------------------

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
        // The button is gone now, and with it the focus.
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

    // --- painting ----------------------------------------------------------------------------------------------------

    /** The theme may be another one. */
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
        // An empty room has a word of its own for where the conversation begins.
        const isEmpty = older === 'none' && !this.#timeline.hasMessages;
        this.#frame.overlay.showLoaded({ isEmpty });
        const { confirmed, unconfirmed } = this.#timeline;
        const state = { older, gap, newFrom: this.#unread.newFrom, isEmpty };
        const kept = this.#rows.update(confirmed, this.#timeline.takeChange(), unconfirmed, state);
        this.#list.replaceFrom(kept, this.#rows.all.slice(kept));
    }
}
