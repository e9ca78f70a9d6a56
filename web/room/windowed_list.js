// A list of any length of which only the rows in and around the window are in the document. Heights are estimated, and
// measured when a row is first rendered. The row that is being read stays in place when rows are inserted or grow, or
// the window is resized. At the end, the list stays at the end until the reader scrolls up.
import { HeightIndex } from './height_index.js';

/** In pixels. Rows this far outside the window are rendered ahead. */
const OVERSCAN = 600;
/** In pixels. Smaller errors of an estimate do not add or remove rows. */
const SLACK = 150;
const AT_END = 24;
/** In ms after the last scroll event. Corrections of the scroll position before that would stop a fling. */
const SETTLE_MS = 150;
/** Heights of removed rows stay in the cache; it is cleared beyond twice the list and this many. */
const MEASURED_MORE = 1000;
/** Measuring changes which rows fit the window. More rounds than this were never needed. */
const ROUNDS = 4;

export class WindowedList {
    #scroller;
    #above = document.createElement('div');
    #rowsBox = document.createElement('div');
    #below = document.createElement('div');
    #render;
    #renderKey;
    #estimateHeight;
    #onScroll;
    #rows = [];
    #indexOf = new Map();
    #heights = new HeightIndex();
    /** By key, for every row that was ever measured. */
    #measured = new Map();
    /** By key: { element, renderKey }. */
    #mounted = new Map();
    #first = 0;
    #end = 0;
    /**
     * The height of #above: the top of the first mounted row, including a correction that waits for the end of
     * scrolling.
     */
    #space = 0;
    #isAtEnd = true;
    /**
     * The visible rows at the last layout, with their offsets from the window's top. The first one that is still there
     * is held.
     */
    #anchors = [];
    /** The scroll position at that time, and the heights of the window and of its content. */
    #anchoredAt = 0;
    #sizes = [0, 0];
    #settling = 0;
    #observer;

