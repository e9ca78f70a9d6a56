// config.json, .env, the environment and the flags (docs/configuration.md).
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { runCommand } from './harness/command.js';
import { assertStatus, get } from './harness/api.js';
import { freePort } from './harness/ports.js';
import { runToEnd, startServer } from './harness/server.js';

const BROKEN_CONFIG = {
    'an unknown key': ['{"Adress":"127.0.0.1:0"}', /config\.json/, /Adress/],
    'a key in another case': ['{"address":"127.0.0.1:0"}', /config\.json/, /address/],
    'a misspelled key': ['{"Adress":":0"}', /Adress: unknown key \(did you mean Address\?\)/],
    'host bits in a range': ['{"TrustedProxies":["127.0.0.1","10.0.0.1/8"]}', /TrustedProxies: .*; "10\.0\.0\.1\/8" is not valid \(did you mean "10\.0\.0\.0\/8"\?\)/],
    'an origin with a path': ['{"AllowedOrigins":["https://example.org/"]}', /; "https:\/\/example\.org\/" is not valid \(did you mean "https:\/\/example\.org"\?\)/],
    'a host with a scheme': ['{"Hosts":["a.example","https://b.example"]}', /; "https:\/\/b\.example" is not valid/],
    'an address that is a number': ['{"Address":5000}', /config\.json/, /Address/],
    'an invalid address': ['{"Address":"nonsense"}', /Address/],
    'a timeout that is text': ['{"ReadTimeout":"ten"}', /config\.json/, /ReadTimeout/],
    'a negative timeout': ['{"WriteTimeout":-1}', /config\.json/, /WriteTimeout/],
    'origins that are not a list': ['{"AllowedOrigins":"*"}', /config\.json/, /AllowedOrigins/],
    'origins that are numbers': ['{"AllowedOrigins":[1]}', /config\.json/, /AllowedOrigins/],
    'a switch that is text': ['{"RequireOwner":"yes"}', /config\.json/, /RequireOwner/],
    'a rate that is negative': ['{"MessagesPerSecond":-5}', /config\.json/, /MessagesPerSecond/],
    'minutes that are text': ['{"TokenMinutes":"60"}', /config\.json/, /TokenMinutes/],
    'broken JSON': ['{"Address":', /config\.json/],
    'no object': ['[]', /config\.json/],
    'a key that is there twice': ['{"TokenMinutes":5,"TokenMinutes":60}', /config\.json/, /TokenMinutes/, /duplicate/],
    'UTF-16': [Buffer.from('\ufeff{}', 'utf16le'), /config\.json/, /UTF-16/, /UTF-8/],
};

for (const [what, [config, ...patterns]] of Object.entries(BROKEN_CONFIG)) {
    test(`config.json with ${what} is refused with exit code 2`, async () => {
        // Without --address, so that Address of the file is used.
        const { code, output } = await runToEnd({ config, address: null });
        assert.equal(code, 2, output);
        for (const pattern of patterns) assert.match(output, pattern);
        assert.doesNotMatch(output, /started at/);
    });
}

test('a config file that is named and does not exist is refused with exit code 2', async () => {
    const { code, output } = await runToEnd({ args: ['--config', 'missing.json'] });
    assert.equal(code, 2, output);
    assert.match(output, /missing\.json/);
});

test('without config.json the defaults apply', async (t) => {
    const own = await startServer(t, { config: null });
    assertStatus(await get(own, '/chats/1'), 200);
});

