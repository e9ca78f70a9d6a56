// How a room calls for attention while its tab is out of sight: the count of unread messages in the tab's title, and
// notifications for whoever wants them.

/** Longer texts are cut by every system anyway. */
const MAX_NOTIFICATION_LENGTH = 200;

export class Attention {
    #app;
    #room;
    #unread = 0;
    #shown = new Set();

    constructor(app, room) {
        this.#app = app;
        this.#room = room;
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

    get isSupported() {
        return 'Notification' in window;
    }

    get isOn() {
        return this.isSupported && Notification.permission === 'granted' && this.#app.keep.notifies;
    }

    /** Turns notifications on or off; resolves with whether they are on. The browser asks the person the first time. */
    async toggle() {
        const { keep } = this.#app;
        if (this.isOn) {
            keep.notifies = false;
            return false;
        }
        keep.notifies = (await Notification.requestPermission()) === 'granted';
        return keep.notifies;
    }

    /** A message that came in while nobody looked. */
    notify(event) {
        if (!document.hidden || !this.isOn) return;
        const body = event.msg.slice(0, MAX_NOTIFICATION_LENGTH);
        const notification = new Notification(`${event.name} · ${this.#room.title}`, {
            body,
            tag: `globes-${this.#room.id}`,
            icon: '/favicon.svg',
        });
        this.#shown.add(notification);
        notification.onclick = () => window.focus();
        notification.onclose = () => this.#shown.delete(notification);
    }

    #onVisible = () => {
        if (!document.hidden) this.#dismiss();
    };

    #dismiss() {
        for (const notification of this.#shown) notification.close();
        this.#shown.clear();
    }
}