    /**
     * @param {HTMLElement} scroller empty, with its own height and `overflow-y`
     * @param {{ render: (row: { key: string }, made: HTMLElement | null) => HTMLElement, renderKey: (row: object) => string,
     *     estimateHeight: (row: object) => number, onScroll: () => void }} callbacks `render` returns the
     *     element of a row, which may be the old one, changed. `renderKey`: a row is rendered again if its key has changed.
     *     `estimateHeight`: in pixels. `onScroll` is called after the window or the rows have moved
     */
    constructor(scroller, { render, renderKey, estimateHeight, onScroll }) {
        this.#scroller = scroller;
        this.#render = render;
        this.#renderKey = renderKey;
        this.#estimateHeight = estimateHeight;
        this.#onScroll = onScroll;
        this.#above.className = 'space-above';
        this.#rowsBox.className = 'rows';
        this.#rowsBox.setAttribute('role', 'list');
        scroller.append(this.#above, this.#rowsBox, this.#below);
        scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
        this.#observer = new ResizeObserver((entries) => this.#resized(entries));
        this.#observer.observe(scroller);
        this.#observer.observe(this.#rowsBox);
    }

    get element() {
        return this.#rowsBox;
    }

    /** Whether the newest row is in view, and stays so. */
    get atEnd() {
        return this.#isAtEnd;
    }

    /** The number of rows above the window. */
    get rowsAbove() {
        const { scrollTop } = this.#scroller;
        return this.#heights.at(this.#isAtEnd ? this.#heights.total - this.#scroller.clientHeight : scrollTop);
    }

    /**
     * Replaces all rows from `from` on; those before may look different. The visible rows stay in place, unless all of
     * them are loose.
     * @param {number} from
     * @param {{ key: string, isLoose?: boolean }[]} rows in order, each with a key that no other row of the list has
     */
    replaceFrom(from, rows) {
        for (let index = from; index < this.#rows.length; index += 1) this.#indexOf.delete(this.#rows[index].key);
        this.#rows.length = from;
        for (const row of rows) {
            this.#indexOf.set(row.key, this.#rows.length);
            this.#rows.push(row);
        }
        if (this.#measured.size > 2 * this.#rows.length + MEASURED_MORE) this.#measured.clear();
        this.#heights.replaceFrom(from, rows.map((row) => this.#measured.get(row.key) ?? this.#estimateHeight(row)));
        this.#layout();
    }

    scrollToEnd() {
        this.#isAtEnd = true;
        this.#layout();
    }

    destroy() {
        clearTimeout(this.#settling);
        this.#observer.disconnect();
    }

    #resized(entries) {
        if (entries.some(({ target }) => target === this.#scroller)) this.#layout();
        // In this frame it would change the observed element. Rows that were just mounted are measured already.
        else if (this.#measure()) requestAnimationFrame(() => this.#layout());
    }

    #scrolled() {
        // The layout has set this position; the reader has not scrolled.
        if (this.#scroller.scrollTop === this.#anchoredAt && !this.#isResized()) return;
        this.#updateIsAtEnd();
        clearTimeout(this.#settling);
        this.#settling = setTimeout(() => this.#settle(), SETTLE_MS);
        this.#rememberAnchors();
        this.#layout();
    }

    #settle() {
        this.#settling = 0;
        // The reader may have scrolled up, and the scroll event is still to come.
        if (this.#scroller.scrollTop < this.#anchoredAt) this.#updateIsAtEnd();
        this.#layout();
    }

    /**
     * Whether the reader is at the end. Another size of the window or of rows moves the position too, and does not
     * count.
     */
    #updateIsAtEnd() {
        if (this.#isAtEnd && this.#isResized()) return;
        const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
        this.#isAtEnd = scrollTop + clientHeight >= scrollHeight - AT_END;
    }

    /** Whether the window or its content has changed its height since the last layout. */
    #isResized() {
        const { clientHeight, scrollHeight } = this.#scroller;
        return clientHeight !== this.#sizes[0] || scrollHeight !== this.#sizes[1];
    }

    #rememberAnchors() {
        const { scrollTop, clientHeight } = this.#scroller;
        this.#anchors = [];
        this.#anchoredAt = scrollTop;
        const origin = this.#space - this.#heights.top(this.#first) - scrollTop;
        for (let index = this.#first; index < this.#end; index += 1) {
            const offset = origin + this.#heights.top(index);
            const seen = offset + this.#heights.height(index) > 0 && offset < clientHeight;
            if (seen) this.#anchors.push({ key: this.#rows[index].key, offset });
        }
    }

    /** The row to hold in place, and its offset from the window's top. */
    #anchor() {
        const { scrollTop } = this.#scroller;
        const looksAsBefore = ({ key }) => this.#mounted.get(key).renderKey === this.#renderKey(this.#rows[this.#indexOf.get(key)]);
        const remaining = this.#anchors.filter(({ key }) => this.#indexOf.has(key));
        const holds = remaining.filter(({ key }) => !this.#rows[this.#indexOf.get(key)].isLoose);
        // A row that loses its heading, as the first message does when older ones are added, is not held.
        const kept = holds.find(looksAsBefore) ?? holds[0] ?? remaining[0];
        // The scroll position may have changed before its event.
        if (kept) return { index: this.#indexOf.get(kept.key), offset: kept.offset + this.#anchoredAt - scrollTop };
        // No mounted row is near: the reader has dragged the scroll bar, or pressed Home.
        const index = this.#heights.at(scrollTop);
        return { index, offset: this.#heights.top(index) - scrollTop };
    }

    #layout() {
        const height = this.#scroller.clientHeight;
        if (height === 0) return;
        const anchor = this.#isAtEnd ? null : this.#anchor();
        const windowTop = () => (anchor ? this.#heights.top(anchor.index) - anchor.offset : this.#heights.total - height);
        for (let round = 0; round < ROUNDS; round += 1) {
            const top = windowTop();
            this.#mount(this.#near(this.#first, top - OVERSCAN, 0), this.#near(this.#end, top + height + OVERSCAN, 1));
            if (!this.#measure()) break;
        }
        this.#place(anchor, windowTop());
        this.#rememberAnchors();
        this.#sizes = [this.#scroller.clientHeight, this.#scroller.scrollHeight];
        this.#onScroll();
    }

    /** The row `edge` if it begins near `y`, otherwise the row that is `more` rows after the one at `y`. */
    #near(edge, y, more) {
        const isNear = edge <= this.#heights.length && Math.abs(this.#heights.top(edge) - y) <= SLACK;
        return isNear ? edge : this.#heights.at(y) + more;
    }

    /** Mounts the rows from `first` to before `end`. Unchanged rows are not touched. */
    #mount(first, end) {
        this.#first = first;
        this.#end = Math.min(end, this.#rows.length);
        const wanted = this.#rows.slice(this.#first, this.#end);
        const keys = new Set(wanted.map(({ key }) => key));
        for (const [key, { element }] of this.#mounted) if (!keys.has(key)) this.#unmount(key, element);
        let next = this.#rowsBox.firstChild;
        for (const row of wanted) {
            const renderKey = this.#renderKey(row);
            let mounted = this.#mounted.get(row.key);
            if (mounted?.renderKey !== renderKey) {
                const element = this.#render(row, mounted?.element ?? null);
                if (mounted && mounted.element !== element) {
                    if (mounted.element === next) next = next.nextSibling;
                    this.#unmount(row.key, mounted.element);
                }
                mounted = { element, renderKey };
                this.#mounted.set(row.key, mounted);
            }
            if (mounted.element === next) next = next.nextSibling;
            else this.#rowsBox.insertBefore(mounted.element, next);
        }
    }

    #unmount(key, element) {
        // A focus in a removed row moves to the list, not to the top of the page.
        if (element.contains(element.getRootNode().activeElement)) this.#scroller.focus({ preventScroll: true });
        element.remove();
        this.#mounted.delete(key);
    }

    /** True if a height has changed. */
    #measure() {
        let hasChanged = false;
        for (let index = this.#first; index < this.#end; index += 1) {
            const { key } = this.#rows[index];
            const { height } = this.#mounted.get(key).element.getBoundingClientRect();
            this.#measured.set(key, height);
            if (this.#heights.set(index, height)) hasChanged = true;
        }
        return hasChanged;
    }

    #place(anchor, windowTop) {
        const { scrollTop } = this.#scroller;
        const exact = this.#heights.top(this.#first);
        const shift = scrollTop - windowTop;
        // During scrolling, the space above is corrected instead of the scroll position.
        const patient = anchor && this.#settling !== 0 && this.#first > 0 && exact + shift >= 0;
        this.#space = patient ? exact + shift : exact;
        this.#above.style.height = `${this.#space}px`;
        this.#below.style.height = `${this.#heights.total - this.#heights.top(this.#end)}px`;
        if (patient) return;
        const wanted = anchor ? windowTop : this.#scroller.scrollHeight;
        if (Math.abs(wanted - scrollTop) > 0.5) this.#scroller.scrollTop = wanted;
        // A list that does not fill the window is always at its end.
        if (this.#heights.total <= this.#scroller.clientHeight) this.#isAtEnd = true;
    }
}
