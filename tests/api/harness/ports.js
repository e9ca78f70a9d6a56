// Ports for servers that are not asked which one they have chosen.
import { once } from 'node:events';
import net from 'node:net';

/** A port that was free a moment ago. */
export async function freePort() {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address();
    listener.close();
    await once(listener, 'close');
    return port;
}
