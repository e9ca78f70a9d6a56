// Ports for servers that do not report the port that they have chosen.
import { once } from 'node:events';
import net from 'node:net';

/** A port that was free just before. */
export async function freePort() {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address();
    listener.close();
    await once(listener, 'close');
    return port;
}
