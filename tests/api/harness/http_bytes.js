// Requests that create a room, as bytes, so that tests can frame them correctly or incorrectly.
import { freshTitle } from './api.js';

/** A body that POST /chats accepts. */
export const roomBody = (title = freshTitle()) => JSON.stringify({ title, visibility: 'public' });

/** A POST /chats with these header lines after Host, and this body unchanged. */
export function postChats(headerLines, body, version = '1.1') {
    const lines = ['Host: localhost', ...headerLines].map((line) => `${line}\r\n`).join('');
    return `POST /chats HTTP/${version}\r\n${lines}\r\n${body}`;
}

/** The same with the body's correct length. */
export const withLength = (body, ...more) => postChats([`Content-Length: ${Buffer.byteLength(body)}`, ...more], body);

/** A chunked body, one chunk for each part. */
export function chunked(...parts) {
    const chunks = parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
    return `${chunks.join('')}0\r\n\r\n`;
}
