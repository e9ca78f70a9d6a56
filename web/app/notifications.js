// Tells the user of messages while the tab is hidden: a count of unread messages in the tab's title, and notifications
// if the user wants them.
import { shortened } from '../room/graphemes.js';

/**
 * Browsers whose Notification constructor throws, because only a service worker may notify. This cannot be tried
 * without showing a notification, so they are recognized by their name. Others are handled when the constructor throws.
 */
const NEEDS_SERVICE_WORKER = /\bAndroid\b.*\bChrome\//;

/** All systems truncate longer texts. */
const MAX_NOTIFICATION_LENGTH = 200;

export class Notifications {
    #app;
    #room;
    #unread = 0;
    #shown = new Set();
    #onchange;

    /** `onchange()` is called if notifications may have been switched other than by `toggle`. */
    constructor(app, room, { onchange }) {
        this.#app = app;
        this.#room = room;
        this.#onchange = onchange;
        document.addEventListener('visibilitychange', this.#onVisible);
    }

    destroy() {
        document.removeEventListener('visibilitychange', this.#onVisible);
        this.#dismiss();
    }

    set room(room) {
        this.#room = room;
        this.unread = this.#unread;
    }

    set unread(count) {
        this.#unread = count;
        const { texts } = this.#app;
        this.#app.setTitle(count > 0 ? texts.unreadTitle(count, this.#room.title) : this.#room.title);
    }

    /** Whether this browser can show notifications. */
    get isSupported() {
        const { Notification, isSecureContext, navigator } = window;
        return typeof Notification === 'function' && isSecureContext && !NEEDS_SERVICE_WORKER.test(navigator.userAgent);
    }

    get isOn() {
        return this.#isWanted && Notification.permission === 'granted';
    }

    /** Switches notifications on or off; resolves with the new state. The browser asks the user the first time. */
    async toggle() {
        const { preferences } = this.#app;
        if (this.isOn) {
            preferences.notifies = false;
            return false;
        }
        try {
            preferences.notifies = (await Notification.requestPermission()) === 'granted';
        } catch {
            preferences.notifies = false;
        }
        return preferences.notifies;
    }

    /** Shows a message if the tab is hidden. */
    notify(event) {
        if (!document.hidden || !this.#isWanted) return;
        const { texts } = this.#app;
        if (!this.isOn) return this.#end(texts.notifyRefused);
        const body = shortened(event.msg, MAX_NOTIFICATION_LENGTH);
        let notification;
        try {
            notification = new Notification(`${event.name} · ${this.#room.title}`, {
                body,
                tag: `globes-${this.#room.id}`,
                icon: '/favicon.svg',
            });
        } catch {
            return this.#end(texts.notifyFailed);
        }
        this.#shown.add(notification);
        notification.onclick = () => window.focus();
        notification.onclose = () => this.#shown.delete(notification);
    }

    get #isWanted() {
        return this.isSupported && this.#app.preferences.notifies;
    }

    #end(why) {
        this.#app.preferences.notifies = false;
        this.#onchange();
        this.#app.notice(why);
    }

    #onVisible = () => {
        if (document.hidden) return;
        this.#dismiss();
        // The user may have changed the browser's settings.
        this.#onchange();
    };

    #dismiss() {
        for (const notification of this.#shown) notification.close();
        this.#shown.clear();
    }
}
