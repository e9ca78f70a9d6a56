// Formats times in the reader's language and time zone.
import { graphemes } from './graphemes.js';
import { localeOf } from './locale.js';

const DAY_MS = 86_400_000;

function startOfDay(date) {
    return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** A key that all times of one day in the reader's time zone share. */
export function dayKey(date) {
    return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** Caches `format`: times of the same `span` (in ms) have the same text, and in a busy room most are of one span. */
function remembered(format, span) {
    let at = NaN;
    let text = '';
    return (date) => {
        const now = Math.floor(date / span);
        if (now !== at) [at, text] = [now, format.format(date)];
        return text;
    };
}

/** Texts for times in one language. It keeps its formatters, which are expensive to make. */
export class Times {
    #weekday;
    #thisYear;
    #otherYear;
    #near;

    /** Hour and minute. @type {(date: Date) => string} */
    time;
    /** Date and time in full. @type {(date: Date) => string} */
    full;

    /** @param {string} language any text, such as `de-AT` */
    constructor(language) {
        const locale = localeOf(language);
        const format = (options) => new Intl.DateTimeFormat(locale, options);
        this.time = remembered(format({ hour: 'numeric', minute: '2-digit' }), 60_000);
        this.full = remembered(format({ dateStyle: 'full', timeStyle: 'medium' }), 1000);
        this.#weekday = format({ weekday: 'long' });
        this.#thisYear = format({ weekday: 'long', day: 'numeric', month: 'long' });
        this.#otherYear = format({ day: 'numeric', month: 'long', year: 'numeric' });
        this.#near = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
    }

    /** "Today", "Yesterday", a weekday within the last week, otherwise a date. */
    day(date, now = new Date()) {
        const ago = Math.round((startOfDay(now).getTime() - startOfDay(date).getTime()) / DAY_MS);
        if (ago === 0 || ago === 1) {
            const text = this.#near.format(-ago, 'day');
            const [first] = graphemes(text);
            return first.toLocaleUpperCase() + text.slice(first.length);
        }
        if (ago > 1 && ago < 7) return this.#weekday.format(date);
        const format = date.getFullYear() === now.getFullYear() ? this.#thisYear : this.#otherYear;
        return format.format(date);
    }
}
