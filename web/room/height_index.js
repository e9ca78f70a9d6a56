// Where each row of a long list stands, from heights measured or guessed, in pixels. Pure.
//
// Sums are made again from the first row that changed. At the end, where rows come live, that is nothing; elsewhere 10,000
// additions cost some ten microseconds, far less than the layout that made them necessary.
export class HeightIndex {
    /** May be longer than what is in use. */
    #heights = new Float64Array(0);
    /** #tops[i] is the sum of the heights before row i; exact for i <= #exact. */
    #tops = new Float64Array(1);
    #exact = 0;
    #length = 0;

    /**
     * Puts other rows in place of all from `row` on.
     * @param {number} row
     * @param {ArrayLike<number>} heights one for each of them
     */
    replaceFrom(row, heights) {
        this.#length = row + heights.length;
        if (this.#length > this.#heights.length) {
            const known = this.#heights.subarray(0, row);
            this.#heights = new Float64Array(2 * this.#length);
            this.#heights.set(known);
            const tops = this.#tops.subarray(0, row + 1);
            this.#tops = new Float64Array(this.#heights.length + 1);
            this.#tops.set(tops);
        }
        this.#heights.set(heights, row);
        this.#exact = Math.min(this.#exact, row);
    }

    get length() {
        return this.#length;
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
