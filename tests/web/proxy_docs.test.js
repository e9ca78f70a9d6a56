// The nginx configuration of docs/embedding.md, used literally: in a file that nginx includes in `http { }`. nginx refuses
// variables that are not defined. Those of docs/operations.md run in tests/api/proxies.test.js.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
const without = spawnSync('nginx', ['-v'], { env }).status === 0 ? false : 'there is no nginx here';

test('nginx accepts the configuration of embedding.md', { skip: without }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'globes-nginx-'));
    t.after(() => rm(folder, { recursive: true }));
    const text = await readFile(new URL('../../docs/embedding.md', import.meta.url), 'utf8');
    const [snippet, ...others] = [...text.matchAll(/^```nginx\n([^]*?)^```$/gm)].map(([, block]) => block);
    assert.deepEqual(others, []);
    // Folders that it may write to, and a port that everybody may listen on.
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ');
    const site = snippet.replace('server {', 'server { listen 127.0.0.1:18999;');
    const config = `pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${paths}\n${site}}`;
    await writeFile(join(folder, 'nginx.conf'), config);
    const { status, stderr } = spawnSync('nginx', ['-t', '-c', join(folder, 'nginx.conf')], { encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
});
