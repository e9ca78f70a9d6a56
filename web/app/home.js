// The list of rooms with live counts, the search, and the button for a new room.
import { element, icon, iconButton, presenceDot, updatePresenceDot, userText, visuallyHidden } from './dom.js';
import { openLazily } from './lazy_loading.js';
import { RoomList, matchesQuery } from './room_list.js';
import { entrancePath, roomPath } from './router.js';

const POLL_MS = 5000;
const SKELETON_ROWS = 6;

function createRoom(app, draft) {
    openLazily(
        app,
        () => import('./create_room.js'),
        (part) => part.createRoom(app, draft),
    );
}

/** What a row shows, without the number of users. */
function fingerprintOf({ title, description, visibility }) {
    return JSON.stringify([title, description, visibility]);
}

class RoomRow {
    #texts;
    #presenceDot;
    #count;

    constructor(app, room) {
        const { texts, preferences } = app;
        this.fingerprint = fingerprintOf(room);
        this.#texts = texts;
        this.#presenceDot = presenceDot(room.title, 0);
        this.#count = element('span', { class: 'room-count' });
        const text = element(
            'span',
            { class: 'room-text' },
            userText(room.title, { class: 'room-title' }),
            room.description !== '' && userText(room.description, { class: 'room-description' }),
        );
        const marks = element(
            'span',
            { class: 'room-marks' },
            element('span', { class: 'mark' }, icon(room.visibility), element('span', {}, texts[room.visibility])),
            preferences.hasMade(room.id) && element('span', { class: 'mark mark-own' }, texts.yours),
        );
        const path = preferences.roomIdentity(room.id) ? roomPath(room.id) : entrancePath(room.id);
        // The spaces separate the parts of the link's name: title, description, badges, count.
        const link = element(
            'a',
            { class: 'room-row', href: path },
            this.#presenceDot,
            text,
            visuallyHidden('. '),
            marks,
            visuallyHidden('. '),
            this.#count,
        );
        this.element = element('li', {}, link);
        this.update(room);
    }

