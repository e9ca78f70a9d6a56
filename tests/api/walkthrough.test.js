// The walk-through of the README, in its order, with curl and a WebSocket client that uses only that page.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ChatClient, TIME } from './harness/chat_client.js';
import { sharedServer, startServer } from './harness/server.js';
import { openToken } from './harness/tokens.js';

const run = promisify(execFile);
const server = sharedServer();

/** A response of curl: status, header lines, body. */
async function curl(path, ...flags) {
    const { stdout } = await run('curl', [
        '--silent',
        '--show-error',
        '--include',
        ...flags,
        `${server.origin}${path}`,
    ]);
    const [head, ...body] = stdout.split('\r\n\r\n');
    const [statusLine, ...headers] = head.split('\r\n');
    return { status: Number(statusLine.split(' ')[1]), headers, body: body.join('\r\n\r\n') };
}

const json = (method, body) => ['-X', method, '-H', 'Content-Type: application/json', '-d', body];

const DUPLICATE = '{"status":false,"error":{"code":102,"error":"Room error: Duplicate room","field":"title"}}';
const NO_ROOM = '{"status":false,"error":{"code":101,"error":"Room error: Room not found"}}';
const WRONG_SECRET = '{"status":false,"error":{"code":304,"error":"Unauthorized operation","field":"secret"}}';

test('the start line has version and address', () => {
    assert.match(server.log, /^Globes \d+\.\d+(\.\d+)? started at 127\.0\.0\.1:\d+$/m);
});

test('the tour of the README prints the output that the README shows', async (t) => {
    const { origin } = await startServer(t);
    const tour = fileURLToPath(new URL('../../scripts/tour', import.meta.url));
    const { stdout } = await run(tour, [origin]);
    assert.match(stdout, /^ok curl /);
});

test('the README walk-through works step by step', async () => {
    const basic = `{
        "title":"My chat room",
        "description":"There are many like it, but this one is mine",
        "visibility":"public"
    }`;
    const created = await curl('/chats', ...json('POST', basic));
    assert.equal(created.status, 201);
    const time = '"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z)"';
    assert.match(
        created.body,
        new RegExp(
            '^\\{"title":"My chat room","description":"There are many like it, but this one is mine",' +
                `"visibility":"public","createdAt":${time},"updatedAt":${time},"id":2,"users":\\[\\],"online":0\\}$`,
        ),
    );
    assert.ok(created.headers.some((line) => /^content-type: application\/json/i.test(line)));
    assert.ok(created.headers.some((line) => /^location: \/chats\/2$/i.test(line)));

    assert.deepEqual(
        { ...(await curl('/chats', ...json('POST', basic))), headers: null },
        { status: 400, headers: null, body: DUPLICATE },
    );

    assert.equal((await curl('/chats/2')).body, created.body);
    assert.equal((await curl('/chats/My%20chat%20room')).body, created.body);

    const updated = await curl('/chats/2', ...json('PUT', '{"description":"Now it is yours"}'));
    assert.equal(updated.status, 200);
    assert.equal(JSON.parse(updated.body).description, 'Now it is yours');
    assert.equal(JSON.parse(updated.body).title, 'My chat room');

    const deleted = await curl('/chats/2', '-X', 'DELETE');
    assert.deepEqual([deleted.status, deleted.body], [200, '{"status":true}']);
    const gone = await curl('/chats/2');
    assert.deepEqual([gone.status, gone.body], [404, NO_ROOM]);
});

test('the README shows how to get, use and renew a token', async () => {
    const body = '{"title":"Our room","visibility":"Private","password":"open sesame"}';
    const room = JSON.parse((await curl('/chats', ...json('POST', body))).body);
    assert.equal(room.visibility, 'private');
    assert.ok(!('password' in room));

    const wrong = await curl(`/chats/${room.id}/token`, ...json('POST', '{"name":"david","secret":"nonsense"}'));
    assert.deepEqual([wrong.status, wrong.body], [401, WRONG_SECRET]);
    const missing = await curl(`/chats/${room.id}/token`, ...json('POST', '{"name":"david"}'));
    assert.deepEqual([missing.status, missing.body], [401, WRONG_SECRET]);

    const right = await curl(`/chats/${room.id}/token`, ...json('POST', '{"name":"david","secret":"open sesame"}'));
    assert.equal(right.status, 201);
    const shape = new RegExp(
        `^\\{"status":true,"name":"david","room_id":${room.id},"token":"([\\w-]+\\.[\\w-]+\\.[\\w-]+)"\\}$`,
    );
    assert.match(right.body, shape);
    const [, token] = right.body.match(shape);
    assert.deepEqual(openToken(token).header, { alg: 'HS256', typ: 'JWT' });
    const { username, room_id, iat, exp } = openToken(token).claims;
    assert.deepEqual(
        { username, room_id, minutes: (exp - iat) / 60 },
        { username: 'david', room_id: room.id, minutes: 60 },
    );

    const bearer = ['-H', `Authorization: Bearer ${token}`];
    const refused = await curl(`/chats/${room.id}`, ...json('PUT', '{"description":"x"}'));
    assert.equal(refused.status, 403);
    const changed = await curl(`/chats/${room.id}`, ...bearer, ...json('PUT', '{"description":"x"}'));
    assert.equal(changed.status, 200);
    const renewed = await curl(`/chats/${room.id}/token/renew`, ...bearer);
    assert.equal(renewed.status, 201);
    assert.match(renewed.body, shape);
});

test('the README shows how to chat', async () => {
    const david = await ChatClient.open(server, { id: 1 });
    const eve = await ChatClient.open(server, { id: 1 });
    david.send('{"event_type":"join","name":"david","color":"red","msg":""}');
    const joined = await eve.nextText();
    assert.equal(await david.nextText(), joined);
    assert.match(
        joined,
        /^\{"event_type":"join","name":"david","room_id":1,"color":"red","msg":"david entered the room\.","time":"[^"]+"\}$/,
    );

    david.send('{"event_type":"send","name":"david","color":"red","msg":"message to send"}');
    const said = await eve.nextText();
    assert.equal(await david.nextText(), said);
    assert.match(
        said,
        /^\{"event_type":"send","name":"david","room_id":1,"color":"red","msg":"message to send","time":"[^"]+","seq":1\}$/,
    );
    assert.match(JSON.parse(said).time, TIME);

    david.send('{"event_type":"leave","name":"david","color":"red","msg":""}');
    const left = await eve.nextText();
    assert.equal(await david.nextText(), left);
    assert.match(
        left,
        /^\{"event_type":"leave","name":"david","room_id":1,.*"msg":"david has left the room\.","time":"[^"]+"\}$/,
    );

    david.send('{"event_type":"send","name":"david","color":"red","msg":"back, and gone"}');
    await eve.next();
    david.drop();
    assert.equal((await eve.next()).msg, 'david has left the room.');
    await eve.leave();
});
