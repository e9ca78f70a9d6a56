// The entrance of a room: asks for a name, a color and, if the room has one, the password.
import { ConnectionError } from '../globes.js';
import { initialOf } from '../room/graphemes.js';
import { ColorField, readableOn } from './colors.js';
import { element, presenceDot, userText } from './dom.js';
import { PasswordField, validateAll } from './fields.js';
import { Form } from './form.js';
import { isNameRefused, isNameTaken, isThrottled, isTokenRefused, isWrongSecret } from './problems.js';
import { nameField } from './room_fields.js';
import { needsPassword, trim } from './room_rules.js';
import { roomPath } from './router.js';
import { usernameOf } from './tokens.js';
import { loadRoom, placeholder } from './status_page.js';

/** Loads the modules of the room's page: it is shown as soon as its controller is ready. */
async function loadRoomPage() {
    const [controller] = await Promise.all([import('./room_controller.js'), import('./room_page.js')]);
    return controller;
}

class Entrance {
    #app;
    #room;
    #form;
    #controller = null;
    /** With this token the owner needs no password. */
    #ownerToken = null;
    /** Whether the user has typed or chosen something. */
    #isTouched = false;

    constructor(app, roomRef, notice) {
        this.#app = app;
        const oninput = () => {
            this.#isTouched = true;
        };
        this.element = element('div', { class: 'entrance', oninput }, placeholder('entrance-skeleton'));
        this.#start(roomRef, notice);
    }

    /** A reload would lose the input, or the attempt to join. */
    get isBusy() {
        return this.#isTouched || this.#controller !== null;
    }

