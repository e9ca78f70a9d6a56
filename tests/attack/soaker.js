// A server under everything at once for a long time: senders and receivers that miss nothing, users that come and go,
// rooms that are created up to the limit and deleted, and every attack, one after another. In pauses between rounds of all
// attacks the server must be as small as when its caches were filled.
//
// Two servers soak beside each other, one of which speaks TLS.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PASSWORD, assertStatus, createRoom, freshTitle, get, post, remove } from '../api/harness/api.js';
import { makeCertificate } from '../api/harness/certificate.js';
import { ChatClient } from '../api/harness/chat_client.js';
import { runCommand } from '../api/harness/command.js';
import { metricsOf } from '../api/harness/metrics.js';
import { Random } from '../api/harness/random.js';
import { eventually } from '../api/harness/wait.js';
import { Load } from '../reliability/load.js';
import { ATTACKS } from './attacks/index.js';
import { Child, NICENESS } from './child.js';
import { STORED_ROOMS, Stage, failedTasks, peakMemory } from './stage.js';

const MOST_GROWTH_BYTES = 4_000_000;
/** Five connections with a cache of 16 MiB, and what SQLite has beside its caches. */
const MOST_SQLITE_BYTES = 5 * (17 << 20);
/** The first rounds fill the caches of the server: five minutes of thirty. Those of SQLite take longer and are not counted. */
const FILL_ROUNDS = 2;
/** SQLite opens a file now and then, and keeps it. */
const SPARE_DESCRIPTORS = 4;
const ROUNDS = 12;
const LONGEST_ATTACK_MS = 10_000;
const SAY_EVERY_MS = 40;
/** Of the soak's own, besides the one of the load; attackers take some of their places. */
const MORE_ROOMS = 100;
const MAX_ROOMS = STORED_ROOMS + 1 + MORE_ROOMS;
/** Few rooms of an attacker have a password, each of which the test has to hash again to delete the room. */
const config = { Static: true, MaxRooms: MAX_ROOMS, AddressRoomsPerHour: 10 };
/** The allocator counts what its threads keep in their caches as in use, and these fill for half an hour. */
const env = { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' };
const PUBLIC_CHAT = { id: 1 };
/** The server may still work on what an attack has left, on a machine that does much else. */
const PATIENCE_MS = 120_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Steps that are repeated, each on its own, while the work goes on. */
class Work {
    #steps;
    #loops = [];
    #isGoingOn = false;

    constructor(...steps) {
        this.#steps = steps;
    }

    begin() {
        this.#isGoingOn = true;
        this.#loops = this.#steps.map((step) => this.#repeat(step));
        // `end` tells of a failure.
        for (const loop of this.#loops) loop.catch(() => {});
    }

    /** Resolves when each step has ended, or rejects as the first that has failed. */
    async end() {
        this.#isGoingOn = false;
        const [failed] = (await Promise.allSettled(this.#loops)).filter(({ status }) => status === 'rejected');
        if (failed) throw failed.reason;
    }

    async #repeat(step) {
        while (this.#isGoingOn) await step();
    }
}

/** One server. */
class SoakedServer {
    #random = new Random(30);
    #lastAddress = 0;
    #visits = 0;
    #rooms = [];
    #created = 0;
    #limitReached = 0;
    #newestRoom = 0;
    #load;

    /** `log` is called with a line for each round; `t` as in `Load`. */
    constructor(t, log, server, scene) {
        this.t = t;
        this.log = (text) => log(`${server.tls ? 'TLS  ' : 'plain'}  ${text}`);
        this.server = server;
        this.scene = scene;
    }

    /** Fails if the server does not hold. `isAborted()`: whether there is no more need to go on. */
    async run(ms, isAborted) {
        const { server } = this;
        const room = await createRoom(server);
        this.#newestRoom = room.id;
        this.#load = new Load(this.t, server, room, { senders: 4, receivers: 12 });
        await this.#load.welcomed();
        await this.#fillCaches();
        const descriptors = (await this.#measure(Infinity)).descriptors + SPARE_DESCRIPTORS;
        const work = new Work(
            () => this.#say(),
            () => this.#interrupt(),
            () => this.#visit(),
            () => this.#useRoom(),
        );
        const attacker = new Child('attacker.js', { niceness: NICENESS });
        const rests = [];
        try {
            const perRound = Math.min(ms / ROUNDS, LONGEST_ATTACK_MS * ATTACKS.length);
            for (const end = Date.now() + ms; rests.length <= FILL_ROUNDS || Date.now() + perRound / 2 < end; ) {
                work.begin();
                await this.#renewCertificate();
                for (const attack of ATTACKS) if (!isAborted()) await this.#attack(attacker, attack, perRound / ATTACKS.length);
                await work.end();
                if (isAborted()) return null;
                rests.push(await this.#rest(descriptors));
            }
        } finally {
            await attacker.end();
            await work.end();
        }
        const { history } = await this.#load.settle();
        assert.ok(this.#limitReached > 0, 'the server had as many rooms as it may have');
        const growth = rests.at(-1).live - rests[FILL_ROUNDS - 1].live;
        assert.ok(growth <= MOST_GROWTH_BYTES, `${growth} bytes more are in use than when the caches were filled`);
        assert.deepEqual(await failedTasks(server), []);
        const summary =
            `${history.last_seq} messages, ${this.#visits} visits, ${this.#created} rooms, ${this.#limitReached} times at the limit: ` +
            `grown by ${(growth / 1e6).toFixed(2)} MB, ${peakMemory(server.pid).toFixed()} MiB at most`;
        this.log(summary);
    }

    /** A short run would otherwise measure how they fill. */
    async #fillCaches() {
        const { server } = this;
        const { long } = this.scene.rooms;
        const { events } = (await get(server, `/chats/${long}/events?limit=1`)).json;
        const reader = await ChatClient.resume(server, { id: long }, '?after=0');
        await reader.find(({ seq }) => seq === events[0].seq);
        await reader.leave();
        // Each connection to the database has a cache of its own.
        const pages = Array.from({ length: 32 }, (_, index) => `/chats/${long}/events?limit=1000&after=${index * 40}`);
        await Promise.all(pages.map((path) => get(server, path)));
        // On a slow machine, a round may be too short for so many.
        for (let count = 0; count <= MORE_ROOMS; count += 1) await this.#useRoom();
    }

    async #say() {
        await sleep(SAY_EVERY_MS);
        this.#random.pick(this.#load.senders).say(`${this.#visits} ${'x'.repeat(this.#random.below(400))}`);
    }

    /** A receiver or a sender loses its connection, and resumes at once or later. */
    async #interrupt() {
        await sleep(100);
        this.#random.pick(this.#load.all).drop(sleep(this.#random.below(2000)));
    }

    /** Someone comes to Public Chat, perhaps says something, and goes in one of the ways to go. */
    async #visit() {
        this.#visits += 1;
        const from = `127.0.2.${this.#visits % 50}`;
        const visitor = await ChatClient.join(this.server, PUBLIC_CHAT, `visitor ${this.#visits}`, { from });
        if (this.#random.chance(50)) visitor.say(`visitor ${this.#visits}`, 'hello');
        if (this.#random.chance(50)) await visitor.leave();
        else visitor.drop();
        assertStatus(await get(this.server, `/chats/${PUBLIC_CHAT.id}/events?limit=${this.#random.between(1, 1000)}`, { from }), 200);
        await sleep(50);
    }

    /** One more room, in which someone says something; once there are as many as there may be, all are deleted. */
    async #useRoom() {
        await sleep(20);
        const { status, json, text } = await post(this.server, '/chats', { title: freshTitle('Soaked'), visibility: 'public' });
        if (status === 503) {
            assert.match(json.error.reason ?? text, /as many rooms as it may have/);
            this.#limitReached += 1;
            return this.#deleteRooms();
        }
        assert.equal(status, 201, text);
        this.#created += 1;
        this.#rooms.push(json);
        const member = await ChatClient.join(this.server, json, 'member');
        member.say('member', 'x'.repeat(4000));
        await member.find(({ event_type }) => event_type === 'send');
        member.drop();
    }

    /** Deletes the rooms of this test, and those of attackers if it is not refused. */
    async #deleteRooms() {
        for (const { id } of this.#rooms.splice(0)) assert.equal((await remove(this.server, `/chats/${id}`)).status, 200);
        const others = (await get(this.server, `/chats?limit=1000&after=${this.#newestRoom}`)).json;
        for (const { id, visibility } of others) {
            let token;
            if (visibility === 'private') {
                // Under an attack, the queue of passwords may be full.
                const answer = await post(this.server, `/chats/${id}/token`, { name: 'sweeper', secret: PASSWORD });
                token = answer.json.token;
            }
            await remove(this.server, `/chats/${id}`, { token });
        }
    }

    /** As an ACME client does; connections keep the old one until they end. */
    async #renewCertificate() {
        const { server } = this;
        if (!server.tls) return;
        const { cert, key } = makeCertificate();
        const begin = server.log.length;
        writeFileSync(join(server.folder, 'tls/key.pem'), key);
        writeFileSync(join(server.folder, 'tls/cert.pem'), cert);
        server.signal('SIGHUP');
        await server.logged(/event=certificate file/, begin);
    }

    async #attack(attacker, { name }, ms) {
        this.#lastAddress = (this.#lastAddress + 1) % 250;
        await attacker.ask('begin', name, this.scene, `127.0.3.${this.#lastAddress + 1}`);
        await sleep(ms);
        await attacker.ask('end');
    }

    /** Without attacks and work, what the server still has: no more rooms and descriptors than before the first attack. */
    async #rest(mostDescriptors) {
        // Rooms whose password is hashed may still be created.
        const count = async () => {
            await this.#deleteRooms();
            return (await metricsOf(this.server)).get('globes_rooms');
        };
        await eventually(async () => (await count()) === MAX_ROOMS - MORE_ROOMS, 'all rooms are deleted', PATIENCE_MS);
        await this.#load.welcomed();
        const { live, descriptors, sqlite } = await this.#measure(mostDescriptors);
        this.server.assertAlive();
        const resident = await this.server.residentBytes();
        const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
        this.log(`${megabytes(live)} MB in use without the ${megabytes(sqlite)} of SQLite, ${(resident / 1e6).toFixed()} MB resident, ${descriptors} descriptors`);
        return { live };
    }

    /** `{ live, descriptors, sqlite }`: the fewest of the first two within two seconds, once there are so few descriptors. */
    async #measure(mostDescriptors) {
        let [live, descriptors, sqlite] = [Infinity, Infinity, 0];
        const count = async () => (descriptors = Math.min(descriptors, await this.server.fileDescriptors()));
        const isEnough = async () => (await count()) <= mostDescriptors;
        await eventually(isEnough, `${mostDescriptors} descriptors or fewer`, PATIENCE_MS).catch((error) => {
            throw new Error(`${error.message}; there are ${descriptors}`);
        });
        for (let times = 0; times < 20; times += 1) {
            const metrics = await metricsOf(this.server);
            sqlite = metrics.get('globes_sqlite_allocated_bytes');
            live = Math.min(live, metrics.get('globes_allocated_bytes') - sqlite);
            await count();
            await sleep(100);
        }
        assert.ok(sqlite <= MOST_SQLITE_BYTES, `SQLite uses ${sqlite} bytes`);
        return { live, descriptors, sqlite };
    }
}

/** Fails if one of the servers does not hold. `log` is called with a line for each round; `t` as in `Load`. */
export async function soak(t, log, minutes) {
    const stage = await Stage.make();
    let failure = null;
    const run = async (tls) => {
        let server;
        try {
            server = await stage.start(config, { tls, env });
            await new SoakedServer(t, log, server, stage.sceneOf(server)).run(minutes * 60_000, () => failure !== null);
            await server.stop();
            const { code, stdout, stderr } = await runCommand(server.folder, ['check', '--data', stage.dataFolderOf(server)]);
            assert.equal(code, 0, `globes check: ${stdout}${stderr}`);
        } catch (error) {
            // The other server stops early then, and may fail because of that.
            failure ??= error;
        } finally {
            await server?.finish().catch((error) => (failure ??= error));
        }
    };
    try {
        await Promise.all([run(false), run(true)]);
        if (failure) throw failure;
    } finally {
        await stage.remove();
    }
}
