// Random choices from a seed (xorshift32), so that a failing test fails in the same way again.

export class Random {
    #state;

    constructor(seed) {
        this.#state = seed >>> 0 || 1;
    }

    /** 0 ≤ n < `end`. */
    below(end) {
        let x = this.#state;
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        this.#state = x >>> 0;
        return this.#state % end;
    }

    between(first, last) {
        return first + this.below(last - first + 1);
    }

    chance(percent) {
        return this.below(100) < percent;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    bytes(length) {
        const bytes = Buffer.allocUnsafe(length);
        for (let at = 0; at < length; at += 1) bytes[at] = this.below(256);
        return bytes;
    }

    /** `bytes` with some of them changed, removed, repeated or cut off. */
    mutate(bytes) {
        let result = Buffer.from(bytes);
        for (let changes = this.between(1, 6); changes > 0; changes -= 1) {
            const at = this.below(result.length + 1);
            const rest = result.subarray(at);
            const kind = this.below(5);
            if (kind === 0) result = Buffer.concat([result.subarray(0, at), this.bytes(this.between(1, 4)), rest]);
            if (kind === 1) result = Buffer.concat([result.subarray(0, at), rest.subarray(this.between(1, 8))]);
            if (kind === 2 && at < result.length) result[at] = this.below(256);
            if (kind === 3) result = Buffer.concat([result, rest]);
            if (kind === 4 && this.chance(30)) result = result.subarray(0, at);
        }
        return result;
    }
}
