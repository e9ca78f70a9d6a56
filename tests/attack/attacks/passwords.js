// Passwords, which are expensive to check.
import { postOf } from '../connections.js';
import { USERS } from '../users.js';

const CONNECTIONS = 100;

const wrong = (scene, room) => postOf(scene, `/chats/${room}/token`, { name: 'mallory', secret: 'wrong password' });

export const attacks = [
    {
        name: 'passwords',
        what: 'tries passwords of ten rooms without end',
        refused: { limit: 'tokens' },
        run(attacker, scene) {
            const { privateRooms } = scene.rooms;
            let count = 0;
            attacker.keep(CONNECTIONS, (line) =>
                line.pipeline(() => wrong(scene, privateRooms[(count += 1) % privateRooms.length]), 2),
            );
        },
    },
    {
        name: 'shared-address',
        what: 'tries passwords of a room from the address of one of its users',
        refused: { status: 429 },
        from: USERS[0],
        open: 'after ten wrong passwords of an address, the right one is refused for a minute too',
        run(attacker, scene) {
            attacker.keep(1, async (line) => {
                while (await line.write(wrong(scene, scene.rooms.privateRooms[0])))
                    await new Promise((resolve) => setTimeout(resolve, 200));
            });
        },
    },
    {
        name: 'private-rooms',
        what: 'creates rooms with passwords without end',
        refused: { limit: 'rooms' },
        run(attacker, scene) {
            let count = 0;
            const room = () => ({ title: `Closed ${process.pid} ${(count += 1)}`, visibility: 'private', password: scene.password });
            attacker.keep(CONNECTIONS, (line) => line.pipeline(() => postOf(scene, '/chats', room()), 2));
        },
    },
    {
        name: 'taken-titles',
        what: 'creates rooms with passwords whose title is taken, without end',
        refused: { status: 400 },
        run(attacker, scene) {
            const room = { title: 'Users', visibility: 'private', password: scene.password };
            attacker.keep(CONNECTIONS, (line) => line.pipeline(() => postOf(scene, '/chats', room), 2));
        },
    },
];
