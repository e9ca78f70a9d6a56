// The short form of `./dev soak` (docs/reliability.md#soak).
import { test } from 'node:test';

import { Soak } from './soaker.js';

const MINUTES = process.env.GLOBES_LONG === '1' ? 10 : 2;

test(`${MINUTES} minutes of load and attacks: memory and descriptors stay as they are, nothing is lost`, async (t) => {
    const { growth, peak, messages } = await new Soak(t, (line) => t.diagnostic(line)).run(MINUTES);
    t.diagnostic(`${messages} messages, grown by ${growth} bytes, ${peak.toFixed()} MiB at most`);
});
