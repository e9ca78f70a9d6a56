// <globes-chat> behind proxies, in outages, on pages of any language, and after a device has slept.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom, put, takeToken, usersOf } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { eventually } from '../api/harness/wait.js';
import { Gateway } from '../client/support/gateway.js';
import { events, open, startBoth } from './embed_site.js';

const HTML = { status: 200, body: '<!DOCTYPE html><h1>We will be back soon</h1>', headers: { 'Access-Control-Allow-Origin': '*' } };

const field = (page) => page.getByRole('textbox', { name: 'Your message' });

async function say(page, text) {
    await field(page).fill(text);
    await field(page).press('Enter');
}

/** A site whose script is loaded through a gateway. */
async function behindGateway(t, options) {
    const both = await startBoth(t);
    const gateway = await Gateway.start(t, both.server, options);
    both.site.scripts = `<script type="module" src="${gateway.origin}${options?.prefix ?? ''}/globes-chat.js"></script>`;
    return { ...both, gateway };
}

test('a script from below a path uses the server there, unless the page names another one', async (t) => {
    const { site, server, gateway } = await behindGateway(t, { prefix: '/team/chat' });
    const room = await createRoom(server, { title: 'Below a path' });
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'said before');
    await ben.find(({ msg }) => msg === 'said before');
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada" lang="de"></globes-chat>`);
    await page.getByRole('heading', { name: 'Below a path' }).waitFor();
    await page.getByText('said before', { exact: true }).waitFor();
    await page.getByRole('textbox').fill('from below');
    await page.keyboard.press('Enter');
    await ben.find(({ msg }) => msg === 'from below');
    assert.deepEqual(gateway.unknown, [], 'nothing else is asked for');

    const bases = await page.evaluate(async (origin) => {
        const { Globes } = await import(`${origin}/team/chat/globes.js?version=2`);
        return [new Globes().baseUrl, new Globes('https://example.org/x').baseUrl];
    }, gateway.origin);
    assert.deepEqual(bases, [`${gateway.origin}/team/chat`, 'https://example.org/x']);

    gateway.answer = HTML;
    site.body = `<globes-chat room="${room.id}" name="cai" server="${server.origin}"></globes-chat>`;
    await page.reload();
    await page.getByText('from below', { exact: true }).waitFor();
});

test('while a proxy answers instead of the server, the element shows that, and recovers by itself', async (t) => {
    const { site, server, gateway } = await behindGateway(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    gateway.answer = HTML;
    const page = await open(t, site, `<globes-chat room="${room.id}" name="ada"></globes-chat>`);
    await page.getByText('The chat server cannot be reached. Trying again …').waitFor();
    for (const status of [404, 403, 502]) {
        gateway.answer = { ...HTML, status };
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByText('The chat server cannot be reached. Trying again …').waitFor();
    }
    gateway.answer = null;
    await say(page, 'at last');
    await ben.find(({ msg }) => msg === 'at last');

    gateway.answer = { ...HTML, status: 404 };
    gateway.cut();
    await page.getByText(/Connection lost/).first().waitFor();
    await say(page, 'said meanwhile');
    gateway.answer = null;
    await ben.find(({ msg }) => msg === 'said meanwhile');
    await eventually(async () => (await events(page, 'globes-state')).at(-1).state === 'online', 'it is back');
    const states = (await events(page, 'globes-state')).map(({ state }) => state);
    assert.ok(states.includes('waiting') && !states.includes('closed'), String(states));
});

test('any lang attribute of the page gives a room in some language', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    ben.say('ben', 'hello');
    await ben.find(({ msg }) => msg === 'hello');
    const odd = ['en_US', 'C', 'POSIX', 'x', '{{ lang }}', '', ' ', 'en-', '-', 'i-klingon', 'en-US@posix', 'q'.repeat(9000), 'tlh', '😀'];
    const german = ['de_DE.UTF-8', 'de_AT@euro', 'DE', ' de '];
    const elements = [...odd, ...german].map((lang) => `<div lang="${lang}"><globes-chat room="${room.id}" read-only></globes-chat></div>`);
    const page = await open(t, site, elements.join(''), { locale: 'en-GB' });
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    const chats = page.locator('globes-chat');
    for (const [index, lang] of [...odd, ...german].entries()) {
        const chat = chats.nth(index);
        await chat.getByText('hello', { exact: true }).waitFor();
        const label = await chat.locator('.scroller').getAttribute('aria-label');
        assert.equal(label, german.includes(lang) ? 'Nachrichten' : 'Messages', lang.slice(0, 20));
    }
    assert.deepEqual([problems, await events(page, 'globes-error')], [[], []]);
});

