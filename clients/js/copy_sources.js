// Runs before packing: copies the published files from their places in the repository, which has each of them once.
import { cpSync, rmSync } from 'node:fs';

for (const path of ['web/globes.js', 'web/globes.d.ts', 'web/client', 'LICENSE']) {
    const copy = new URL(path.split('/').at(-1), import.meta.url);
    rmSync(copy, { recursive: true, force: true });
    cpSync(new URL(`../../${path}`, import.meta.url), copy, { recursive: true });
}
