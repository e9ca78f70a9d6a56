// A network that can fail: forwards TCP connections to the server, cuts them, holds back what is under way, or refuses.
import { once } from 'node:events';
import net from 'node:net';

export class TcpProxy {
    #target;
    #pairs = new Set();
    #isFrozen = false;
    #isRefusing = false;
    #listener = net.createServer((near) => this.#accept(near));
    host = '127.0.0.1';
    port = 0;
    /** How many connections were accepted and forwarded. */
    accepted = 0;

    /** `target`: an object with a `port`, which may change, as a restarted server's does. */
    constructor(target) {
        this.#target = target;
    }

    /** A proxy in front of `server` that ends with the test. */
    static async start(t, server) {
        const proxy = new TcpProxy(server);
        proxy.#listener.listen(0, proxy.host);
        await once(proxy.#listener, 'listening');
        proxy.port = proxy.#listener.address().port;
        t.after(() => proxy.#end());
        return proxy;
    }

    get origin() {
        return `http://${this.host}:${this.port}`;
    }

    /** Connections that are open now. */
    get open() {
        return this.#pairs.size;
    }

    /** Ends every connection at once, in the middle of whatever it carries; new ones are fine. */
    cut() {
        for (const pair of this.#pairs) pair.forEach((socket) => socket.resetAndDestroy());
    }

    /** Ends one connection, by chance. */
    cutOne(random) {
        const pairs = [...this.#pairs];
        if (pairs.length) pairs[random.between(0, pairs.length - 1)].forEach((socket) => socket.resetAndDestroy());
    }

    /** Nothing gets through any more in either direction, and nobody is told; it is also so for new connections. */
    freeze() {
        this.#isFrozen = true;
        for (const pair of this.#pairs) pair.forEach((socket) => socket.pause());
    }

    /** What was held back arrives late, as it does when a radio link comes back. */
    thaw() {
        this.#isFrozen = false;
        for (const pair of this.#pairs) pair.forEach((socket) => socket.resume());
    }

    /** Cuts, and lets nobody connect until `accept`. */
    refuse() {
        this.#isRefusing = true;
        this.cut();
    }

    accept() {
        this.#isRefusing = false;
    }

    #accept(near) {
        near.on('error', () => {});
        if (this.#isRefusing) return near.resetAndDestroy();
        this.accepted += 1;
        const far = net.connect(this.#target.port, this.host);
        const pair = [near, far];
        this.#pairs.add(pair);
        for (const [from, to] of [pair, [far, near]]) {
            from.setNoDelay(true);
            from.on('error', () => {});
            from.on('data', (bytes) => to.write(bytes));
            from.on('end', () => to.end());
            from.on('close', () => {
                to.destroy();
                this.#pairs.delete(pair);
            });
            if (this.#isFrozen) from.pause();
        }
    }

    #end() {
        this.#listener.close();
        this.cut();
    }
}
