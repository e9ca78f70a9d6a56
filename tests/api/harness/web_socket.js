// The WebSocket client of the `ws` package, for other test folders, which have no packages of their own.
import WebSocket from 'ws';

export { WebSocket };

/** A WebSocket to this path of a server, over TLS if the server uses it, that trusts any certificate. */
export function openWebSocket({ host, port, tls }, path, protocols = [], options = {}) {
    const name = host.includes(':') ? `[${host}]` : host;
    const url = `ws${tls ? 's' : ''}://${name}:${port}${path}`;
    return new WebSocket(url, protocols, { perMessageDeflate: false, rejectUnauthorized: false, ...options });
}
