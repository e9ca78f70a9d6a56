// A process that makes one attack after another.
import { attackNamed } from './attacks/index.js';
import { Attacker } from './connections.js';
import { serve } from './child.js';

let attacker;
serve({
    /** Begins an attack from an address. */
    begin(name, scene, from) {
        attacker = new Attacker(scene, from);
        attackNamed(name).run(attacker, scene);
    },
    /** What the attack has cost so far. */
    cost: () => attacker.costs,
    /** Ends the attack, with all its connections. */
    end() {
        const cost = attacker.costs;
        attacker.isOver = true;
        for (const { socket } of attacker.lines) socket.destroy();
        return cost;
    },
});
