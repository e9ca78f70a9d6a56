// A server that sends what a test tells it to, for cases that are too rare with a real one.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import http from 'node:http';

import { ReceivedQueue } from '../../api/harness/wait.js';

const { WebSocketServer } = createRequire(new URL('../../api/', import.meta.url))('ws');

export class ScriptedServer {
    #http = http.createServer((request, response) => this.#answer(request, response));
    #sockets = new WebSocketServer({ server: this.#http, handleProtocols: () => 'globes.v1' });
    /** `[path, answer]` of REST, by the end of the path; `answer` is `{ status, headers, body }`. */
    answers = new Map();
    /**
     * Connections in the order of their arrival, `{ socket, url, offers, frames }`; `offers`: their subprotocols; `frames`
     * is a ReceivedQueue of parsed events.
     */
    connections = new ReceivedQueue();
    /** The users in the welcome. */
    users = [];
    /** The number of users in the welcome; undefined: none, as servers before this field. */
    online = undefined;
    /** Further fields of each welcome. */
    welcome = {};
    /** Sent instead of the welcome; null: the welcome. */
    firstFrame = null;
    /** Called for every received event; may answer by `reply(event)`. */
    onEvent = () => {};

    static async start(t) {
        const server = new ScriptedServer();
        server.#http.listen(0, '127.0.0.1');
        await once(server.#http, 'listening');
        server.origin = `http://127.0.0.1:${server.#http.address().port}`;
        server.#sockets.on('connection', (socket, request) => server.#connected(socket, request));
        t.after(() => {
            for (const socket of server.#sockets.clients) socket.terminate();
            server.#http.closeAllConnections();
            server.#http.close();
        });
        return server;
    }

    #connected(socket, { url, headers }) {
        const offers = headers['sec-websocket-protocol'].split(/,\s*/);
        const connection = { socket, url, offers, frames: new ReceivedQueue() };
        const reply = (event) => socket.send(JSON.stringify(event));
        const welcome = { event_type: 'welcome', room_id: 7, seq: 0, users: this.users, online: this.online, resumed: false, session: 'secret' };
        if (this.firstFrame === null) reply({ ...welcome, resumed: url.includes('after='), ...this.welcome });
        else socket.send(this.firstFrame);
        socket.on('error', () => {});
        socket.on('message', (data) => {
            const event = JSON.parse(data.toString());
            connection.frames.push(event);
            this.onEvent(event, reply, connection);
        });
        this.connections.push(connection);
    }

    #answer(request, response) {
        const known = [...this.answers].find(([end]) => request.url.endsWith(end));
        const { status = 200, headers = {}, body = { id: 7, visibility: 'public' } } = known?.[1] ?? {};
        response.writeHead(status, headers).end(JSON.stringify(body));
    }
}
