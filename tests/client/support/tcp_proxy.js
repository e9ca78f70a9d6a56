// A network that can fail: it forwards TCP connections to the server, cuts them, delays their bytes, or refuses them.
import { once } from 'node:events';
import net from 'node:net';

export class TcpProxy {
    #target;
    #pairs = new Set();
    #isFrozen = false;
    #listener = null;
    host = '127.0.0.1';
    port = 0;
    /** The number of connections that were accepted and forwarded. */
    accepted = 0;

    /** `target`: an object with a `port`, which may change, as that of a restarted server does. */
    constructor(target) {
        this.#target = target;
    }

    /** A proxy in front of `server` that ends with the test. */
    static async start(t, server) {
        const proxy = new TcpProxy(server);
        await proxy.accept();
        t.after(() => proxy.#end());
        return proxy;
    }

    get origin() {
        return `http://${this.host}:${this.port}`;
    }

    /** The number of open connections. */
    get open() {
        return this.#pairs.size;
    }

    /** Ends every connection at once, in the middle of its data; new ones are accepted. */
    cut() {
        // Not `resetAndDestroy`: after it, Node 20 may spin forever when the process ends.
        for (const pair of this.#pairs) pair.forEach((socket) => socket.destroy());
    }

    /** Ends a random connection. */
    cutOne(random) {
        const pairs = [...this.#pairs];
        if (pairs.length) pairs[random.between(0, pairs.length - 1)].forEach((socket) => socket.destroy());
    }

    /** Drops all bytes in both directions without an error, also of new connections. */
    freeze() {
        this.#isFrozen = true;
        for (const pair of this.#pairs) pair.forEach((socket) => socket.pause());
    }

    /** Delivers the bytes that were held back late, as after a radio outage. */
    thaw() {
        this.#isFrozen = false;
        for (const pair of this.#pairs) pair.forEach((socket) => socket.resume());
    }

    /** Cuts all connections, and refuses new ones until `accept`. */
    refuse() {
        this.#listener.close();
        this.cut();
    }

    /** Accepts connections again, at the same port. */
    async accept() {
        this.#listener = net.createServer((near) => this.#forward(near)).listen(this.port, this.host);
        await once(this.#listener, 'listening');
        this.port = this.#listener.address().port;
    }

    #forward(near) {
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