test('a bug in the page is reported as such, and the visitor is not in the room', async (t) => {
    const { site, server } = await startBoth(t);
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const fault = '<script>window.ResizeObserver = class { constructor() { throw new Error("no observer here"); } };</script>';
    const logged = [];
    const page = await open(t, site, '');
    page.on('console', (message) => message.type() === 'error' && logged.push(message.text()));
    for (const name of ['name="ada"', '']) {
        site.body = `${fault}<globes-chat room="${room.id}" ${name}></globes-chat>`;
        await page.reload();
        if (!name) {
            await page.getByLabel('Your name').fill('ada');
            await page.keyboard.press('Enter');
        }
        await page.getByText('Something went wrong on this page. Reload it.').waitFor();
        await eventually(async () => (await usersOf(server, room)).join() === 'ben', 'ada is not in the room');
    }
    assert.equal(logged.filter((text) => text.includes('no observer here')).length, 2, String(logged));
    assert.deepEqual(await events(page, 'globes-error'), []);
    ben.say('ben', 'fence');
    await ben.find(({ msg }) => msg === 'fence');
});

/**
 * Ada in a private room with a shown message, one in flight and a draft; the password was changed while she was
 * offline.
 */
async function lockedOut(t, attributes) {
    const { site, server, gateway } = await behindGateway(t);
    const room = await createPrivateRoom(server);
    const token = await takeToken(server, room, 'ada');
    const page = await open(t, site, `<globes-chat room="${room.id}" ${attributes(token)}></globes-chat>`);
    if (await page.getByLabel('Password of this room').or(field(page)).first().getAttribute('type')) {
        await page.getByLabel('Password of this room').fill(PASSWORD);
        await page.keyboard.press('Enter');
    }
    await say(page, 'before');
    await page.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
    gateway.answer = { ...HTML, status: 502 };
    gateway.cut();
    await page.getByText(/Connection lost/).first().waitFor();
    await say(page, 'written meanwhile');
    await field(page).fill('half a thought');
    await put(server, `/chats/${room.id}`, { password: 'another secret' }, { token });
    const fresh = (name) => takeToken(server, room, name, 'another secret');
    const ben = await ChatClient.join(server, room, 'ben', { token: await fresh('ben') });
    gateway.answer = null;
    return { server, room, page, ben, fresh };
}

/** Nothing is lost: the shown message, the one in flight, once, and the draft. */
async function goesOn({ page, ben }) {
    await ben.find(({ msg }) => msg === 'written meanwhile');
    assert.equal(await field(page).inputValue(), 'half a thought');
    await field(page).press('Enter');
    await ben.find(({ msg }) => msg === 'half a thought');
    const texts = () => page.locator('.message .text').allTextContents();
    await eventually(async () => (await texts()).join() === 'before,written meanwhile,half a thought', 'each is shown once');
    assert.deepEqual((await events(page, 'globes-message')).map(({ msg }) => msg), ['before', 'written meanwhile', 'half a thought']);
}

