// The kernel's information about processes and sockets.
import { readFileSync } from 'node:fs';

/** Reads a whole file below /proc. Node 18's asynchronous `readFile` ends after its first page. */
export function readProc(path) {
    return readFileSync(`/proc/${path}`, 'utf8');
}
