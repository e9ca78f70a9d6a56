// What is written here on its way into the room: shown at once, confirmed by the server's answer, kept where it fails. No DOM.
export class Outgoing {
    #connection;
    #timeline;
    #changed;

    /**
     * @param {{ connection: import('../globes.js').RoomConnection, timeline: import('./timeline.js').Timeline,
     *     changed: () => void }} parts `changed`: something looks different now
     */
    constructor({ connection, timeline, changed }) {
        this.#connection = connection;
        this.#timeline = timeline;
        this.#changed = changed;
    }

    /** Says something new. */
    send(text) {
        const sending = this.#connection.send(text);
        this.#show(sending.id, text);
        this.#track(sending);
    }

    /** Sends what failed again. */
    retry(id) {
        this.#timeline.mark(id, 'sending');
        const { text } = this.#timeline.unconfirmed.find((item) => item.id === id);
        this.#track(this.#connection.send(text, { id }));
    }

    /** Takes back what failed. @returns {string} its text */
    discard(id) {
        return this.#timeline.discard(id).text;
    }

    /** What is not known to have arrived, in order. @returns {{ id: string, text: string }[]} */
    get unsent() {
        return this.#timeline.unconfirmed.map(({ id, text }) => ({ id, text }));
    }

    /** Goes on with what somebody of the same name could not send; what did arrive after all is known by its id. */
    resend(messages) {
        for (const { id, text } of messages) {
            this.#show(id, text);
            this.#track(this.#connection.send(text, { id }));
        }
    }

    #show(id, text) {
        const { name, color } = this.#connection;
        this.#timeline.addUnconfirmed({ id, name, color, text });
    }

    #track({ id, acked }) {
        acked.then(
            ({ seq }) => this.#timeline.confirm(id, seq),
            (error) => this.#timeline.mark(id, 'failed', error),
        ).finally(this.#changed);
        this.#changed();
    }
}
