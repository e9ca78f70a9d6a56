// The examples of docs/embedding.md#below-a-path in real proxies: a server below a path of another site. Only ports and
// paths of files are replaced.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertStatus, createRoom, get } from './harness/api.js';
import { ChatClient } from './harness/chat_client.js';
import { codeBlocks, findProgram } from './harness/documented.js';
import { freePort } from './harness/ports.js';
import { withoutProxy } from './harness/proxies.js';
import { startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';
import { openWebSocket } from './harness/web_socket.js';

const MAIN = {
    nginx: (example, folder, port) => {
        const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
        const log = `access_log ${folder}/inherited.log; error_log ${folder}/inherited.log;`;
        const site = example.replace('server {', `server { listen 127.0.0.1:${port};`);
        return `daemon off; pid ${folder}/pid; events {} http { ${paths.join(' ')} ${log}\n${site}}`;
    },
    caddy: (example, _, port) => `{\n\tadmin off\n}\nhttp://example.org:${port} {\n\tbind 127.0.0.1\n${example}\n}\n`,
};
const ARGUMENTS = {
    nginx: (folder, file) => ['-p', folder, '-c', file],
    caddy: (_, file) => ['run', '--config', file, '--adapter', 'caddyfile'],
};

/** Starts the proxy before the server; ended with the test. Resolves with its address and a function that reads its logs. */
async function startProxy(t, kind, server) {
    const folder = await mkdtemp(join(tmpdir(), `globes-${kind}-`));
    await chmod(folder, 0o755);
    const port = await freePort();
    const { code } = codeBlocks('Below a path', 'embedding.md').find(({ language }) => language === kind);
    const example = code.replaceAll('127.0.0.1:5000', `${server.host}:${server.port}`).replaceAll('/var/log/nginx/', `${folder}/`);
    const file = join(folder, 'main.conf');
    await writeFile(file, MAIN[kind](example, folder, port));
    const proxy = spawn(findProgram(kind), ARGUMENTS[kind](folder, file), {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    let output = '';
    for (const stream of [proxy.stdout, proxy.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    t.after(async () => {
        const ended = new Promise((done) => proxy.once('close', done));
        if (proxy.exitCode === null && proxy.kill('SIGTERM')) await ended;
        await rm(folder, { recursive: true, force: true });
    });
    const address = { host: '127.0.0.1', port };
    await eventually(async () => {
        if (proxy.exitCode !== null) throw new Error(`${kind} has ended:\n${output}`);
        return get(address, '/chat/health', { headers: { Host: 'example.org' } }).then(({ status }) => status === 200, () => false);
    }, `${kind} passes requests on`);
    const logs = async () => {
        const files = ['globes.log', 'globes-error.log', 'inherited.log'].map((name) => readFile(join(folder, name), 'utf8').catch(() => ''));
        return output + (await Promise.all(files)).join('');
    };
    return { address, logs };
}

for (const kind of ['nginx', 'caddy']) {
    test(`below a path with ${kind}: titles, chat and addresses; no metrics, and no queries in its log`, { skip: withoutProxy(kind) }, async (t) => {
        const server = await startServer(t, { config: { TrustedProxies: ['127.0.0.1'], Hosts: ['example.org', 'localhost', '127.0.0.1'] } });
        const { address, logs } = await startProxy(t, kind, server);
        const headers = { Host: 'example.org' };
        const room = await createRoom(server, { title: 'a/b c' });
        const found = await get(address, '/chat/chats/a%2Fb%20c?limit=2', { headers });
        assertStatus(found, 200);
        assert.equal(found.json.id, room.id);
        for (const path of ['/chat/metrics', '/chat/%6detrics', '/chat//metrics', '/chat/x/../metrics']) {
            assert.notEqual((await get(address, path, { headers })).status, 200, path);
        }
        const path = `/chat/chats/${room.id}/ws?after=0&session=5e55105ecret`;
        const ada = new ChatClient(openWebSocket(address, path, ['globes.v1'], { headers }));
        assert.equal((await ada.next()).event_type, 'welcome');
        ada.say('ada', 'through the proxy');
        await ada.find(({ msg }) => msg === 'through the proxy');
        await ada.leave();
        await get(address, '/chat/chats', { headers, from: '127.0.0.9' });
        await server.logged(/path=\/chats status=200 .* peer=127\.0\.0\.9\n/);
        assert.doesNotMatch(await logs(), /5e55105ecret|limit=2/);
    });
}
