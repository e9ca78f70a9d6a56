// The form of <globes-chat> before a visitor enters: a name unless they only read, and the password of a private room.
import { GlobesError } from '../globes.js';
import { element, freshId } from './element.js';

const MOST_NAME = 32;

export class EntranceForm {
    #texts;
    #enter;
    #failed;
    #problem;
    #name;
    #secret;
    #button;

    /** The element adds it to the document. */
    element;

    /**
     * @param {{ texts: Record<string, any>, name: string | null, locked: boolean, problem: string,
     *     enter: (answers: { name: string | null, secret: string }) => Promise<void>, failed: (error: Error) => void }} parts
     *     `name`: the first value; null if no name is needed. `enter` rejects with a GlobesError if the server refuses
     */
    constructor({ texts, name, locked, problem, enter, failed }) {
        this.#texts = texts;
        this.#enter = enter;
        this.#failed = failed;
        const problemId = freshId('problem');
        const described = { 'aria-describedby': problemId };
        this.#problem = element('p', { id: problemId, class: 'problem', role: 'alert' }, problem);
        this.#name = name !== null && element('input', { required: true, dir: 'auto', autocomplete: 'nickname', value: name, ...described });
        this.#secret = locked && element('input', { type: 'password', required: true, autocomplete: 'current-password', ...described });
        this.#button = element('button', {}, texts['room.embed.enter']);
        const submit = (event) => {
            event.preventDefault();
            this.#submit();
        };
        this.element = element(
            'form', { class: 'entrance', submit },
            this.#name && element('label', {}, element('span', {}, texts['room.embed.name']), this.#name),
            locked && element('label', {}, element('span', {}, texts['room.embed.password']), this.#secret),
            this.#problem, this.#button,
        );
    }

    async #submit() {
        const name = this.#name ? this.#name.value.trim() : null;
        if (name === '' || [...(name ?? '')].length > MOST_NAME) {
            this.#problem.textContent = this.#texts['room.nameRefused'];
            this.#name.focus();
            return;
        }
        this.#button.disabled = true;
        try {
            await this.#enter({ name, secret: this.#secret ? this.#secret.value : '' });
        } catch (error) {
            this.#problem.textContent = this.#textOf(error);
            (error.field === 'secret' || !this.#name ? this.#secret : this.#name).focus();
            if (error instanceof GlobesError) this.#failed(error);
            else console.error(error);
        }
        this.#button.disabled = false;
    }

    #textOf(error) {
        const { code, field } = error;
        if (!(error instanceof GlobesError)) return this.#texts['room.embed.fault'];
        if (field === 'secret') return this.#texts['room.embed.wrongPassword'];
        if (field === 'name') return this.#texts['room.nameRefused'];
        return this.#texts[code ? 'room.embed.failed' : 'room.embed.unreachable'];
    }
}
