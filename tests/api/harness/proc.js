// The kernel's information about processes and sockets.
import { readFileSync } from 'node:fs';

/** Reads a whole file below /proc. Node 18's asynchronous `readFile` ends after its first page. */
export function readProc(path) {
    return readFileSync(`/proc/${path}`, 'utf8');
}

/** The time that all threads of a process have run, in milliseconds. */
export function cpuMs(pid) {
    const fields = readProc(`${pid}/stat`).replace(/^.*\) /s, '').split(' ');
    const MS_PER_TICK = 10;
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
