// The command: checks the record of a run.
//   node check.js RECORD                          against the history in the record
//   node check.js RECORD 127.0.0.1:5000 ROOM      against the current history of that server
// Exit status: 0 sound, 1 faults, each on a line, 2 wrong arguments.
import { findFaults } from './checker.js';
import { readHistory } from './history.js';
import { Record } from './record.js';

const [path, address, room] = process.argv.slice(2);
if (!path || (address && !room)) {
    console.error('usage: node check.js RECORD [HOST:PORT ROOM]');
    process.exit(2);
}
const record = Record.read(path);
if (address) {
    const [host, port] = address.split(':');
    record.history = await readHistory({ host, port: Number(port) }, { id: Number(room) });
}
if (!record.history) {
    console.error(`${path}: the run read no history; name a server and its room`);
    process.exit(2);
}
const faults = findFaults(record);
for (const { rule, text } of faults) console.log(`${rule}: ${text}`);
const { history, receivers, ackCount } = record;
const seen = `${history.events.length} messages, ${ackCount} acks, ${receivers.size} receivers`;
console.log(`${seen}: ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
