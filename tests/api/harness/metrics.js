// `GET /metrics` as a scraper reads it.
import assert from 'node:assert/strict';

import { assertStatus, get } from './api.js';

const SAMPLE = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\S+)$/;

/** The samples of a text, by name with labels: `globes_connections{kind="http"}`. */
export function parseMetrics(text) {
    const samples = new Map();
    let current = null;
    const seen = new Set();
    for (const line of text.trimEnd().split('\n')) {
        const begun = line.match(/^# HELP ([a-z_]+) \S.*$/);
        const typed = line.match(/^# TYPE ([a-z_]+) (counter|gauge)$/);
        if (begun) {
            assert.ok(!seen.has(begun[1]), `${begun[1]} comes twice`);
            current = begun[1];
            seen.add(current);
        } else if (typed) {
            assert.equal(typed[1], current, line);
            assert.equal(typed[2] === 'counter', current.endsWith('_total'), `${line}: counters end with _total`);
        } else {
            const sample = line.match(SAMPLE);
            assert.ok(sample, `no sample: ${line}`);
            const [, name, labels = '', value] = sample;
            assert.equal(name, current, line);
            assert.ok(!samples.has(name + labels), `${line} comes twice`);
            assert.ok(Number.isFinite(Number(value)), line);
            samples.set(name + labels, Number(value));
        }
    }
    return samples;
}

/** The server's current metrics. */
export async function metricsOf(server) {
    const answer = await get(server, '/metrics');
    assertStatus(answer, 200);
    return parseMetrics(answer.text);
}
