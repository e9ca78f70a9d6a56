// Before packing: fetches what is published from where it is kept, so that there is one copy of it in the repository.
import { copyFileSync } from 'node:fs';

for (const file of ['web/globes.js', 'web/globes.d.ts', 'LICENSE'])
    copyFileSync(new URL(`../../${file}`, import.meta.url), new URL(file.split('/').at(-1), import.meta.url));
