// The header of a room: its name, the state of the connection, the number of users, and the buttons.
import { element, icon, iconButton, presenceDot, updatePresenceDot, userText, visuallyHidden } from './dom.js';
import { languageSelect } from './language_select.js';
import { roomPath } from './router.js';

const STATE_TEXTS = {
    connecting: 'stateConnecting',
    online: 'stateOnline',
    waiting: 'stateWaiting',
    offline: 'stateOffline',
    locked: 'stateClosed',
    closed: 'stateClosed',
};

export class RoomHeader {
    #app;
    #notifications;
    #presenceDot;
    #banner = element('div', { class: 'room-banner', role: 'alert', hidden: true });

    /** `onsettings` is null if the user may not change the room. */
    constructor(app, { room, notifications, onmembers, onsettings }) {
        const { texts } = app;
        this.#app = app;
        this.#notifications = notifications;
        this.#presenceDot = presenceDot(room.title, 0);
        this.title = userText(room.title, { tabindex: '-1' }, 'h1');
        this.description = userText(room.description, { class: 'room-about' }, 'p');
        // Only visible: the room view announces changes to screen readers.
        this.state = element('p', { class: 'room-state' });
        this.count = element('span', { 'aria-hidden': 'true' });
        this.countName = visuallyHidden('');
        this.members = element(
            'button',
            { type: 'button', class: 'icon-button room-members', 'aria-expanded': 'false', onclick: onmembers },
            icon('people'),
            this.count,
            this.countName,
        );
        this.bell = this.#bell();
        const link = iconButton('link', texts.copyLink, {
            bare: true,
            class: 'icon-button room-link',
            onclick: () => this.#copyLink(room.id),
        });
        const settings = onsettings && iconButton('settings', texts.settings, { bare: true, onclick: onsettings });
        const back = element(
            'a',
            { href: '/', class: 'icon-button', 'aria-label': texts.allRooms, title: texts.allRooms },
            icon('back'),
        );
        this.element = element(
            'header',
            { class: 'room-head' },
            element(
                'div',
                { class: 'room-bar' },
                back,
                this.#presenceDot,
                element('div', { class: 'room-name' }, this.title, this.description),
                this.state,
                element(
                    'div',
                    { class: 'room-tools' },
                    this.members,
                    notifications.isSupported && this.bell,
                    link,
                    settings,
                    languageSelect(app),
                ),
            ),
            this.#banner,
        );
        this.showMembers(0);
        this.showState('connecting');
        this.showBell();
    }

    destroy() {
        this.#banner.replaceChildren();
    }

    showRoom({ title, description }) {
        this.title.textContent = title;
        this.description.textContent = description;
    }

    showState(state) {
        const text = this.#app.texts[STATE_TEXTS[state]];
        this.state.dataset.state = state;
        if (this.state.textContent !== text) this.state.replaceChildren(element('span', {}, text));
    }

    showMembers(count) {
        this.count.textContent = this.#app.texts.number(count);
        this.countName.textContent = this.#app.texts.members(count);
        this.members.title = this.#app.texts.members(count);
        updatePresenceDot(this.#presenceDot, count);
    }

    membersShown(shown) {
        this.members.setAttribute('aria-expanded', String(shown));
    }

    /** Whether notifications are on. */
    showBell() {
        const on = this.#notifications.isOn;
        const label = on ? this.#app.texts.notifyOff : this.#app.texts.notifyOn;
        this.bell.replaceChildren(icon(on ? 'bell' : 'bellOff'), visuallyHidden(label));
        this.bell.title = label;
    }

    /** Shows a banner that stays until the user acts. */
    showBanner(text, action, onaction) {
        this.#banner.hidden = false;
        this.#banner.replaceChildren(
            element('p', {}, text),
            element('button', { type: 'button', class: 'button', onclick: onaction }, action),
        );
    }

    #bell() {
        const onclick = async () => {
            const wasOn = this.#notifications.isOn;
            const isOn = await this.#notifications.toggle();
            if (!wasOn && !isOn) this.#app.notice(this.#app.texts.notifyRefused);
            this.showBell();
        };
        return element('button', { type: 'button', class: 'icon-button', onclick });
    }

    async #copyLink(roomId) {
        const link = new URL(roomPath(roomId), location.href).href;
        try {
            await navigator.clipboard.writeText(link);
            this.#app.notice(this.#app.texts.linkCopied);
        } catch {
            // Without HTTPS there is no clipboard: the user copies the link from the notice, so it stays.
            this.#app.notice(link, { stays: true });
        }
    }
}
