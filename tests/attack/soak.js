// The command `./dev soak`: lets servers run for a long time under load and attacks (docs/reliability.md#soak). Exit
// status: 0 the servers have held, 1 one has not, 2 wrong arguments.
//
// GLOBES_BINARY  the server (default build/release/globes)
import { soak } from './soaker.js';

const [minutes = '30', ...rest] = process.argv.slice(2);
if (!(Number(minutes) > 0) || rest.length > 0) {
    console.error('usage: ./dev soak [--asan] [MINUTES]');
    process.exit(2);
}
const begun = Date.now();
const log = (text) => console.log(`${((Date.now() - begun) / 60_000).toFixed(1).padStart(5)} min  ${text}`);
try {
    await soak({ after() {} }, log, Number(minutes));
    process.exit(0);
} catch (error) {
    console.error(error.stack);
    process.exit(1);
}
