// The short form of `./dev attack` (docs/security.md#attacks): the server lives through every attack, its memory stays
// bounded, the attacker is refused, and nobody else is. Times are not checked, because tests share the machine.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { metricsOf } from '../api/harness/metrics.js';
import { isSanitized } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { ATTACKS } from './attacks/index.js';
import { Child, NICENESS } from './child.js';
import { Stage, TARGETS, failedTasks, peakMemory } from './stage.js';

const MEASURE_MS = 700;
const REFUSED_WITHIN_MS = 20_000;
/** So that slow attackers are refused soon. */
const HURRY = { ReadTimeout: 1, WriteTimeout: 2 };

const stage = await Stage.make();
after(() => stage.remove());

let lastAddress = 65;

/** Whether the attacker was refused as the attack says, or at least got an answer. */
function isRefused({ refused }, { cost, before, now }) {
    if (refused === null) return cost.received > 0;
    if (refused.closed) return cost.closed > 0;
    if (refused.status) return cost.statuses[refused.status] > 0;
    const names = refused.metric ?? [refused.limit].flat().map((limit) => `globes_address_refusals_total{limit="${limit}"}`);
    return [names].flat().some((name) => now.get(name) > before.get(name));
}

/** Makes an attack until the attacker was refused, while the users of `bystander` chat. */
async function assault(server, scene, { bystander, attacker }, attack) {
    const before = await metricsOf(server);
    try {
        await attacker.ask('begin', attack.name, scene, attack.from ?? `127.0.0.${(lastAddress += 1)}`);
        const { refusals } = await bystander.ask('measure', MEASURE_MS);
        assert.deepEqual(refusals, [], 'nobody else is refused');
        await eventually(async () => {
            const [cost, now] = [await attacker.ask('cost'), await metricsOf(server)];
            return isRefused(attack, { cost, before, now });
        }, `the attacker is refused: ${JSON.stringify(attack.refused)}`, REFUSED_WITHIN_MS);
    } finally {
        await attacker.ask('end');
    }
    assert.deepEqual(await bystander.ask('refusals'), [], 'nobody else is refused afterwards');
    server.assertAlive();
}

for (const config of [{}, { Static: true }]) {
    const attacks = ATTACKS.filter((attack) => JSON.stringify(attack.config ?? {}) === JSON.stringify(config));
    test(`one server lives through ${attacks.length} attacks, with ${JSON.stringify(config)}`, async (t) => {
        const server = await stage.start({ ...HURRY, ...config });
        const bystander = new Child('bystander.js');
        const attacker = new Child('attacker.js', { niceness: NICENESS });
        try {
            const scene = stage.sceneOf(server);
            await bystander.ask('join', scene);
            for (const attack of attacks)
                await t.test(`${attack.name}: an attacker that ${attack.what}`, { skip: attack.open }, () =>
                    assault(server, scene, { bystander, attacker }, attack),
                );
            await t.test('memory was bounded, and no task has failed', async (part) => {
                const peak = peakMemory(server.pid);
                part.diagnostic(`the server had ${peak.toFixed()} MiB at most`);
                if (!isSanitized()) assert.ok(peak <= TARGETS.memory_mib, `${peak} MiB`);
                assert.deepEqual(await failedTasks(server), []);
            });
        } finally {
            await attacker.end();
            await bystander.end();
            await server.finish();
        }
    });
}
