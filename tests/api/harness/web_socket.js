// The WebSocket client of the `ws` package, for test folders beside this one, which have no packages of their own.
export { WebSocket } from 'ws';