test("the original's config.json is understood", async (t) => {
    const own = await startServer(t, {
        config: { RedisURL: 'redis://localhost:6379', ReadTimeout: 10, WriteTimeout: 10, Static: 'public' },
        files: { 'public/index.html': '<p>mine</p>' },
    });
    assertStatus(await get(own, '/chats/1'), 200);
    assert.match((await get(own, '/', { headers: { Accept: 'text/html' } })).text, /mine/);
    await own.logged(/event=configuration note="RedisURL is not used/);
});

test('Address sets where the server listens; PORT takes precedence over it, and --address over both', async (t) => {
    const [byConfig, byDotenv, byEnvironment] = [await freePort(), await freePort(), await freePort()];
    const own = await startServer(t, { config: { Address: `127.0.0.1:${byConfig}` }, address: null });
    assert.equal(own.port, byConfig);
    assert.match(own.log, new RegExp(`started at 127\\.0\\.0\\.1:${byConfig}$`, 'm'));
    await own.stop();

    await own.start({ dotenv: `PORT=${byDotenv}\n` });
    assert.equal(own.port, byDotenv);
    assert.match(own.log, new RegExp(`started at 0\\.0\\.0\\.0:${byDotenv}$`, 'm'));
    await own.stop();

    await own.start({ env: { PORT: `${byEnvironment}` } });
    assert.equal(own.port, byEnvironment);
    await own.stop();

    await own.start({ address: '127.0.0.1:0' });
    assert.ok(![byConfig, byDotenv, byEnvironment].includes(own.port));
    assertStatus(await get(own, '/health'), 200);
});

test('.env may have comments, blank lines, quotes and export', async (t) => {
    const port = await freePort();
    const dotenv = `# where to listen\n\nexport PORT="${port}"\nSECRET_KEY='a key in quotes # of 16'\n`;
    const own = await startServer(t, { dotenv, address: null });
    assert.equal(own.port, port);
});

test('unknown keys of .env are ignored, with one warning that suggests known keys', async (t) => {
    const dotenv = `COMPOSE_PROJECT_NAME=unmistakable\nSECRET_KEYS="$unmistakable"\nMONGO_URI=unmistakable\n`;
    const own = await startServer(t, { dotenv, env: { SECRETKEY: 'unmistakable' } });
    await own.logged(/unknown keys.*\n/);
    const warnings = own.log.split('\n').filter((line) => line.includes('unknown keys'));
    assert.equal(warnings.length, 1, own.log);
    const meant = 'COMPOSE_PROJECT_NAME, SECRET_KEYS (did you mean SECRET_KEY?), MONGO_URI (did you mean MONGODB_URI?)';
    assert.match(warnings[0], /level=warning event=configuration /);
    assert.ok(warnings[0].includes(`.env: unknown keys are ignored: ${meant}`), warnings[0]);
    assert.doesNotMatch(own.log, /unmistakable/, 'a value may be a secret');
    await own.stop();
    const { code, stderr } = await runCommand(own.folder, ['check']);
    assert.equal(code, 0);
    assert.match(stderr, /MONGO_URI \(did you mean MONGODB_URI\?\)/, 'a command would use the wrong store otherwise');
});

test('a value of .env that other programs read differently is refused, without showing it', async () => {
    for (const value of ['ab"unmistakable"d', 'unmistakable\\ x', '"$unmistakable"', '"unmistakable']) {
        const { code, output } = await runToEnd({ dotenv: `# first\nSECRET_KEY=${value}\n` });
        assert.equal(code, 2, output);
        assert.match(output, /\.env: SECRET_KEY: .*line 2\b/);
        assert.doesNotMatch(output, /unmistakable/);
    }
});

test('a SECRET_KEY of fewer than 16 bytes is refused, and the error says how to make one', async () => {
    const short = 'unmistakable123';
    for (const [source, options] of [
        ['.env', { dotenv: `SECRET_KEY=${short}\n` }],
        ['environment', { env: { SECRET_KEY: short } }],
    ]) {
        const { code, output } = await runToEnd(options);
        assert.equal(code, 2, output);
        assert.ok(output.includes(`${source}: SECRET_KEY: must have at least 16 bytes`), output);
        assert.match(output, /openssl rand -hex 32/);
        assert.doesNotMatch(output, /unmistakable/);
    }
});

test('a SECRET_KEY of 16 bytes is enough', async (t) => {
    await startServer(t, { env: { SECRET_KEY: 'unmistakable1234' } });
});

test('config.json and .env may begin with a byte order mark', async (t) => {
    const port = await freePort();
    const own = await startServer(t, {
        config: '\ufeff{"LogLevel":"debug"}',
        dotenv: `\ufeffPORT=${port}\r\n`,
        address: null,
    });
    assert.equal(own.port, port);
});

test('.env in UTF-16 is refused, and the error says so', async () => {
    const { code, output } = await runToEnd({ dotenv: Buffer.from('\ufeffPORT=1', 'utf16le') });
    assert.equal(code, 2, output);
    assert.match(output, /\.env: is UTF-16, must be UTF-8/);
});

test('a PORT that is not a port number is refused with exit code 2', async () => {
    for (const port of ['http', '70000', '-1']) {
        const { code, output } = await runToEnd({ env: { PORT: port }, address: null });
        assert.equal(code, 2, output);
        assert.match(output, /PORT/);
    }
});

test('--config, --env and --data name other files and folders', async (t) => {
    const port = await freePort();
    const own = await startServer(t, {
        config: null,
        address: null,
        args: ['--config', 'other.json', '--env', 'other.env', '--data', 'elsewhere/deep'],
        files: { 'other.json': '{"TokenMinutes":7,"DataDir":"ignored"}', 'other.env': `PORT=${port}\n` },
    });
    assert.equal(own.port, port);
    assert.ok((await readdir(join(own.folder, 'elsewhere/deep'))).includes('globes.db'));
    assert.deepEqual((await readdir(own.folder)).sort(), ['elsewhere', 'other.env', 'other.json']);
});

test('DataDir sets the data folder', async (t) => {
    const own = await startServer(t, { config: { DataDir: 'kept' } });
    assert.ok((await readdir(join(own.folder, 'kept'))).includes('globes.db'));
});

// Flags and exit codes.

test('--version and --help print and exit with 0', async () => {
    const version = await runToEnd({ address: null, args: ['--version'] });
    assert.equal(version.code, 0);
    assert.match(version.output, /\d+\.\d+/);
    const help = await runToEnd({ address: null, args: ['--help'] });
    assert.equal(help.code, 0);
    for (const flag of ['--config', '--env', '--address', '--data', '--version', '--help']) {
        assert.ok(help.output.includes(flag), `${flag} is not in the help`);
    }
});

test('an unknown flag is refused, and the error names it', async () => {
    const { code, output } = await runToEnd({ args: ['--nonsense'] });
    assert.notEqual(code, 0);
    assert.match(output, /--nonsense/);
});
