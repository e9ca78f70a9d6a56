// The nginx configurations in the documents, used literally: in a file that nginx includes in `http { }`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/** The blocks of a document that contain nginx configuration. */
async function snippetsOf(document) {
    const text = await readFile(new URL(`../../docs/${document}`, import.meta.url), 'utf8');
    return [...text.matchAll(/^```nginx\n([^]*?)^```$/gm)].map(([, snippet]) => snippet);
}

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
const without = spawnSync('nginx', ['-v'], { env }).status === 0 ? false : 'there is no nginx here';

for (const document of ['embedding.md', 'operations.md']) {
    test(`every variable in the nginx configuration of ${document} is defined in it`, async () => {
        const snippets = await snippetsOf(document);
        assert.equal(snippets.length, 1);
        for (const snippet of snippets.map((text) => text.replace(/#.*/g, ''))) {
            const used = new Set(snippet.match(/\$\w+/g));
            const defined = [...snippet.matchAll(/map \$\w+ (\$\w+) \{/g)].map(([, name]) => name);
            // Defined by nginx itself: variables that begin with http_ are headers of the request.
            const missing = [...used].filter((name) => !name.startsWith('$http_') && !defined.includes(name));
            assert.deepEqual(missing, []);
        }
    });

    test(`nginx accepts the configuration of ${document}`, { skip: without }, async (t) => {
        const folder = await mkdtemp(join(tmpdir(), 'globes-nginx-'));
        t.after(() => rm(folder, { recursive: true }));
        const [snippet] = await snippetsOf(document);
        // Folders that it may write to, and a port that everybody may listen on.
        const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ');
        const site = snippet.replace('server {', 'server { listen 127.0.0.1:18999;');
        const config = `pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${paths}\n${site}}`;
        await writeFile(join(folder, 'nginx.conf'), config);
        const { status, stderr } = spawnSync('nginx', ['-t', '-c', join(folder, 'nginx.conf')], { encoding: 'utf8', env });
        assert.equal(status, 0, stderr);
    });
}
