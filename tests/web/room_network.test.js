// Bad networks and outages of the server: no message on the screen is lost, repeated or out of order.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom, remove } from '../api/harness/api.js';
import { launchBrowser } from '../api/harness/browser.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { startServer } from '../api/harness/server.js';
import { eventually } from '../api/harness/wait.js';
import { TestUser, serveSources } from './room_fixture.js';

/** Resolves when the screen shows these texts and no others between or after them. */
async function shows(user, texts) {
    let shown;
    await eventually(async () => {
        shown = await user.texts();
        return JSON.stringify(shown) === JSON.stringify(texts);
    }, 'the texts are shown').catch(() => {});
    assert.deepEqual(shown, texts);
}

/** Starts a server on the same port, as after a restart. */
const startAgain = (server) => server.start({ address: `127.0.0.1:${server.port}` });

test('after a kill and restart of the server no message is lost or shown twice', async (t) => {
    const server = await startServer(t, serveSources());
    const room = await createRoom(server);
    const browser = await launchBrowser(t);
    const [ada, ben] = [await TestUser.enter(browser, server, room, { name: 'ada' }), await TestUser.enter(browser, server, room, { name: 'ben' })];
    const expected = [];
    for (let round = 1; round <= 3; round += 1) {
        await ada.say(`before ${round}`);
        await ben.message(`before ${round}`).waitFor();
        await server.kill();
        await ada.page.getByText(/Connection lost/).first().waitFor({ state: 'attached' });
        await ada.say(`while it was away ${round}`);
        await ada.say(`and more ${round}`);
        await ada.message(`while it was away ${round}`).getByText('Sending', { exact: true }).waitFor({ state: 'attached' });
        await startAgain(server);
        await ben.message(`and more ${round}`).waitFor({ timeout: 60_000 });
        expected.push(`before ${round}`, `while it was away ${round}`, `and more ${round}`);
        await shows(ada, expected);
        await shows(ben, expected);
    }
    assert.equal(await ada.page.getByText('Not sent').count(), 0);
    assert.deepEqual([...ada.problems, ...ben.problems], []);
});

test('a message that the server cannot store waits below the reason, and is sent when it can', async (t) => {
    const lowDisk = { MinFreeDisk: 1e15 }; // more than any disk has
    const server = await startServer(t, serveSources(lowDisk));
    const browser = await launchBrowser(t);
    const reason = 'The server has too little free disk space. Try again later.';
    const shown = { en: reason, de: `Der Server meldet: „${reason}“` };
    const users = [];
    for (const language of ['en', 'de'])
        users.push(await TestUser.enter(browser, server, { id: 1 }, { name: `ada ${language}`, language }));
    for (const [index, text] of [shown.en, shown.de].entries()) {
        const { page } = users[index];
        await users[index].say(`hello ${index}`);
        await page.locator('.state-line').getByText(text).first().waitFor();
        assert.equal(await page.getByText(/Not sent|Nicht gesendet/).count(), 0);
    }
    await server.stop();
    await server.start({ address: `127.0.0.1:${server.port}`, config: serveSources().config });
    for (const [index, user] of users.entries()) {
        await user.message(`hello ${1 - index}`).waitFor({ timeout: 60_000 });
        await user.page.locator('.state-line').getByText(reason).first().waitFor({ state: 'detached' });
        assert.deepEqual(user.problems, []);
    }
});

test('messages written offline are sent later, and those of others appear', async (t) => {
    const server = await startServer(t, serveSources());
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.say('one');
    await ben.find(({ msg }) => msg === 'one');
    await ada.context.setOffline(true);
    await ada.page.getByText(/You are offline/).first().waitFor();
    await ada.say('four');
    ben.say('ben', 'two');
    ben.say('ben', 'three');
    await ben.find(({ msg }) => msg === 'three');
    await shows(ada, ['one', 'four']);
    await ada.context.setOffline(false);
    await ben.find(({ msg }) => msg === 'four');
    await shows(ada, ['one', 'two', 'three', 'four']);
    await ada.page.getByText('You are connected again.').first().waitFor();
});

test('messages that were missed for too long to be resumed are loaded in their place', async (t) => {
    const server = await startServer(t, serveSources());
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    for (let number = 1; number <= 130; number += 1) ben.say('ben', `text ${number}`);
    await ben.find(({ seq }) => seq === 130);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', last: 3 });
    await ada.message('text 130').waitFor();
    // The server's part is simulated: really missing so many messages would take too long.
    for (let number = 131; number <= 135; number += 1) ben.say('ben', `text ${number}`);
    await ada.message('text 135').waitFor();
    const history = [];
    await ada.page.route('**/events**', (route) => {
        history.push(route.request().url());
        return route.continue();
    });
    await ada.page.evaluate(() =>
        window.connection.dispatchEvent(new CustomEvent('gap', { detail: { from: 10, to: 135, reset: true } })),
    );
    await eventually(async () => (await ada.texts()).at(-1) === 'text 135', 'the newest is there again');
    const numbers = (await ada.texts()).map((text) => Number(text.slice(5)));
    assert.deepEqual(numbers, numbers.map((_, index) => numbers[0] + index), 'in order, without doubles');
    assert.ok(history.length >= 1, 'by history');
});

