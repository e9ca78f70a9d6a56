// The built-in page in a real browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, createPrivateRoom, createRoom } from '../api/harness/api.js';
import { openPage } from '../api/harness/browser.js';
import { sharedServer } from '../api/harness/server.js';

const server = sharedServer();

test('the page lists the public rooms and only those', async (t) => {
    await createRoom(server, { title: 'Gardeners' });
    await createPrivateRoom(server, { title: 'Locksmiths' });
    await createRoom(server, { title: 'Ghosts', visibility: 'hidden', password: PASSWORD });
    const page = await openPage(t, `${server.origin}/`);
    const text = await page.textContent('body');
    assert.match(text, /Public Chat/);
    assert.match(text, /Gardeners/);
    assert.doesNotMatch(text, /Locksmiths|Ghosts/);
});

test('a hostile title is shown as text and never runs', async (t) => {
    const hostile = [
        '<script>window.hacked=1</script>',
        '<img src=x onerror=window.hacked=1>',
        '"><svg onload=window.hacked=1>',
        "'&lt;b&gt; onclick='window.hacked=1",
    ];
    for (const title of hostile) await createRoom(server, { title, description: title });
    const page = await openPage(t, `${server.origin}/`);
    const text = await page.textContent('body');
    for (const title of hostile) assert.ok(text.includes(title), `${title} is shown`);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
});
