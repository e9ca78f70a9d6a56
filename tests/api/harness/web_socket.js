// The WebSocket client of the `ws` package, for other test folders, which have no packages of their own.
export { WebSocket } from 'ws';
