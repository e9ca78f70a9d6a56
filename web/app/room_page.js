// The page of a room: shows the controller that the entrance has created, or, after a reload, one for the stored
// identity.
import { element } from './dom.js';
import { RoomController } from './room_controller.js';
import { entrancePath } from './router.js';
import { loadRoom, placeholder } from './status_page.js';

class RoomPage {
    #app;

    constructor(app, roomRef) {
        this.#app = app;
        if (app.controller) {
            this.element = app.controller.element;
            return;
        }
        this.element = element('div', { class: 'room-waiting' }, placeholder('room-skeleton'));
        this.#start(roomRef);
    }

    get isBusy() {
        return this.#app.controller?.isBusy === true;
    }

    /** Called once `element` is the visible page. */
    shown() {
        this.#app.controller?.enter();
    }

    /** Another language was chosen. */
    setLanguage() {
        if (this.#app.controller) this.#app.controller.setLanguage();
        else this.#app.router.refresh();
    }

    destroy() {
        this.element = null;
        this.#app.controller?.destroy();
    }

    async #start(roomRef) {
        const { preferences, router } = this.#app;
        const token = preferences.roomIdentity(roomRef)?.token ?? null;
        const room = await loadRoom(this.#app, roomRef, (problem) => this.element?.replaceChildren(problem), token);
        if (!room || !this.element) return;
        const identity = preferences.roomIdentity(room.id);
        if (!identity) return router.replace(entrancePath(room.id));
        const controller = new RoomController(this.#app, { room, identity });
        this.#app.controller = controller;
        this.element.replaceWith(controller.element);
        this.element = controller.element;
        controller.enter();
    }
}

export function view(app, { room }) {
    return new RoomPage(app, room);
}
