// Counts the messages that the reader has not seen: the tab is hidden, or they are below the window. No DOM.
export class Unread {
    #isVisible;
    #onCount;
    #wasSeen = true;

    count = 0;
    /** The seq of the first new message, above which the marker is shown; null if there is none. */
    newFrom = null;

    /**
     * @param {{ isVisible: () => boolean, onCount: (count: number) => void }} parts `isVisible`: whether the reader sees the
     *     newest message
     */
    constructor({ isVisible, onCount }) {
        this.#isVisible = isVisible;
        this.#onCount = onCount;
    }

    /** Another user's message `seq` has come. */
    add(seq) {
        if (this.#isVisible()) return;
        // The marker stays until all messages behind it were seen; the next unseen message then moves it.
        if (this.#wasSeen) this.newFrom = seq;
        this.#wasSeen = false;
        this.count += 1;
        this.#onCount(this.count);
    }

    /** The history was replaced, and with it the new messages. */
    reset() {
        this.newFrom = null;
        this.#wasSeen = true;
        this.count = 0;
        this.#onCount(0);
    }

    /** Must be called whenever the reader may see the newest message. */
    update() {
        if (this.#wasSeen || !this.#isVisible()) return;
        this.#wasSeen = true;
        this.count = 0;
        this.#onCount(0);
    }

    /** The reader has answered, so has read. True if the marker disappears. */
    clearMarker() {
        const had = this.newFrom !== null;
        this.newFrom = null;
        return had;
    }
}
