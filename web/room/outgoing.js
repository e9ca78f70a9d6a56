// Messages that were written here: shown at once, confirmed by the server's answer, kept if they fail. No DOM.
export class Outgoing {
    #connection;
    #timeline;
    #changed;

    /**
     * @param {{ connection: import('../globes.js').RoomConnection, timeline: import('./timeline.js').Timeline,
     *     changed: () => void }} parts `changed`: the timeline has changed
     */
    constructor({ connection, timeline, changed }) {
        this.#connection = connection;
        this.#timeline = timeline;
        this.#changed = changed;
    }

    /** Sends a new message. */
    send(text) {
        const sending = this.#connection.send(text);
        this.#show(sending.id, text);
        this.#track(sending);
    }

    /** Sends a failed message again. */
    retry(id) {
        this.#timeline.mark(id, 'sending');
        const { text } = this.#timeline.unconfirmed.find((item) => item.id === id);
        this.#track(this.#connection.send(text, { id }));
    }

    /** Removes a failed message. @returns {string} its text */
    discard(id) {
        return this.#timeline.discard(id).text;
    }

    /** Messages without a confirmation, in order. @returns {{ id: string, text: string }[]} */
    get unsent() {
        return this.#timeline.unconfirmed.map(({ id, text }) => ({ id, text }));
    }

    /**
     * Sends messages of an earlier view of the same user; those that were stored already are recognized by their ids.
     */
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
