// The command `./dev soak`: lets a server run for a long time under load and attacks (docs/reliability.md#soak). Exit
// status: 0 the server has held, 1 it has not, 2 wrong arguments.
//
// GLOBES_BINARY  the server (default build/release/globes)
import { Soak } from './soaker.js';

const [minutes = '30', ...rest] = process.argv.slice(2);
if (!(Number(minutes) > 0) || rest.length > 0) {
    console.error('usage: ./dev soak [MINUTES]');
    process.exit(2);
}
const begun = Date.now();
const log = (text) => console.log(`${((Date.now() - begun) / 60_000).toFixed(1).padStart(5)} min  ${text}`);
try {
    const { growth, peak, messages, visits, rooms } = await new Soak({ after() {} }, log).run(Number(minutes));
    log(`${messages} messages, ${visits} visits, ${rooms} rooms: grown by ${(growth / 1e6).toFixed(2)} MB, ${peak.toFixed()} MiB at most`);
    process.exit(0);
} catch (error) {
    console.error(error.stack);
    process.exit(1);
}
