// One attack, measured: users without it and with it, several times in alternation, so that the noise of the machine
// affects both.
import { metricsOf } from '../api/harness/metrics.js';
import { Child, NICENESS } from './child.js';
import { TARGETS, failedTasks, peakMemory } from './stage.js';

export const KINDS = ['send', 'list', 'page'];

/** The value below which this part of `values` lies. */
export function percentile(values, part) {
    const sorted = [...values].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

const median = (values) => percentile(values, 0.5);

/** Of the rounds of one kind: medians of their p50 and p99. */
function summary(rounds, kind) {
    const of = (part) => median(rounds.map((round) => percentile(round[kind], part)));
    return { p50: of(0.5), p99: of(0.99) };
}

function sumOf(costs) {
    const total = {};
    for (const cost of costs) {
        for (const [name, value] of Object.entries(cost)) if (typeof value === 'number') total[name] = (total[name] ?? 0) + value;
    }
    return total;
}

/** Resolves when the server has noticed the end of the attacker's connections and answers a request. */
async function settled(server) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await metricsOf(server);
}

/** `{ attack, quiet, attacked, cost, memory, refusals, missed }`; `missed` are the targets that were missed, as texts. */
export async function measure(stage, attack, { rounds, ms }) {
    const server = await stage.start(attack.config);
    const scene = stage.sceneOf(server);
    const bystander = new Child('bystander.js');
    const quiet = [];
    const attacked = [];
    const costs = [];
    const refusals = [];
    const missed = [];
    let memory = 0;
    try {
        await bystander.ask('join', scene);
        await bystander.ask('measure', 500);
        for (let round = 0; round < rounds; round += 1) {
            quiet.push(await bystander.ask('measure', ms));
            const attacker = new Child('attacker.js', { niceness: NICENESS });
            try {
                // Another address in each round, because the limits of one used up address refuse everything.
                await attacker.ask('begin', attack.name, scene, attack.from ?? `127.0.0.${66 + round}`);
                attacked.push(await bystander.ask('measure', ms));
                costs.push(await attacker.ask('end'));
            } finally {
                await attacker.end();
            }
            await settled(server);
        }
        server.assertAlive();
        memory = peakMemory(server.pid);
        missed.push(...(await failedTasks(server)));
    } catch (error) {
        missed.push(error.message.split('\n')[0]);
    } finally {
        await bystander.end();
        await server.finish().catch((error) => missed.push(error.message.split('\n')[0]));
    }
    for (const round of [...quiet, ...attacked]) refusals.push(...round.refusals);
    const result = { attack, memory, refusals, missed, cost: sumOf(costs), quiet: {}, attacked: {} };
    if (attacked.length === 0) return result;
    for (const kind of KINDS) {
        const without = (result.quiet[kind] = summary(quiet, kind));
        const during = (result.attacked[kind] = summary(attacked, kind));
        const most = TARGETS.factor * without.p99 + TARGETS.extra_ms;
        if (during.p99 > most) missed.push(`p99 of ${kind} is ${during.p99.toFixed(1)} ms, at most ${most.toFixed(1)}`);
    }
    if (memory > TARGETS.memory_mib) missed.push(`memory ${memory.toFixed()} MiB`);
    if (refusals.length > 0) missed.push(`others: ${refusals.slice(0, 3).join('; ')}`);
    return result;
}
