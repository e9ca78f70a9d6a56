// The built-in page in a real browser, under the policy that it is served with.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom } from '../api/harness/api.js';
import { openPage } from '../api/harness/browser.js';
import { sharedServer } from '../api/harness/server.js';

const server = sharedServer();

const openHome = async (t) => {
    const page = await openPage(t, `${server.origin}/`, { bypassCSP: false });
    await page.getByText('Public Chat').waitFor();
    return page;
};

test('the page lists the public rooms and only those', async (t) => {
    await createRoom(server, { title: 'Gardeners' });
    await createPrivateRoom(server, { title: 'Locksmiths' });
    await createRoom(server, { title: 'Ghosts', visibility: 'hidden', password: PASSWORD });
    const page = await openHome(t);
    await page.getByText('Gardeners').waitFor();
    assert.doesNotMatch(await page.textContent('body'), /Locksmiths|Ghosts/);
});

test('a hostile title is shown as text and never runs', async (t) => {
    const hostile = [
        '<script>window.hacked=1</script>',
        '<img src=x onerror=window.hacked=1>',
        '"><svg onload=window.hacked=1>',
        "'&lt;b&gt; onclick='window.hacked=1",
    ];
    for (const title of hostile) await createRoom(server, { title, description: title });
    const page = await openHome(t);
    for (const title of hostile) await page.getByText(title).first().waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
});