test('a history that was replaced during an outage is shown as it is now', async (t) => {
    const server = await startServer(t, serveSources({ Store: 'memory' }));
    const room = { id: 1 };
    const browser = await launchBrowser(t);
    // The new history may be shorter than the old one, as long, or longer: numbers prove nothing.
    for (const count of [0, 2, 3, 8]) {
        const ada = await TestUser.enter(browser, server, room, { name: 'ada' });
        const before = await ChatClient.join(server, room, 'ben');
        for (let number = 1; number <= 3; number += 1) before.say('ben', `old ${number}`);
        await ada.message('old 3').waitFor();
        await ada.context.setOffline(true);
        await ada.reaches('offline');
        await ada.say('said offline');
        await server.kill();
        await startAgain(server);
        const after = await ChatClient.join(server, room, 'ben');
        for (let number = 1; number <= count; number += 1) after.say('ben', `new ${number}`);
        if (count > 0) await after.find(({ msg }) => msg === `new ${count}`);
        await ada.context.setOffline(false);
        await after.find(({ msg }) => msg === 'said offline');
        await shows(ada, [...Array.from({ length: count }, (_, index) => `new ${index + 1}`), 'said offline']);
        await ada.page.getByText('The history of this room was replaced. Older messages are gone.').first().waitFor();
        assert.deepEqual(ada.problems, []);
        after.say('ben', 'and live');
        await ada.message('and live').waitFor();
        await ada.context.close();
        await server.kill();
        await startAgain(server);
    }
});

test('a row stands for missing messages until they are loaded', async (t) => {
    const server = await startServer(t, serveSources());
    const room = await createRoom(server);
    const ben = await ChatClient.join(server, room, 'ben');
    const loses = ({ seq }) => seq >= 3 && seq <= 5;
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada', loses });
    await ada.reaches('online');
    const held = [];
    let fails = true;
    await ada.page.route('**/events**', async (route) => {
        await new Promise((resolve) => held.push(resolve));
        return fails ? route.abort() : route.continue();
    });
    for (let number = 1; number <= 7; number += 1) ben.say('ben', `text ${number}`);
    const shown = () =>
        ada.page.locator('.row').evaluateAll((rows) =>
            rows.map((row) => (row.querySelector('.text') ?? row).textContent).filter((text) => /^(text|Missed|Loading)/.test(text)),
        );
    const becomes = async (texts) => {
        let last;
        await eventually(async () => {
            last = await shown();
            return JSON.stringify(last) === JSON.stringify(texts);
        }, 'the rows are shown').catch(() => {});
        assert.deepEqual(last, texts);
    };
    await becomes(['text 1', 'text 2', 'Loading missed messages', 'text 6', 'text 7']);
    await eventually(() => held.length === 1, 'missing messages are requested');
    held[0]();
    await becomes(['text 1', 'text 2', 'Missed messages could not be loaded. Try again', 'text 6', 'text 7']);
    fails = false;
    await ada.page.getByRole('button', { name: 'Try again' }).click();
    await eventually(() => held.length === 2, 'it is asked for again');
    held[1]();
    await becomes(['text 1', 'text 2', 'text 3', 'text 4', 'text 5', 'text 6', 'text 7']);
    assert.deepEqual(ada.problems, []);
});

test('a refused message is marked, and can be sent again or discarded', async (t) => {
    const server = await startServer(t, serveSources());
    const room = await createRoom(server);
    const ada = await TestUser.enter(await launchBrowser(t), server, room, { name: 'ada' });
    await ada.reaches('online');
    await ada.page.evaluate(() => {
        const real = window.connection.send.bind(window.connection);
        let refusals = 2;
        window.connection.send = (text, options = {}) => {
            if (refusals-- <= 0) return real(text, options);
            return { id: options.id ?? `refused-${refusals}`, acked: Promise.reject(new Error('no')) };
        };
    });
    await ada.say('stubborn');
    await ada.page.getByRole('button', { name: 'Send again' }).click();
    await ada.page.getByRole('button', { name: 'Send again' }).click();
    await ada.message('stubborn').getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
    assert.equal(await ada.messages.count(), 1);

    await ada.page.evaluate(() => {
        window.connection.send = () => ({ id: 'x', acked: Promise.reject(new Error('no')) });
    });
    await ada.say('regretted');
    await ada.page.getByRole('button', { name: 'Discard' }).click();
    await eventually(async () => (await ada.messages.count()) === 1, 'it is gone');
    assert.equal(await ada.field.inputValue(), 'regretted');
});

test('a name that is taken, and a deleted room, are reported', async (t) => {
    const server = await startServer(t, serveSources());
    const room = await createRoom(server);
    await ChatClient.join(server, room, 'ben');
    const browser = await launchBrowser(t);
    const other = await TestUser.enter(browser, server, room, { name: 'Ben' });
    await other.page.getByText('The name Ben is taken. Choose another one.').first().waitFor();
    await remove(server, `/chats/${room.id}`);
    await other.page.getByText('This room was deleted.').first().waitFor();
});
