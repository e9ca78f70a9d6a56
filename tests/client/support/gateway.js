// A gateway in front of the server, like nginx or a platform's router: it forwards requests, or answers them itself.
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';

export class Gateway {
    #server;
    #prefix;
    #sockets = new Set();
    /** `{ status, body, headers }` of its own answer to everything under /chats; null: it forwards. */
    answer = null;
    /** The number of upgrades that it has answered itself. */
    refused = 0;
    /** Requested paths that it does not know. */
    unknown = [];

    constructor(server, prefix) {
        this.#server = server;
        this.#prefix = prefix;
    }

    /** A gateway that ends with the test; it serves `server` below `prefix`, which it removes from forwarded paths. */
    static async start(t, server, { prefix = '' } = {}) {
        const gateway = new Gateway(server, prefix);
        const front = http.createServer((request, response) => gateway.#request(request, response));
        front.on('upgrade', (request, socket, head) => gateway.#upgrade(request, socket, head));
        front.listen(0, '127.0.0.1');
        await once(front, 'listening');
        gateway.origin = `http://127.0.0.1:${front.address().port}`;
        t.after(() => {
            gateway.cut();
            front.closeAllConnections();
            front.close();
        });
        return gateway;
    }

    /** Ends the forwarded WebSockets. */
    cut() {
        for (const socket of this.#sockets) socket.destroy();
    }

    /** Its own answer to a request for this address, or null. */
    #ownAnswer(url) {
        if (!url.startsWith(`${this.#prefix}/`)) {
            this.unknown.push(url);
            return { status: 404, body: '<h1>Nothing here</h1>' };
        }
        return url.startsWith(`${this.#prefix}/chats`) ? this.answer : null;
    }

    #request(request, response) {
        const own = this.#ownAnswer(request.url);
        if (own) {
            request.resume();
            return response.writeHead(own.status, own.headers).end(own.body);
        }
        const { host, port } = this.#server;
        const { method, headers } = request;
        const onward = http.request({ host, port, method, path: request.url.slice(this.#prefix.length), headers, agent: false });
        onward.on('response', (answer) => {
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
        });
        onward.on('error', () => response.destroy());
        request.pipe(onward);
    }

    #upgrade(request, socket, head) {
        socket.on('error', () => {});
        const own = this.#ownAnswer(request.url);
        if (own) {
            this.refused += 1;
            const length = Buffer.byteLength(own.body);
            return socket.end(`HTTP/1.1 ${own.status} Whatever\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${own.body}`);
        }
        const onward = net.connect(this.#server.port, this.#server.host);
        const { method, url, rawHeaders } = request;
        const lines = rawHeaders.filter((_, at) => at % 2 === 0).map((name, at) => `${name}: ${rawHeaders[at * 2 + 1]}\r\n`);
        onward.write(`${method} ${url.slice(this.#prefix.length)} HTTP/1.1\r\n${lines.join('')}\r\n`);
        onward.write(head);
        onward.pipe(socket).pipe(onward);
        for (const one of [socket, onward]) {
            this.#sockets.add(one);
            one.on('error', () => {});
            one.on('close', () => {
                this.#sockets.delete(one);
                socket.destroy();
                onward.destroy();
            });
        }
    }
}
