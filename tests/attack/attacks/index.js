// All attacks (docs/security.md#attacks). Each is
//   name     on the command line and in the table
//   what     what the attacker does, for the table of docs/security.md
//   refused  how the server must answer it: `{ limit }` by a limit of the address, or one of several, as the metric names
//            them; `{ metric }` so that this counter grows; `{ status }` by answers with this status; `{ closed: true }` by
//            closing its connections; null: there is nothing to refuse
//   open     why the users are not protected yet; then the short form skips the attack
//   from     the address, if it is not one of the attacker's own
//   config   keys of config.json that it needs
//   run      called in the process of the attacker: begins, and returns
import { attacks as chat } from './chat.js';
import { attacks as connections } from './connections.js';
import { attacks as passwords } from './passwords.js';
import { attacks as requests } from './requests.js';
import { attacks as unread } from './unread.js';

export const ATTACKS = [...unread, ...requests, ...passwords, ...connections, ...chat];

export function attackNamed(name) {
    return ATTACKS.find((attack) => attack.name === name);
}
