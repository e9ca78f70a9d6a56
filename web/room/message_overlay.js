// The elements over the messages: the skeleton while they load, the text for an empty room, and the button to the
// newest.
import { element, icon, visuallyHidden } from './element.js';

const SKELETON_BUBBLES = 7;
const MOST_SHOWN = 99;

export class MessageOverlay {
    #texts;
    #skeleton;
    #empty;
    #jump;

    /** The view adds them behind the messages. */
    elements;

    /** @param {{ texts: Record<string, any>, jump: () => void }} parts */
    constructor({ texts, jump }) {
        this.#texts = texts;
        const bubbles = Array.from({ length: SKELETON_BUBBLES }, () => element('span'));
        this.#skeleton = element('div', { class: 'skeleton', role: 'status' }, visuallyHidden(texts['room.loading']), ...bubbles);
        this.#empty = element('p', { class: 'empty', hidden: true }, texts['room.empty']);
        this.#jump = element('button', { type: 'button', class: 'jump', hidden: true, click: jump });
        this.elements = [this.#skeleton, this.#empty, this.#jump];
        this.countUnread(0);
    }

    /** The messages are loaded. */
    showLoaded({ isEmpty }) {
        this.#skeleton.hidden = true;
        this.#empty.hidden = !isEmpty;
    }

    /** Shows or hides the button to the newest message. */
    offerJump(offered) {
        if (this.#jump.hidden === offered) this.#jump.hidden = !offered;
    }

    countUnread(count) {
        const shown = count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count);
        const label = this.#texts['room.jump'](count);
        this.#jump.setAttribute('aria-label', label);
        this.#jump.title = label;
        this.#jump.replaceChildren(icon('down'));
        if (count > 0) this.#jump.append(element('span', { class: 'badge', 'aria-hidden': 'true' }, shown));
    }
}
