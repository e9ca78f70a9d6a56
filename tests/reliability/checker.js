// Verifies the guarantees of Globes in a record. Each guarantee is one rule below; events that retention has removed
// (before `first_seq`) are checked as far as receivers saw them. No I/O.

/** Faults reported for each rule; a faulty run violates one of them thousands of times. */
const MOST_FAULTS = 10;

const shown = (value) => JSON.stringify(value);

/** History has every seq from its first to its last, once, in order; the first is 1, unless messages expire. */
function seqWithoutGap({ record, history, events }, fault) {
    if (history.first_seq !== 1 && !record.expires) fault(`history begins at ${history.first_seq}`);
    const wanted = history.last_seq - history.first_seq + 1;
    if (events.length !== wanted) fault(`history has ${events.length} events, its ends say ${wanted}`);
    events.forEach(({ seq }, index) => {
        const due = history.first_seq + index;
        if (seq !== due) fault(`place ${index} of history has seq ${seq}, due is ${due}`);
    });
}

/** Every event of the history was sent, with the same text. */
function nothingForeign({ record, events }, fault) {
    for (const { event_type, name, id, msg, seq } of events) {
        const sent = record.senders.get(name)?.messages.get(id);
        if (sent === undefined) fault(`seq ${seq} (${shown(name)}, id ${shown(id)}) was never sent`);
        else if (event_type !== 'send' || msg !== sent) fault(`seq ${seq} (id ${id}) is not what ${name} sent`);
    }
}

/** An id occurs in the history at most once for each sender. */
function idsOnce({ events }, fault) {
    const seen = new Map();
    for (const { name, id, seq } of events) {
        const key = shown([name, id]);
        if (seen.has(key)) fault(`${name}'s id ${id} stands at seq ${seen.get(key)} and again at ${seq}`);
        seen.set(key, seq);
    }
}

/** Every acked message is in the history, at the seq of the ack. */
function ackedIsKept({ record, history, bySeq }, fault) {
    for (const [name, { acks, messages }] of record.senders) {
        for (const { id, seq } of acks) {
            if (!messages.has(id)) fault(`${name} got an ack for ${id}, which it never sent`);
            const isExpired = seq >= 1 && seq < history.first_seq;
            const event = bySeq.get(seq)?.event;
            if (!isExpired && (event?.name !== name || event?.id !== id)) {
                fault(`${name}'s ${id} was acked with seq ${seq} and is missing`);
            }
        }
    }
}

/** All acks of one id have the same seq, and at most one of them is not a duplicate. */
function acksAgree({ record }, fault) {
    for (const [name, { acks }] of record.senders) {
        const first = new Map();
        const stored = new Set();
        for (const { id, seq, duplicate } of acks) {
            if (!first.has(id)) first.set(id, seq);
            if (first.get(id) !== seq) fault(`${name}'s ${id} was acked with seq ${first.get(id)} and with ${seq}`);
            if (!duplicate && stored.has(id)) fault(`${name}'s ${id} was stored twice, as two acks say`);
            if (!duplicate) stored.add(id);
        }
    }
}

/**
 * A sender's messages keep their order. Senders repeat messages without an ack in order and before new ones, so the order
 * of first tries holds; a refused message may take a later place, but only one that one of its tries explains.
 */
function sendersInOrder({ record, events }, fault) {
    const sent = new Map([...record.senders.keys()].map((name) => [name, []]));
    for (const event of events) sent.get(event.name)?.push(event);
    for (const [name, { tries, refused }] of record.senders) {
        const firstTry = new Map();
        tries.forEach((id, at) => firstTry.has(id) || firstTry.set(id, at));
        let latest = -1;
        let at = -1;
        for (const { id, seq } of sent.get(name)) {
            if (!refused.has(id)) {
                if (firstTry.get(id) < latest) fault(`${name}'s ${id} at seq ${seq} follows later messages`);
                latest = Math.max(latest, firstTry.get(id) ?? -1);
            }
            const explained = tries.indexOf(id, at + 1);
            if (explained < 0) fault(`no try of ${name}'s ${id} explains its place at seq ${seq}`);
            else at = explained;
        }
    }
}

/** Every receiver saw consecutive seqs, from its first on. */
function receiversWithoutGap({ record }, fault) {
    for (const [name, { after, frames }] of record.receivers) {
        let last = after;
        for (const text of frames) {
            const { seq } = JSON.parse(text);
            if (seq <= last) fault(`${name} saw seq ${seq} after ${last}`);
            else if (seq !== last + 1) fault(`${name} saw seq ${seq} right after ${last}`);
            last = seq;
        }
    }
}

/** Every event that a receiver saw is in the history, byte for byte. */
function deliveredIsKept({ record, history, bySeq }, fault) {
    for (const [name, { frames }] of record.receivers) {
        for (const text of frames) {
            const { seq } = JSON.parse(text);
            if (seq < history.first_seq) continue;
            const kept = bySeq.get(seq)?.text;
            if (kept === undefined) fault(`${name} saw seq ${seq}, which is not in the history`);
            else if (kept !== text) fault(`${name} saw ${text} at seq ${seq}, history has ${kept}`);
        }
    }
}

const RULES = {
    seqWithoutGap,
    nothingForeign,
    idsOnce,
    ackedIsKept,
    acksAgree,
    sendersInOrder,
    receiversWithoutGap,
    deliveredIsKept,
};

/**
 * The faults of a record with a history: `{ rule, text }`, a few of each rule.
 * @param {import('./record.js').Record} record
 */
export function findFaults(record) {
    const { history } = record;
    const events = history.events.map((text) => JSON.parse(text));
    const bySeq = new Map(events.map((event, index) => [event.seq, { event, text: history.events[index] }]));
    const faults = [];
    for (const [rule, breaks] of Object.entries(RULES)) {
        let count = 0;
        breaks({ record, history, events, bySeq }, (text) => {
            count += 1;
            if (count <= MOST_FAULTS) faults.push({ rule, text });
        });
        if (count > MOST_FAULTS) faults.push({ rule, text: `… ${count} faults of this rule in all` });
    }
    return faults;
}
