// The npm package: its content, and that its README works as it is.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { launchBrowser } from '../api/harness/browser.js';
import { startServer } from '../api/harness/server.js';

const run = promisify(execFile);
const folder = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test('the packed package installs, and the tour of its README runs', async (t) => {
    const work = await mkdtemp(join(tmpdir(), 'globes-client-'));
    t.after(() => rm(work, { recursive: true, force: true }));
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', work], { cwd: folder('clients/js') });
    const [{ filename, files, version }] = JSON.parse(stdout);
    const parts = (await readdir(folder('web/client'))).map((name) => `client/${name}`);
    assert.ok(parts.length > 5);
    const published = ['LICENSE', 'README.md', 'globes.d.ts', 'globes.js', 'package.json', ...parts];
    assert.deepEqual(files.map(({ path }) => path).sort(), published.sort());
    const installed = join(work, 'node_modules/globes-client');
    await mkdir(installed, { recursive: true });
    await run('tar', ['-xzf', join(work, filename), '-C', installed, '--strip-components=1']);
    await symlink(folder('tests/api/node_modules/ws'), join(work, 'node_modules/ws'));
    for (const path of ['globes.js', 'globes.d.ts', ...parts])
        assert.deepEqual(await readFile(join(installed, path)), await readFile(folder(`web/${path}`)));

    const server = await startServer(t);
    assert.equal(version, server.version, 'the package has the version of the server');
    const readme = await readFile(join(installed, 'README.md'), 'utf8');
    const tour = readme.match(/```js\n(.*?)```/s)[1].replace('http://127.0.0.1:5000', server.origin);
    await writeFile(join(work, 'tour.mjs'), tour);
    const { stdout: printed } = await run(process.execPath, ['tour.mjs'], { cwd: work });
    assert.deepEqual(printed.trim().split('\n').sort(), [
        '1 Public Chat 0',
        '1 messages so far',
        '2 Gardeners 0',
        'ada: ada entered the room.',
        'ada: hello',
        'our first message has number 1',
        'over null',
        'we are closed',
        'we are online',
    ]);
});

test('the README’s installation works from a checkout, in Node and in a browser without a bundler', async (t) => {
    const work = await mkdtemp(join(tmpdir(), 'globes-client-'));
    t.after(() => rm(work, { recursive: true, force: true }));
    const readme = await readFile(folder('clients/js/README.md'), 'utf8');
    const [, install] = readme.match(/```sh\n(.*?)```/s);
    assert.doesNotMatch(readme, /npm install globes-client/, 'it is in no registry');
    await writeFile(join(work, 'package.json'), '{ "type": "module" }');
    await run('sh', ['-euc', install.replaceAll('/path/to/globes', folder('.'))], { cwd: work });
    const program = `import { Globes } from 'globes-client'; console.log(new Globes('http://host').baseUrl);`;
    await writeFile(join(work, 'program.js'), program);
    assert.equal((await run(process.execPath, ['program.js'], { cwd: work })).stdout, 'http://host\n');

    const web = http.createServer(async ({ url }, response) => {
        const [, path] = url.match(/^\/lib\/([\w/]+\.js)$/) ?? [];
        response.setHeader('Content-Type', path ? 'text/javascript' : 'text/html');
        response.end(path ? await readFile(join(work, 'node_modules/globes-client', path)) : '<!DOCTYPE html><title>Site</title>');
    });
    await once(web.listen(0, '127.0.0.1'), 'listening');
    t.after(() => web.close());
    const origin = `http://127.0.0.1:${web.address().port}`;
    const server = await startServer(t, { config: { AllowedOrigins: [origin] } });
    const page = await (await launchBrowser(t)).newPage();
    await page.goto(origin);
    const received = await page.evaluate(async (address) => {
        const { Globes } = await import('/lib/globes.js');
        const connection = new Globes(address).connect(1, { name: 'ada' });
        return connection.send('hello').acked;
    }, server.origin);
    assert.deepEqual(received, { seq: 1, duplicate: false });
});
