// Counts what came while nobody looked: behind another window, or below what is being read. No DOM.
export class Unread {
    #isVisible;
    #onCount;
    #wasSeen = true;

    count = 0;
    /** The seq of the first new message, where the marker stands; null before anything new came. */
    newFrom = null;

    /** @param {{ isVisible: () => boolean, onCount: (count: number) => void }} parts `isVisible`: whether the reader sees the newest message */
    constructor({ isVisible, onCount }) {
        this.#isVisible = isVisible;
        this.#onCount = onCount;
    }

    /** Somebody else's message `seq` came live. */
    add(seq) {
        if (this.#isVisible()) return;
        // The marker stays where it is until all behind it was seen; then the next one that is missed moves it.
        if (this.#wasSeen) this.newFrom = seq;
        this.#wasSeen = false;
        this.count += 1;
        this.#onCount(this.count);
    }

    /** What was new is gone, with everything else. */
    reset() {
        this.newFrom = null;
        this.#wasSeen = true;
        this.count = 0;
        this.#onCount(0);
    }

    /** To be called whenever the reader may have come to look. */
    update() {
        if (this.#wasSeen || !this.#isVisible()) return;
        this.#wasSeen = true;
        this.count = 0;
        this.#onCount(0);
    }

    /** Who answers has read. True where the marker goes. */
    clearMarker() {
        const had = this.newFrom !== null;
        this.newFrom = null;
        return had;
    }
}
