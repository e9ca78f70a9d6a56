// The position of each row of a long list, from measured or estimated heights in pixels. No DOM.
//
// Sums are computed again from the first changed row on. Live rows are added at the end, so there is nothing to
// compute; elsewhere 10,000 additions take some ten microseconds, far less than the layout that follows.
export class HeightIndex {
    /** May be longer than the list. */
    #heights = new Float64Array(0);
    /** #tops[i] is the sum of the heights before row i; exact for i <= #exact. */
    #tops = new Float64Array(1);
    #exact = 0;
    #length = 0;

    /**
     * Replaces all rows from `row` on.
     * @param {number} row
     * @param {ArrayLike<number>} heights one for each new row
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

    /** True if that changes the height. */
    set(row, height) {
        if (this.#heights[row] === height) return false;
        this.#heights[row] = height;
        this.#exact = Math.min(this.#exact, row);
        return true;
    }

    /** The top of `row`; for `row === length` the end of the last row. */
    top(row) {
        for (; this.#exact < row; this.#exact += 1) {
            this.#tops[this.#exact + 1] = this.#tops[this.#exact] + this.#heights[this.#exact];
        }
        return this.#tops[row];
    }

    /** The row at `y`, or the nearest one. 0 in an empty list. */
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
