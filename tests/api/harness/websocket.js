// The WebSocket class of the `ws` package, for tests of other folders, which have no packages of their own.
export { default as WebSocket } from 'ws';
