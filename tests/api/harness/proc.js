// What the kernel tells of processes and sockets.
import { readFileSync } from 'node:fs';

/** The whole of a file below /proc. Node 18's asynchronous `readFile` ends after the first page of one. */
export function readProc(path) {
    return readFileSync(`/proc/${path}`, 'utf8');
}
