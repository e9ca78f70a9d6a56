// The composer: a field that grows, a draft that survives a reload, the number of characters left, emoji, and Send.
import { element, freshId, icon, iconButton, isTouchDevice } from './element.js';
import { roomLeft } from './text_length.js';

/** A possible emoji code. */
const CODE = /:[a-z_]+:/;

export class Composer {
    #texts;
    #storage;
    #draftKey;
    #send;
    #input;
    #count;
    #button;
    /** The module that replaces codes by emoji; null until it is loaded. */
    #shortcodes = null;
    #loading = null;
    #emojiButton;
    /** Null until it is opened for the first time. */
    #picker = null;

    /** The view adds it to the document. */
    element;

    /**
     * @param {{ texts: Record<string, any>, storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
     *     draftKey: string, draft?: string, send: (text: string) => void }} parts without `storage`, drafts are lost with
     *     the view; `draft`: the first content of the field
     */
    constructor({ texts, storage, draftKey, draft, send }) {
        this.#texts = texts;
        this.#storage = storage;
        this.#draftKey = draftKey;
        this.#send = send;
        const countId = freshId('count');
        this.#input = element('textarea', {
            rows: 1, dir: 'auto', enterkeyhint: isTouchDevice() ? 'enter' : 'send', autocomplete: 'off', placeholder: texts['room.placeholder'],
            'aria-label': texts['room.write'], 'aria-describedby': countId,
            input: () => this.#changed(), keydown: (event) => this.#pressed(event),
        });
        this.#count = element('span', { id: countId, class: 'count', role: 'status' });
        // Keeps the focus in the field, and so the on-screen keyboard open.
        const mousedown = (event) => event.preventDefault();
        this.#button = element('button', { class: 'send', 'aria-label': texts['room.send'], title: texts['room.send'], mousedown }, icon('send'));
        this.#emojiButton = iconButton('smile', texts['room.emoji'], { 'aria-expanded': 'false', click: () => this.#togglePicker() });
        const field = element('div', { class: 'field' }, this.#emojiButton, this.#input, this.#count);
        const submit = (event) => {
            event.preventDefault();
            this.#submit();
        };
        this.element = element('form', { class: 'composer', submit }, field, this.#button);
        this.#input.value = draft ?? this.#readDraft();
        this.#show();
    }

    get text() {
        return this.#input.value;
    }

    focus() {
        this.#input.focus();
    }

    /** Must be called when the view gets its size. */
    resize() {
        // The height is reset first, because a field that grew would never shrink. The stylesheet limits it. The form
        // keeps its height meanwhile, so that the messages above do not move.
        this.element.style.minHeight = `${this.element.offsetHeight}px`;
        this.#input.style.height = 'auto';
        this.#input.style.height = `${this.#input.scrollHeight}px`;
        this.element.style.minHeight = '';
    }

    /** Inserts `text` before the draft, for another attempt. */
    restoreText(text) {
        this.#input.value = this.#input.value === '' ? text : `${text}\n${this.#input.value}`;
        this.#changed();
        if (!isTouchDevice()) this.focus();
    }

    #pressed(event) {
        if (event.key !== 'Enter' || event.shiftKey) return;
        // While an input method composes a word, Enter selects that word. Safari ends the composition before the
        // keydown event, which then has the key code 229.
        if (event.isComposing || event.keyCode === 229) return;
        // On-screen keyboards have no Shift+Enter, and the Send button is beside them.
        if (isTouchDevice() && !event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.#submit();
    }

    async #submit() {
        if (CODE.test(this.#input.value)) await this.#loadShortcodes();
        const text = this.#prepared();
        if (!roomLeft(text).sendable) return;
        this.#input.value = '';
        this.#changed();
        this.#picker?.close();
        if (!isTouchDevice()) this.focus();
        this.#send(text);
    }

    /**
     * The text as it would be sent: codes replaced by emoji, without empty lines around it. The first line keeps its
     * indentation.
     */
    #prepared() {
        const text = this.#input.value.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
        return this.#shortcodes && CODE.test(text) ? this.#shortcodes.replaceShortcodes(text) : text;
    }

    /** Resolves when codes can be replaced, or cannot: then they are sent as they are. */
    #loadShortcodes() {
        const loaded = (module) => {
            this.#shortcodes = module;
            this.#show();
        };
        this.#loading ??= import('./shortcodes.js').then(loaded, () => (this.#loading = null));
        return this.#loading;
    }

    async #togglePicker() {
        if (!this.#picker) {
            const parts = await Promise.all([import('./emoji_picker.js'), this.#texts['room.emojiNames']()]).catch(() => null);
            // Loading failed. The next click tries again.
            if (!parts) return;
            const [{ EmojiPicker }, names] = parts;
            if (!this.#picker) {
                this.#picker = new EmojiPicker({ button: this.#emojiButton, names, pick: (emoji) => this.#insert(emoji) });
                this.element.prepend(this.#picker.element);
            }
        }
        this.#picker.toggle();
    }

    #insert(emoji) {
        this.#input.setRangeText(emoji, this.#input.selectionStart, this.#input.selectionEnd, 'end');
        this.#changed();
    }

    #changed() {
        const { value } = this.#input;
        try {
            if (value === '') this.#storage?.removeItem(this.#draftKey);
            else this.#storage?.setItem(this.#draftKey, value);
        } catch {
            // Full or forbidden: the draft is lost with the page.
        }
        if (CODE.test(value)) this.#loadShortcodes();
        this.#show();
    }

    #readDraft() {
        try {
            return this.#storage?.getItem(this.#draftKey) ?? '';
        } catch {
            return '';
        }
    }

    #show() {
        const { sendable, left } = roomLeft(this.#prepared());
        // Not `disabled`: keyboard users would lose the focus.
        this.#button.setAttribute('aria-disabled', String(!sendable));
        this.#count.textContent = left === null ? '' : String(left);
        this.#count.title = left === null ? '' : this.#texts['room.charactersLeft'](left);
        this.#count.setAttribute('aria-label', this.#count.title);
        this.#count.classList.toggle('over', left !== null && left < 0);
        this.#input.setAttribute('aria-invalid', String(left !== null && left < 0));
        this.resize();
    }
}
