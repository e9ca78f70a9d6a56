// Everything around the messages: the state line, the composer, the members, the overlay, and the announcer. All of it
// contains texts, so another language replaces all of it; the messages stay.
import { Announcer } from './announcer.js';
import { Composer } from './composer.js';
import { element } from './element.js';
import { MemberList } from './member_list.js';
import { MessageOverlay } from './message_overlay.js';
import { StateLine } from './state_line.js';

export class RoomFrame {
    #messages;
    #make;

    stateLine;
    members;
    overlay;
    announcer;
    /** Null if the user only reads. */
    composer;

    /**
     * @param {HTMLElement} root empty
     * @param {object} parts
     * @param {HTMLElement} parts.scroller of the messages
     * @param {Record<string, any>} parts.texts
     * @param {{ palette: import('./palette.js').Palette, nameOf: (name: string) => string }} parts.people how users are shown
     * @param {{ retry: () => void, jump: () => void, membersShown: (shown: boolean) => void }} parts.actions
     * @param {{ storage?: object, draftKey: string, send: (text: string) => void } | null} parts.writing null without a composer
     */
    constructor(root, { scroller, texts, people, actions, writing }) {
        this.#make = (texts, draft) => {
            this.announcer = new Announcer(texts);
            this.stateLine = new StateLine({ texts, retry: actions.retry });
            this.members = new MemberList({ texts, ...people, onShown: actions.membersShown });
            this.overlay = new MessageOverlay({ texts, jump: actions.jump });
            this.composer = writing && new Composer({ texts, ...writing, draft });
        };
        this.#make(texts);
        this.#messages = element('div', { class: 'messages' }, scroller, ...this.overlay.elements);
        const main = element('div', { class: 'main' }, this.#messages, this.stateLine.element, this.composer?.element);
        root.append(main, this.members.element, this.announcer.element);
    }

    /** Changes the language. The draft stays, and the list of members stays open or closed. */
    setLanguage(texts) {
        const { announcer, stateLine, members, overlay, composer } = this;
        this.destroy();
        this.#make(texts, composer?.text);
        this.members.element.hidden = members.element.hidden;
        for (const [was, is] of [[announcer, this.announcer], [stateLine, this.stateLine], [members, this.members], [composer, this.composer]]) {
            was?.element.replaceWith(is.element);
        }
        for (const part of overlay.elements) part.remove();
        this.#messages.append(...this.overlay.elements);
        this.composer?.resize();
    }

    destroy() {
        this.announcer.destroy();
        this.stateLine.destroy();
    }
}