test('an expired token that cannot be renewed is requested again in place, and no message or draft is lost', async (t) => {
    const room = await lockedOut(t, () => 'name="ada"');
    const { page } = room;
    await page.getByRole('alert').getByText('Access to this room has changed. Join again.').waitFor();
    assert.equal(await page.getByText('Join again', { exact: false }).count(), 1, 'it is shown once');
    assert.ok(await page.getByText('before', { exact: true }).isVisible(), 'the messages stay');
    await page.getByLabel('Password of this room').fill('not this one');
    await page.keyboard.press('Enter');
    await page.getByText('The password is wrong.').waitFor();
    await page.getByLabel('Password of this room').fill('another secret');
    await page.keyboard.press('Enter');
    await goesOn(room);
    assert.equal(await page.getByLabel('Password of this room').count(), 0);
});

test('an expired token is reported as on the page, once, in English and German', async (t) => {
    const SECRET_KEY = 'a key that this test knows';
    const { site, server } = await startBoth(t, { env: { SECRET_KEY } });
    const room = await createPrivateRoom(server);
    for (const [lang, password, expired] of [
        ['en', 'Password of this room', 'Your access to this room has expired. Join again. Your unsent messages are kept.'],
        ['de', 'Passwort dieses Raums', 'Dein Zugang zu diesem Raum ist abgelaufen. Tritt noch einmal ein. Nicht gesendete Nachrichten bleiben erhalten.'],
    ]) {
        const page = await open(t, site, '');
        await page.clock.install();
        site.body = `<globes-chat room="${room.id}" name="ada ${lang}" lang="${lang}"></globes-chat>`;
        await page.reload();
        await page.getByLabel(password).fill(PASSWORD);
        await page.keyboard.press('Enter');
        await eventually(async () => (await events(page, 'globes-state')).at(-1)?.state === 'online', 'ada is connected');
        await page.context().setOffline(true);
        await eventually(async () => (await events(page, 'globes-state')).at(-1)?.state === 'offline', 'ada is away');
        // All tokens become invalid, as if they had expired.
        const { port } = server;
        await server.stop();
        await server.start({ address: `127.0.0.1:${port}`, env: { SECRET_KEY: `another key for ${lang}` } });
        await page.clock.fastForward('02:00:00');
        await page.context().setOffline(false);
        await page.getByLabel(password).waitFor();
        assert.equal(await page.getByText(expired).count(), 1);
        const line = await page.locator('globes-chat .state-line [role=status]').textContent();
        assert.equal(line, '', 'no second word');
    }
});

test('a new token attribute replaces an expired one in place', async (t) => {
    const room = await lockedOut(t, (token) => `token="${token}"`);
    const { page } = room;
    await page.getByText('The “token” of this page for the room is invalid.').waitFor();
    assert.equal(await page.getByLabel('Password of this room').count(), 0);
    const said = await page.locator('globes-chat').evaluate((chat) => {
        const view = chat.shadowRoot.querySelector('.globes-room').shadowRoot;
        return [chat.shadowRoot.querySelectorAll('[role=alert]').length, view.querySelector('.state-line [role=status]').textContent];
    });
    assert.deepEqual(said, [1, ''], 'once');
    const { error } = (await events(page, 'globes-error')).at(-1);
    assert.equal(error, 403, 'the page gets the error');
    await page.locator('globes-chat').evaluate((chat, token) => chat.setAttribute('token', token), await room.fresh('ada'));
    await goesOn(room);
    assert.equal(await page.getByText('The “token” of this page for the room is invalid.').count(), 0);
});

test('a room that has become public meanwhile needs no token any more', async (t) => {
    const { page, room, server, ben, fresh } = await lockedOut(t, () => 'name="ada"');
    await page.getByLabel('Password of this room').waitFor();
    await put(server, `/chats/${room.id}`, { visibility: 'public' }, { token: await fresh('eve') });
    await ben.closed();
    await page.getByLabel('Password of this room').fill('whatever');
    await page.keyboard.press('Enter');
    await eventually(async () => (await usersOf(server, room)).join() === 'ada', 'ada is back');
    assert.equal(await field(page).inputValue(), 'half a thought');
    await page.getByText('written meanwhile', { exact: true }).waitFor();
});
