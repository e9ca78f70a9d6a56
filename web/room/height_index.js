// Where each row of a long list stands, from heights measured or guessed, in pixels. Pure.
//
// Sums are made again from the first row that changed: 10,000 additions cost some ten microseconds, far less than the
// layout that made them necessary, and putting rows before the others needs nothing special.
export class HeightIndex {
    #heights = new Float64Array(0);
    /** #tops[i] is the sum of the heights before row i; exact for i <= #exact. */
    #tops = new Float64Array(1);
    #exact = 0;

    /** @param {ArrayLike<number>} heights one for each row */
    reset(heights) {
        this.#heights = Float64Array.from(heights);
        this.#tops = new Float64Array(this.#heights.length + 1);
        this.#exact = 0;
    }

    get length() {
        return this.#heights.length;
    }

    get total() {
        return this.top(this.length);
    }

    height(row) {
        return this.#heights[row];
    }

    /** True where this is news. */
    set(row, height) {
        if (this.#heights[row] === height) return false;
        this.#heights[row] = height;
        this.#exact = Math.min(this.#exact, row);
        return true;
    }

    /** Where `row` begins; for `row === length` where the last one ends. */
    top(row) {
        for (; this.#exact < row; this.#exact += 1) {
            this.#tops[this.#exact + 1] = this.#tops[this.#exact] + this.#heights[this.#exact];
        }
        return this.#tops[row];
    }

    /** The row that covers `y`; the first or last one where none does. 0 in an empty list. */
    at(y) {
        let low = 0;
        let high = Math.max(0, this.length - 1);
        this.top(this.length);
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.#tops[middle] <= y) low = middle;
            else high = middle - 1;
        }
        return low;
    }
}
