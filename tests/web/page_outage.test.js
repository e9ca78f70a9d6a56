// The page while its server cannot be reached, or a proxy answers instead: it shows that, and recovers by itself.
import { test } from 'node:test';

import { createRoom } from '../api/harness/api.js';
import { sharedServer } from '../api/harness/server.js';
import { connected, enter, pageConfig, sharedBrowser } from '../api/harness/visitor.js';

const server = sharedServer(pageConfig);
const visit = sharedBrowser();
const TRYING = 'The server cannot be reached. Check your connection. Trying again …';

test('entrance and room retry until the server can be reached again', async (t) => {
    const room = await createRoom(server);
    const page = await visit(t, server.origin);
    let answer = null;
    await page.route('**/chats/*', (route) => {
        const isPage = route.request().resourceType() === 'document';
        return answer && !isPage ? route.fulfill(answer) : route.fallback();
    });
    const html = { body: '<h1>Maintenance</h1>', contentType: 'text/html' };
    for (const status of [200, 404, 502]) {
        answer = { ...html, status };
        await page.goto(`${server.origin}/chats/${room.id}/entrance`);
        await page.getByText(TRYING).waitFor();
        answer = null;
        await page.getByLabel('Your name').waitFor();
    }
    await enter(page, 'ada');
    await connected(page);
    answer = { ...html, status: 403 };
    await page.reload();
    await page.getByText(TRYING).waitFor();
    answer = null;
    await connected(page);
});
