// The key of the tokens: configured or generated, and the effect of a change (docs/protocol.md#tokens-and-owners).
import assert from 'node:assert/strict';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertError, assertStatus, createPrivateRoom, get, takeToken } from './harness/api.js';
import { startServer } from './harness/server.js';

const renew = (on, room, token) => get(on, `/chats/${room.id}/token/renew`, { token });

test('without SECRET_KEY the server generates a key, keeps it secret and stores it', async (t) => {
    const own = await startServer(t);
    const room = await createPrivateRoom(own);
    const token = await takeToken(own, room, 'ada');
    const secrets = (await readdir(own.dataFolder)).filter((name) => !name.startsWith('globes.db'));
    assert.ok(secrets.length > 0, 'a secret file in the data folder');
    for (const name of secrets) {
        assert.equal((await stat(join(own.dataFolder, name))).mode & 0o777, 0o600, name);
        const content = (await readFile(join(own.dataFolder, name), 'utf8')).trim();
        assert.ok(content.length >= 32, 'long enough');
        assert.ok(!own.log.includes(content), 'not in the log');
    }
    await own.stop();
    await own.start();
    assertStatus(await renew(own, room, token), 201);
});

test('a start that has lost the secret of rooms with tokens says so', async (t) => {
    const own = await startServer(t);
    await own.stop();
    assert.doesNotMatch(own.log, /secret_created/, 'a new database has no tokens');
    await own.start();
    await createPrivateRoom(own);
    await own.stop();
    await rm(join(own.dataFolder, 'secret'));
    await own.start();
    await own.logged(/level=warning event=secret_created rooms=1 reason="DataDir\/secret did not exist, .*"\n/);
});

test('two servers never generate the same key', async (t) => {
    const first = await startServer(t);
    const second = await startServer(t);
    const room = await createPrivateRoom(first, { title: 'Twins' });
    assert.equal((await createPrivateRoom(second, { title: 'Twins' })).id, room.id);
    assertError(await renew(second, room, await takeToken(first, room, 'ada')), 403, 403, 'token');
});

test('SECRET_KEY determines which tokens are valid, from .env or, with precedence, the environment', async (t) => {
    const own = await startServer(t, { dotenv: "SECRET_KEY='this one is from the file'\n" });
    const room = await createPrivateRoom(own);
    const byFile = await takeToken(own, room, 'ada');
    const files = (await readdir(own.dataFolder)).filter((name) => !name.startsWith('globes.db'));
    assert.deepEqual(files, [], 'no key is generated if one is configured');
    await own.stop();
    await own.start({ env: { SECRET_KEY: 'this one is from the environment' } });
    assertError(await renew(own, room, byFile), 403, 403, 'token');
    const byEnvironment = await takeToken(own, room, 'ada');
    await own.stop();
    await own.start({ env: {} });
    assertStatus(await renew(own, room, byFile), 201);
    assertError(await renew(own, room, byEnvironment), 403, 403, 'token');
});
