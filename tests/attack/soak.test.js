// The short form of `./dev soak` (docs/reliability.md#soak).
import { test } from 'node:test';

import { soak } from './soaker.js';

const MINUTES = process.env.GLOBES_LONG === '1' ? 10 : 2;

test(`${MINUTES} minutes of load and attacks, with TLS and without: memory and descriptors stay as they are, nothing is lost`, (t) =>
    soak(t, (line) => t.diagnostic(line), MINUTES));
