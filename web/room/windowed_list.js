// A list of any length of which only the rows in and around the window are in the document. Heights are measured when a
// row is first seen and guessed before. Whatever changes - rows put before, rows grown, a narrower or lower window - the row
// that is being read stays where it is; at the end, the list stays at the end until the reader scrolls away from it.
import { HeightIndex } from './height_index.js';

/** So far beyond the window, in pixels, rows are made ahead of being seen. */
const OVERSCAN = 600;
/** By so much it may be off before rows are made or taken away: a guess that was wrong by a little changes nothing. */
const SLACK = 150;
const AT_END = 24;
/** So long after the last movement, in ms, corrections may move the scroll position: before, they would stop a fling. */
const SETTLE_MS = 150;
/** Rows that come and go leave their heights behind; beyond twice the list and this many, all are forgotten. */
const MEASURED_MORE = 1000;
/** Measuring changes what fits the window; it never took more rounds than this. */
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
    /** By key, of every row that was ever measured. */
    #measured = new Map();
    /** By key: { element, renderKey }. */
    #mounted = new Map();
    #first = 0;
    #end = 0;
    /** The height of #above: where the first mounted row begins, off by what is not corrected yet while scrolling. */
    #space = 0;
    #isAtEnd = true;
    /** Rows that were seen at the last look, with their distance from the window's top; the first that survives holds. */
    #anchors = [];
    /** The scroll position then, and the size of the window and of what it looks at. */
    #anchoredAt = 0;
    #sizes = [0, 0];
    #settling = 0;
    #observer;

    /**
     * @param {HTMLElement} scroller empty, with a height of its own and `overflow-y`
     * @param {{ render: (row: { key: string }, made: HTMLElement | null) => HTMLElement, renderKey: (row: object) => string,
     *     estimateHeight: (row: object) => number, onScroll: () => void }} callbacks `render`: the element of a row, which may be the
     *     one that was made before, changed. `renderKey`: what an element depends on; as long as it is the same, nothing is
     *     rendered. `estimateHeight`: a height in pixels. `onScroll`: the window moved, or the rows did
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

    /** How many rows stand before the first one in the window. */
    get rowsAbove() {
        const { scrollTop } = this.#scroller;
        return this.#heights.at(this.#isAtEnd ? this.#heights.total - this.#scroller.clientHeight : scrollTop);
    }

    /**
     * Puts other rows in place of all from number `from` on; those before may look different. What changes is kept away from
     * the reader's eye, unless nothing but loose rows is seen.
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
        // In the same frame it would change what is being observed. What was mounted just now is no news.
        else if (this.#measure()) requestAnimationFrame(() => this.#layout());
    }

    #scrolled() {
        // Where the layout put it: nobody moved anything.
        if (this.#scroller.scrollTop === this.#anchoredAt && !this.#isResized()) return;
        this.#updateIsAtEnd();
        clearTimeout(this.#settling);
        this.#settling = setTimeout(() => this.#settle(), SETTLE_MS);
        this.#rememberAnchors();
        this.#layout();
    }

    #settle() {
        this.#settling = 0;
        // Somebody may have left the end just now, and the event of it is still to come.
        if (this.#scroller.scrollTop < this.#anchoredAt) this.#updateIsAtEnd();
        this.#layout();
    }

    /** Whether the reader is at the end. They don't leave it by a window or rows of another size, which move the position too. */
    #updateIsAtEnd() {
        if (this.#isAtEnd && this.#isResized()) return;
        const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
        this.#isAtEnd = scrollTop + clientHeight >= scrollHeight - AT_END;
    }

    /** Whether the window, or what it looks at, has another size than when it was last laid out. */
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

    /** The row to hold, and its distance from the window's top. */
    #anchor() {
        const { scrollTop } = this.#scroller;
        const looksAsBefore = ({ key }) => this.#mounted.get(key).renderKey === this.#renderKey(this.#rows[this.#indexOf.get(key)]);
        const there = this.#anchors.filter(({ key }) => this.#indexOf.has(key));
        const holds = there.filter(({ key }) => !this.#rows[this.#indexOf.get(key)].isLoose);
        // A row that loses its heading, as the first message does when older ones come, is no hold.
        const kept = holds.find(looksAsBefore) ?? holds[0] ?? there[0];
        // The position may have changed already while its event is still to come.
        if (kept) return { index: this.#indexOf.get(kept.key), offset: kept.offset + this.#anchoredAt - scrollTop };
        // Far from everything that is mounted: the scroll bar was dragged, or Home was pressed.
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

    /** The row `edge` where it begins near `y`, else the one that is `more` rows behind the one that covers it. */
    #near(edge, y, more) {
        const isNear = edge <= this.#heights.length && Math.abs(this.#heights.top(edge) - y) <= SLACK;
        return isNear ? edge : this.#heights.at(y) + more;
    }

    /** Makes the mounted rows those from `first` to before `end`; what stays and looks the same is not touched. */
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
        // Who was in a row that goes goes on in the list, not at the top of the page.
        if (element.contains(element.getRootNode().activeElement)) this.#scroller.focus({ preventScroll: true });
        element.remove();
        this.#mounted.delete(key);
    }

    /** True where a height was not as thought. */
    #measure() {
        let news = false;
        for (let index = this.#first; index < this.#end; index += 1) {
            const { key } = this.#rows[index];
            const { height } = this.#mounted.get(key).element.getBoundingClientRect();
            this.#measured.set(key, height);
            if (this.#heights.set(index, height)) news = true;
        }
        return news;
    }

    #place(anchor, windowTop) {
        const { scrollTop } = this.#scroller;
        const exact = this.#heights.top(this.#first);
        const shift = scrollTop - windowTop;
        // While the list is being moved, the space above takes the difference, and the scroll position is left alone.
        const patient = anchor && this.#settling !== 0 && this.#first > 0 && exact + shift >= 0;
        this.#space = patient ? exact + shift : exact;
        this.#above.style.height = `${this.#space}px`;
        this.#below.style.height = `${this.#heights.total - this.#heights.top(this.#end)}px`;
        if (patient) return;
        const wanted = anchor ? windowTop : this.#scroller.scrollHeight;
        if (Math.abs(wanted - scrollTop) > 0.5) this.#scroller.scrollTop = wanted;
        // What does not fill the window is at its end in any case.
        if (this.#heights.total <= this.#scroller.clientHeight) this.#isAtEnd = true;
    }
}