    update(room) {
        const online = room.online ?? room.users.length;
        updatePresenceDot(this.#presenceDot, online);
        const text = online > 0 ? this.#texts.online(online) : this.#texts.nobody;
        if (this.#count.textContent !== text) this.#count.textContent = text;
        this.#count.toggleAttribute('data-online', online > 0);
    }
}

class Home {
    #app;
    #list;
    #rows = new Map();
    /** Ids in the order shown; a room keeps its place when its count changes. */
    #order = [];
    /** Hidden rooms that were made in this browser. */
    #unlisted = [];
    #poll = null;
    #isOver = false;
    #query = '';

    constructor(app) {
        const { texts } = app;
        this.#app = app;
        this.#list = new RoomList(app.globes);
        this.summary = element('p', { class: 'home-summary' });
        const heading = element('h1', { tabindex: '-1' }, texts.homeTitle);
        const create = iconButton('plus', texts.newRoom, { class: 'button primary', onclick: () => createRoom(app) });
        this.search = element('input', {
            type: 'search',
            class: 'input',
            dir: 'auto',
            'aria-label': texts.search,
            placeholder: texts.search,
            autocomplete: 'off',
            oninput: () => this.#searchFor(this.search.value),
        });
        this.status = element('p', { class: 'list-status', role: 'status' });
        this.rooms = element('ul', { class: 'rooms', 'aria-busy': 'true', 'aria-label': texts.homeTitle });
        this.rooms.append(
            ...Array.from({ length: SKELETON_ROWS }, () =>
                element('li', { class: 'room-skeleton', 'aria-hidden': 'true' }),
            ),
        );
        this.more = element(
            'button',
            { type: 'button', class: 'button', hidden: true, onclick: () => this.#loadMore() },
            texts.moreRooms,
        );
        this.element = element(
            'div',
            { class: 'home' },
            element('div', { class: 'home-head' }, heading, this.summary, create),
            element('div', { class: 'search' }, icon('search'), this.search),
            this.status,
            this.rooms,
            this.more,
        );
        document.addEventListener('visibilitychange', this.#onVisible);
        this.#start();
    }

    /** A reload would lose the search. */
    get isBusy() {
        return this.#query !== '';
    }

    destroy() {
        clearTimeout(this.#poll);
        this.#poll = null;
        this.#isOver = true;
        document.removeEventListener('visibilitychange', this.#onVisible);
    }

    async #start() {
        this.rooms.setAttribute('aria-label', this.#app.texts.roomsLoading);
        try {
            await this.#list.loadMore();
        } catch {
            return this.#fail();
        }
        if (this.#isOver) return;
        this.rooms.removeAttribute('aria-busy');
        this.rooms.setAttribute('aria-label', this.#app.texts.homeTitle);
        this.rooms.replaceChildren();
        this.#show();
        this.#pollSoon();
        await this.#findUnlisted();
    }

    #fail() {
        const { texts } = this.#app;
        this.rooms.replaceChildren();
        this.rooms.removeAttribute('aria-busy');
        this.status.replaceChildren(
            texts.listFailed,
            ' ',
            element(
                'button',
                { type: 'button', class: 'button', onclick: () => this.#app.router.refresh() },
                texts.tryAgain,
            ),
        );
    }

    // Hidden rooms are not listed, but the person who made one must be able to find it.
    async #findUnlisted() {
        const listed = new Set(this.#list.rooms.map(({ id }) => id));
        const requests = this.#app.preferences.madeRooms
            .filter((id) => !listed.has(id))
            .map((id) => this.#app.globes.rooms.get(id));
        const answers = await Promise.allSettled(requests);
        this.#unlisted = answers
            .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
            .filter(({ visibility }) => visibility === 'hidden');
        if (this.#unlisted.length > 0) this.#show();
    }

    async #loadMore() {
        const first = this.#order.length;
        try {
            await this.#list.loadMore();
        } catch {
            return this.#app.notice(this.#app.texts.listStale);
        }
        this.#show();
        this.rooms.children[first]?.querySelector('a').focus();
    }

    #onVisible = () => {
        if (!document.hidden && this.#poll !== null) this.#refresh();
    };

    #pollSoon() {
        clearTimeout(this.#poll);
        this.#poll = setTimeout(() => this.#refresh(), POLL_MS);
    }

    async #refresh() {
        if (document.hidden) return;
        const isThere = await this.#list.refresh().then(() => true, () => false);
        if (this.#poll === null) return;
        const wasStale = this.element.hasAttribute('data-stale');
        this.element.toggleAttribute('data-stale', !isThere);
        if (isThere) this.#show();
        else this.status.textContent = this.#app.texts.listStale;
        this.#pollSoon();
        // After an outage the server may run another version.
        if (isThere && wasStale) this.#app.upgrade.check();
    }

    async #searchFor(query) {
        this.#query = query.trim();
        this.#show();
        if (this.#query === '' || !this.#list.hasMore) return;
        try {
            await this.#list.loadAll();
        } catch {
            return this.#app.notice(this.#app.texts.listStale);
        }
        this.#show();
    }

    #show() {
        const { texts } = this.#app;
        const listed = this.#list.rooms;
        const rooms = new Map([...this.#unlisted, ...listed].map((room) => [room.id, room]));
        this.#updateRows(rooms);
        const shown =
            this.#query === '' ? this.#order : this.#order.filter((id) => matchesQuery(rooms.get(id), this.#query));
        this.#place(shown.map((id) => this.#rows.get(id).element));

        const occupied = listed.filter(({ online }) => online > 0);
        const people = occupied.reduce((sum, { online }) => sum + online, 0);
        this.summary.textContent = people > 0 ? texts.homeLively(people, occupied.length) : texts.homeQuiet;
        this.more.hidden = !this.#list.hasMore || this.#query !== '';
        this.#updateStatus(rooms.size, shown.length);
    }

    /** Updates rows and order: known rooms stay in place, new ones follow, those with most users first. */
    #updateRows(rooms) {
        for (const id of this.#rows.keys()) {
            if (rooms.has(id)) continue;
            this.#rows.delete(id);
            this.#order = this.#order.filter((other) => other !== id);
        }
        const added = [...rooms.values()].filter(({ id }) => !this.#rows.has(id));
        added.sort((a, b) => (b.online ?? 0) - (a.online ?? 0) || a.id - b.id);
        for (const room of added) {
            this.#rows.set(room.id, new RoomRow(this.#app, room));
            this.#order.push(room.id);
        }
        for (const [id, room] of rooms) {
            if (this.#rows.get(id).fingerprint === fingerprintOf(room)) this.#rows.get(id).update(room);
            else this.#replace(room);
        }
    }

    #replace(room) {
        const { element: old } = this.#rows.get(room.id);
        const row = new RoomRow(this.#app, room);
        const hadFocus = old.contains(document.activeElement);
        this.#rows.set(room.id, row);
        old.replaceWith(row.element);
        if (hadFocus) row.element.querySelector('a').focus();
    }

    // Moves only what differs, so that a poll changes neither focus nor scroll position.
    #place(elements) {
        const wanted = new Set(elements);
        for (const child of [...this.rooms.children]) if (!wanted.has(child)) child.remove();
        elements.forEach((child, index) => {
            if (this.rooms.children[index] !== child)
                this.rooms.insertBefore(child, this.rooms.children[index] ?? null);
        });
    }

    #updateStatus(known, shown) {
        const { texts } = this.#app;
        const query = this.#query;
        if (query !== '' && shown === 0) {
            const create = element(
                'button',
                { type: 'button', class: 'button', onclick: () => createRoom(this.#app, { title: query }) },
                texts.createNamed,
            );
            this.status.replaceChildren(texts.searchNothing(query), ' ', create);
        } else {
            const text = query !== '' ? texts.searchCount(shown) : known === 0 ? texts.noRooms : '';
            if (this.status.textContent !== text) this.status.textContent = text;
        }
    }
}

export function view(app) {
    app.setTitle(app.texts.homeTitle);
    return new Home(app);
}
