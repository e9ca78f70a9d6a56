// The page of a room: the stage that the entrance has set up, or, after a reload, one for the seat that was kept.
import { element } from './dom.js';
import { RoomStage } from './room_stage.js';
import { entrancePath } from './router.js';
import { loadRoom, placeholder } from './whole_page.js';

class RoomPage {
    #app;

    constructor(app, roomRef) {
        this.#app = app;
        if (app.stage) {
            this.element = app.stage.element;
            return;
        }
        this.element = element('div', { class: 'room-waiting' }, placeholder('room-skeleton'));
        this.#start(roomRef);
    }

    get isBusy() {
        return this.#app.stage?.isBusy === true;
    }

    /** Called once `element` is the page that is seen. */
    shown() {
        this.#app.stage?.enter();
    }

    /** Another language was chosen. */
    speak() {
        if (this.#app.stage) this.#app.stage.speak();
        else this.#app.router.refresh();
    }

    destroy() {
        this.element = null;
        this.#app.stage?.destroy();
    }

    async #start(roomRef) {
        const { keep, router } = this.#app;
        const token = keep.seat(roomRef)?.token ?? null;
        const room = await loadRoom(this.#app, roomRef, (problem) => this.element?.replaceChildren(problem), token);
        if (!room || !this.element) return;
        const seat = keep.seat(room.id);
        if (!seat) return router.replace(entrancePath(room.id));
        const stage = new RoomStage(this.#app, { room, seat });
        this.#app.stage = stage;
        this.element.replaceWith(stage.element);
        this.element = stage.element;
        stage.enter();
    }
}

export function view(app, { room }) {
    return new RoomPage(app, room);
}