    destroy() {
        this.#form?.destroy();
        // The user left the entrance before they had joined.
        if (this.#app.controller !== this.#controller) this.#controller?.destroy();
        this.element = null;
    }

    async #start(roomRef, notice) {
        const room = await loadRoom(this.#app, roomRef, (problem) => this.element?.replaceChildren(problem));
        if (!room || !this.element) return;
        this.#room = room;
        this.#ownerToken = this.#app.preferences.ownerToken(room.id);
        this.#app.setTitle(room.title);
        this.#show(notice);
    }

    #show(notice = null) {
        const { texts, preferences } = this.#app;
        const room = this.#room;
        const isLocked = needsPassword(room.visibility);
        const isOwner = isLocked && this.#ownerToken !== null;

        this.name = nameField(texts, { label: texts.name, value: isOwner ? usernameOf(this.#ownerToken) : preferences.name });
        this.name.input.readOnly = isOwner;
        this.color = new ColorField(texts, { value: preferences.color, onchange: () => this.#preview() });
        this.password = new PasswordField(texts, {
            label: texts.roomPassword,
            name: 'password',
            autocomplete: 'current-password',
            check: (value) => (value === '' ? texts.wrongPassword : null),
        });
        this.password.element.hidden = !isLocked || isOwner;
        this.badge = element('span', { class: 'preview-badge', 'aria-hidden': 'true' });
        this.previewName = userText('', { class: 'preview-name' });
        const message = element(
            'div',
            { class: 'preview-message' },
            this.previewName,
            element('span', { class: 'preview-bubble' }, texts.previewHello),
        );
        this.preview = element(
            'div',
            { class: 'preview', role: 'group', 'aria-label': texts.preview },
            this.badge,
            message,
        );
        this.name.input.addEventListener('input', () => this.#preview());
        // The modules are loaded while the user types the name. If that fails, the error is shown on submit.
        this.element.addEventListener('focusout', () => loadRoomPage().catch(() => {}), { once: true });

        this.#form?.destroy();
        this.#form = new Form(texts, {
            submit: texts.enter,
            busy: texts.entering,
            children: [
                this.name.element,
                isOwner && element('p', { class: 'field-hint' }, texts.ownerEnters),
                this.password.element,
                this.color.element,
                this.preview,
            ],
            actions: [element('a', { href: '/', class: 'button quiet' }, texts.allRooms)],
            send: () => this.#send(),
            handle: (error) => this.#handle(error),
        });
        if (notice) this.#form.showAlert(notice);
        const count = room.online ?? room.users.length;
        this.element.replaceChildren(
            element(
                'div',
                { class: 'entrance-head' },
                presenceDot(room.title, count),
                userText(room.title, { tabindex: '-1' }, 'h1'),
                room.description !== '' && userText(room.description, { class: 'entrance-description' }, 'p'),
                !isLocked && element('p', { class: 'entrance-here' }, texts.entranceHere(count)),
            ),
            this.#form.element,
        );
        this.#preview();
        if (this.name.value === '') this.name.focus();
        else if (!this.password.element.hidden) this.password.focus();
        else this.#form.focusSubmit();
    }

    #preview() {
        const name = trim(this.name.value) || this.#app.texts.previewName;
        this.previewName.textContent = name;
        this.badge.textContent = initialOf(name);
        this.preview.style.setProperty('--person', readableOn(this.preview, this.color.value));
    }

    async #send() {
        const { globes, preferences, router } = this.#app;
        if (!validateAll([this.name, this.password])) return;
        const person = { name: trim(this.name.value), color: this.color.value };
        preferences.rememberPerson(person);
        const token = await this.#takeToken(globes, person.name);
        const identity = { ...person, token };
        const RoomController = await this.#loadController(identity);
        if (RoomController === null) return;
        const controller = new RoomController(this.#app, { room: this.#room, identity });
        this.#controller = controller;
        this.#app.mountOffscreen(controller.element);
        try {
            await controller.joined;
        } catch (error) {
            controller.destroy();
            throw error;
        }
        if (!this.element) return;
        this.#app.controller = controller;
        // Back must not lead to the entrance, because that would leave the room.
        router.replace(roomPath(this.#room.id));
    }

    /** Null if the server has a newer version of the page: that is loaded and continues in the room. */
    async #loadController(identity) {
        const { preferences, upgrade } = this.#app;
        try {
            return (await loadRoomPage()).RoomController;
        } catch (cause) {
            const comparison = await upgrade.compare();
            if (comparison === 'unreachable') throw new ConnectionError('The server cannot be reached', { cause });
            if (comparison === 'same') throw cause;
        }
        preferences.setRoomIdentity(this.#room.id, identity);
        location.replace(roomPath(this.#room.id));
        return null;
    }

    async #takeToken(globes, name) {
        if (this.#ownerToken !== null) return this.#ownerToken;
        if (!needsPassword(this.#room.visibility)) return null;
        const granted = await globes.tokens.request(this.#room.id, { name, secret: this.password.value });
        // Null if the room has become public meanwhile.
        return granted?.token ?? null;
    }

    #handle(error) {
        const { texts, preferences } = this.#app;
        if (isTokenRefused(error) && this.#ownerToken !== null) {
            // The owner's token has expired: the owner needs the password, like everybody else.
            this.#ownerToken = null;
            preferences.rememberMade(this.#room.id, null);
            this.#show(texts['room.accessChanged']);
            return true;
        }
        if (isTokenRefused(error) && !needsPassword(this.#room.visibility)) {
            // The room has become private meanwhile.
            this.#start(String(this.#room.id), texts['room.accessChanged']);
            return true;
        }
        const at = (field, text) => {
            field.showProblem(text);
            field.focus();
            return true;
        };
        if (isWrongSecret(error)) return at(this.password, texts.wrongPassword);
        if (isNameTaken(error)) return at(this.name, texts.nameTaken);
        if (isNameRefused(error)) return at(this.name, texts.problemContent);
        if (isThrottled(error) && !this.password.element.hidden) return at(this.password, texts.tooManyTries);
        return false;
    }
}

export function view(app, { room, notice }) {
    return new Entrance(app, room, notice);
}
