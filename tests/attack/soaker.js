// A server under everything at once for a long time: senders and receivers that miss nothing, users that come and go,
// rooms that are created and deleted, and every attack, one after another. In pauses between rounds of all
// attacks the server must be as small as when its caches were filled.
import assert from 'node:assert/strict';

import { createRoom, get, remove } from '../api/harness/api.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { runCommand } from '../api/harness/command.js';
import { metricsOf } from '../api/harness/metrics.js';
import { Random } from '../api/harness/random.js';
import { eventually } from '../api/harness/wait.js';
import { Load } from '../reliability/load.js';
import { ATTACKS } from './attacks/index.js';
import { Child, NICENESS } from './child.js';
import { Stage, peakMemory } from './stage.js';

const MOST_GROWTH_BYTES = 4_000_000;
/** The first rounds fill the caches: five minutes of thirty. */
const FILL_ROUNDS = 2;
/** Descriptors that come and go: of visitors, of the test's own requests, and of SQLite's files. */
const SPARE_DESCRIPTORS = 20;
const ROUNDS = 12;
const LONGEST_ATTACK_MS = 10_000;
const SAY_EVERY_MS = 40;
/** As many as one address may create in an hour. */
const ROOMS_AT_ONCE = 100;
const PUBLIC_CHAT = { id: 1 };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Soak {
    #random = new Random(30);
    #isOver = false;
    #lastAddress = 0;
    #visits = 0;
    #rooms = 0;
    #failure = null;

    /** `log` is called with a line for each round; `t` as in `Load`. */
    constructor(t, log) {
        this.t = t;
        this.log = log;
    }

    /** Fails if the server does not hold. Resolves with `{ growth, peak, messages, visits, rooms }`; growth in bytes. */
    async run(minutes) {
        const stage = await Stage.make();
        try {
            const server = await stage.start({ Static: true });
            try {
                const result = await this.#soak(server, stage.sceneOf(server), minutes * 60_000);
                await this.#check(server, stage.dataFolder);
                return result;
            } finally {
                this.#isOver = true;
                await server.finish();
            }
        } finally {
            await stage.remove();
        }
    }

    async #soak(server, scene, ms) {
        const load = new Load(this.t, server, await createRoom(server), { senders: 4, receivers: 12 });
        await load.welcomed();
        await this.#fillCaches(server, scene);
        const descriptors = await server.fileDescriptors();
        const work = [
            this.#repeat(() => this.#say(load)),
            this.#repeat(() => this.#interrupt(load)),
            this.#repeat(() => this.#visit(server)),
            this.#repeat(() => this.#useRooms(server)),
        ];
        const attacker = new Child('attacker.js', { niceness: NICENESS });
        const rests = [];
        try {
            const perRound = Math.min(ms / ROUNDS, LONGEST_ATTACK_MS * ATTACKS.length);
            for (const end = Date.now() + ms; rests.length <= FILL_ROUNDS || Date.now() + perRound / 2 < end; ) {
                for (const attack of ATTACKS) await this.#attack(attacker, attack, scene, perRound / ATTACKS.length);
                if (this.#failure) throw this.#failure;
                rests.push(await this.#rest(server, descriptors + SPARE_DESCRIPTORS));
            }
        } finally {
            this.#isOver = true;
            await attacker.end();
        }
        await Promise.all(work);
        if (this.#failure) throw this.#failure;
        const { history } = await load.settle();
        const growth = rests.at(-1).live - rests[FILL_ROUNDS - 1].live;
        assert.ok(growth <= MOST_GROWTH_BYTES, `${growth} bytes more are in use than when the caches were filled`);
        const peak = peakMemory(server.pid);
        for (const [name, value] of await metricsOf(server)) if (name.startsWith('globes_tasks_failed')) assert.equal(value, 0, name);
        return { growth, peak, messages: history.last_seq, visits: this.#visits, rooms: this.#rooms };
    }

    /** A short run would otherwise measure how they fill. */
    async #fillCaches(server, scene) {
        const { events } = (await get(server, `/chats/${scene.rooms.long}/events?limit=1`)).json;
        const reader = await ChatClient.resume(server, { id: scene.rooms.long }, '?after=0');
        await reader.find(({ seq }) => seq === events[0].seq);
        await reader.leave();
        // Each connection to the database has a cache of its own.
        const pages = Array.from({ length: 32 }, (_, index) => `/chats/${scene.rooms.long}/events?limit=1000&after=${index * 40}`);
        await Promise.all(pages.map((path) => get(server, path)));
    }

    async #repeat(act) {
        try {
            while (!this.#isOver) await act();
        } catch (error) {
            this.#failure ??= error;
        }
    }

    async #say(load) {
        await sleep(SAY_EVERY_MS);
        const sender = this.#random.pick(load.senders);
        sender.say(`${this.#visits} ${'x'.repeat(this.#random.below(400))}`);
    }

    /** A receiver or a sender loses its connection, and resumes at once or later. */
    async #interrupt(load) {
        await sleep(100);
        this.#random.pick(load.all).drop(sleep(this.#random.below(2000)));
    }

    /** Someone comes to Public Chat, perhaps says something, and goes in one of the ways to go. */
    async #visit(server) {
        this.#visits += 1;
        const from = `127.0.2.${this.#visits % 50}`;
        const visitor = await ChatClient.join(server, PUBLIC_CHAT, `visitor ${this.#visits}`, { from });
        if (this.#random.chance(50)) visitor.say(`visitor ${this.#visits}`, 'hello');
        if (this.#random.chance(50)) await visitor.leave();
        else visitor.drop();
        await get(server, `/chats/${PUBLIC_CHAT.id}/events?limit=${this.#random.between(1, 1000)}`, { from });
        await sleep(50);
    }

    /** Rooms with a message each, which are deleted again. */
    async #useRooms(server) {
        const rooms = [];
        while (rooms.length < ROOMS_AT_ONCE && !this.#isOver) {
            this.#rooms += 1;
            const room = await createRoom(server, { title: `Soaked ${this.#rooms}` });
            rooms.push(room);
            const member = await ChatClient.join(server, room, 'member');
            member.say('member', 'x'.repeat(4000));
            await member.find(({ event_type }) => event_type === 'send');
            member.drop();
            await sleep(20);
        }
        for (const room of rooms) assert.equal((await remove(server, `/chats/${room.id}`)).status, 200);
    }

    async #attack(attacker, { name }, scene, ms) {
        this.#lastAddress = (this.#lastAddress + 1) % 250;
        await attacker.ask('begin', name, scene, `127.0.3.${this.#lastAddress + 1}`);
        await sleep(ms);
        await attacker.ask('end');
    }

    /** Without attacks: what the server still has, once it has no more descriptors than before the first attack. */
    async #rest(server, mostDescriptors) {
        let descriptors = Infinity;
        await eventually(async () => {
            descriptors = Math.min(descriptors, await server.fileDescriptors());
            return descriptors <= mostDescriptors;
        }, `the server has ${mostDescriptors} descriptors or fewer again`);
        let live = Infinity;
        for (let count = 0; count < 20; count += 1) {
            live = Math.min(live, (await metricsOf(server)).get('globes_allocated_bytes'));
            await sleep(100);
        }
        server.assertAlive();
        const resident = await server.residentBytes();
        this.log(`${(live / 1e6).toFixed(2)} MB in use, ${(resident / 1e6).toFixed()} MB resident, ${descriptors} descriptors`);
        return { live };
    }

    async #check(server, dataFolder) {
        await server.stop();
        const { code, stdout, stderr } = await runCommand(server.folder, ['check', '--data', dataFolder]);
        assert.equal(code, 0, `globes check: ${stdout}${stderr}`);
    }
}
