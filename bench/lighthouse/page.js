// Writes the results of measure.js into docs/page.md, between two marks; the rest of that page is not changed.
import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';
const MOST_FIRST_PAINT_MS = 1000;
const FULL_SCORE = 100;

const sorted = (values) => [...values].sort((one, other) => one - other);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];

function withSpread(values, digits = 0) {
    const shown = (value) => value.toFixed(digits);
    return `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

/** Replaces the measured part of the page. `results`: for each view by its name, what each round found. */
export function writePage(file, { results, ...how }) {
    const [before, rest] = readFileSync(file, 'utf8').split(BEGIN);
    const [, after] = rest.split(END);
    const measured = [introduction(how), targets(results), views(results), faults(results)];
    writeFileSync(file, `${before}${BEGIN}\n${measured.filter(Boolean).join('\n\n')}\n${END}${after}`);
}

function introduction({ rounds, slower, machine, browser, version }) {
    const date = new Date().toISOString().slice(0, 10);
    return `Written by \`./dev bench --page --rounds ${rounds}\` on ${date}; do not edit, run it again. Lighthouse ${version} in ${browser}
simulates a phone whose processor is ${slower} times slower than that of this machine (${machine}). Server and browser share the machine.
Each number is the median of ${rounds} rounds, with the lowest and the highest in brackets. The browser's cache is empty.`;
}

function targets(results) {
    const all = [...results.values()];
    const worst = (key) => Math.min(...all.flat().map((result) => result[key]));
    const slowest = Math.max(...all.map((rounds) => median(rounds.map(({ firstPaintMs }) => firstPaintMs))));
    const row = (target, value, isReached) => `| ${target} | ${value} | ${isReached ? 'reached' : '**missed**'} |`;
    return [
        '| target | measured | |',
        '|---|---:|---|',
        row('accessibility 100 on every view', worst('accessibility'), worst('accessibility') === FULL_SCORE),
        row('best practices 100 on every view', worst('best-practices'), worst('best-practices') === FULL_SCORE),
        row('first contentful paint < 1 s, the slowest view', `${Math.round(slowest)} ms`, slowest < MOST_FIRST_PAINT_MS),
    ].join('\n');
}

function views(results) {
    const lines = [
        '| view | accessibility | best practices | performance | first paint, ms | largest paint, ms | blocking, ms | layout shift | bytes |',
        `|---|${'---:|'.repeat(8)}`,
    ];
    for (const [name, rounds] of results) {
        const of = (key) => rounds.map((result) => result[key]);
        const cells = [
            median(of('accessibility')),
            median(of('best-practices')),
            withSpread(of('performance')),
            withSpread(of('firstPaintMs')),
            withSpread(of('largestPaintMs')),
            withSpread(of('blockingMs')),
            withSpread(of('shift'), 3),
            Math.round(median(of('bytes'))).toLocaleString('en'),
        ];
        lines.push(`| ${name} | ${cells.join(' | ')} |`);
    }
    return lines.join('\n');
}

/** What Lighthouse found wrong with accessibility and best practices. */
function faults(results) {
    const found = [...results].flatMap(([name, rounds]) =>
        [...new Set(rounds.flatMap((result) => result.faults))].map((fault) => `- ${name}: ${fault}`),
    );
    return found.join('\n');
}
