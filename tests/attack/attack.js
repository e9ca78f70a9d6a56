// The command `./dev attack`: makes attacks on a release server beside users and prints what they cost both sides
// (docs/security.md#attacks). Exit status: 0 all targets reached, 1 a target missed, 2 wrong arguments.
//
// GLOBES_BINARY  the server (default build/release/globes)
import { parseArgs } from 'node:util';

import { ATTACKS } from './attacks/index.js';

const USAGE = `usage: ./dev attack [--rounds N] [--seconds S] [NAME…]
       ./dev attack --list

Makes each attack, or those named, beside users, and prints their times without and with it.

  --rounds N    how often users are measured without and with the attack, default 3
  --seconds S   how long each time, default 4
  --list        print the names of the attacks, and what they do
  --dry-run     only check the arguments

An attack takes about 2 · N · S seconds, 24 by default; all of them take about 20 minutes. The targets: p99 with the
attack at most 3 times that without it and 5 ms, at most 256 MiB of memory, the server lives, and no user is refused
(docs/security.md#attacks). Exit code: 0 all targets reached, 1 a target missed, 2 wrong arguments.

A cell is the p50 and the p99 in ms, without → with the attack: of a message until its sender receives it, of GET /chats,
and of a page of history. Each is the median of all rounds.`;

function fail(text) {
    console.error(`${text}\n\n${USAGE}`);
    process.exit(2);
}

function options() {
    const number = { type: 'string' };
    try {
        const { values, positionals } = parseArgs({
            options: { rounds: number, seconds: number, list: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
            allowPositionals: true,
        });
        return { rounds: 3, seconds: 4, ...values, names: positionals };
    } catch (error) {
        return fail(error.message);
    }
}

const { rounds, seconds, list, help, names, 'dry-run': isDryRun } = options();
if (help) {
    console.log(USAGE);
    process.exit(0);
}
if (list) {
    for (const { name, what } of ATTACKS) console.log(`${name.padEnd(18)} ${what}`);
    process.exit(0);
}
const unknown = names.filter((name) => !ATTACKS.some((attack) => attack.name === name));
if (unknown.length > 0) fail(`unknown attacks: ${unknown.join(', ')}`);
if (!(rounds >= 1 && seconds > 0)) fail('--rounds and --seconds must be positive numbers');

if (isDryRun) process.exit(0);

// Only now: they need packages that help and list do not.
const { KINDS, measure } = await import('./measure.js');
const { Stage } = await import('./stage.js');

const wide = { attack: 18, cost: 36, times: 26, memory: 8 };
const short = (count) =>
    count >= 1e9 ? `${(count / 1e9).toFixed(1)}G` : count >= 1e6 ? `${(count / 1e6).toFixed(1)}M` : count >= 1e4 ? `${(count / 1e3).toFixed()}k` : `${count}`;
const ms = (value) => (value < 10 ? value.toFixed(1) : value.toFixed());
const times = ({ quiet, attacked }, kind) =>
    quiet[kind] ? `${ms(quiet[kind].p50)} ${ms(quiet[kind].p99)} → ${ms(attacked[kind].p50)} ${ms(attacked[kind].p99)}` : '';

console.log(
    [
        'attack'.padEnd(wide.attack),
        'conns  requests  sent  read  refused'.padEnd(wide.cost),
        ...KINDS.map((kind) => kind.padEnd(wide.times)),
        'MiB'.padEnd(wide.memory),
        'verdict',
    ].join(' '),
);
const stage = await Stage.make();
let missed = 0;
try {
    for (const attack of ATTACKS.filter(({ name }) => names.length === 0 || names.includes(name))) {
        const result = await measure(stage, attack, { rounds: Number(rounds), ms: Number(seconds) * 1000 });
        const { cost } = result;
        if (result.missed.length > 0) missed += 1;
        const columns = [cost.connections, cost.requests, cost.sent, cost.received, (cost.refused ?? 0) + (cost.closed ?? 0)];
        console.log(
            [
                attack.name.padEnd(wide.attack),
                columns.map((count) => short(count ?? 0).padEnd(6)).join(' ').padEnd(wide.cost),
                ...KINDS.map((kind) => times(result, kind).padEnd(wide.times)),
                result.memory.toFixed().padEnd(wide.memory),
                result.missed.length > 0 ? `MISSED: ${result.missed.join('; ')}` : 'held',
            ].join(' '),
        );
    }
} finally {
    await stage.remove();
}
console.log(missed > 0 ? `${missed} attacks missed a target` : 'all targets reached');
process.exit(missed > 0 ? 1 : 0);
