"""What is measured: the cells with their globes-bench arguments, the metrics read from its result, and the targets.

A cell is one scenario that is measured with every server. A sweep is a cell at several values, for a plot.
"""

import dataclasses
from collections.abc import Callable

OURS = "globes"
OURS_IN_MEMORY = "globes-memory"
OURS_ON_TWO = "globes-two-io"
CEILING = "raw-epoll"
PEERS = ("bun", "ws", "centrifuge")
# The servers of a cell that does not name its own.
ALL = (OURS, OURS_IN_MEMORY, CEILING, *PEERS)
# The threads that handle every message once, regardless of the number of members.
STORING_THREADS = ("core", "store-write", "store-checkpt")


def stored_per_s(run):
    """Stored messages for each second of CPU of the core and of the store's threads; 0 if unknown."""
    spent_s = sum(run["server"]["thread_cpu_s"].get(name, 0.0) for name in STORING_THREADS)
    return run["published_per_s"] * run["window_s"] / spent_s if spent_s else 0.0


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    label: str
    read: Callable[[dict], float]  # from globes-bench's JSON
    digits: int
    less_is_better: bool = True


METRICS = {
    metric.name: metric
    for metric in (
        Metric("cpu", "server CPU, µs a delivery", lambda run: run["server"]["cpu_us_per_delivery"], 3),
        Metric("share", "server CPU, % of a core", lambda run: 100 * run["server"]["cpu_share"], 2),
        Metric("rate", "deliveries/s", lambda run: run["deliveries_per_s"], 0, less_is_better=False),
        Metric("p50", "p50, ms", lambda run: run["latency_us"]["p50"] / 1e3, 2),
        Metric("p99", "p99, ms", lambda run: run["latency_us"]["p99"] / 1e3, 2),
        Metric("spread", "first to last member, p99, ms", lambda run: run["first_to_last_us"]["p99"] / 1e3, 2),
        Metric("memory", "kB a connection", lambda run: run["server"]["pss_bytes_per_connection"] / 1e3, 2),
        Metric("total", "server memory, MB", lambda run: run["server"]["end_rss_bytes"] / 1e6, 1),
        Metric("connect", "server CPU, µs an upgrade", lambda run: run["server"]["connect_cpu_us"], 1),
        Metric("stored", "stored messages for each second of core and store", stored_per_s, 0, less_is_better=False),
        Metric("connects", "upgrades/s", lambda run: run["connects_per_s"], 0, less_is_better=False),
    )
}


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    title: str
    meaning: str
    arguments: str
    metrics: tuple[str, ...]
    servers: tuple[str, ...] = ALL
    beside: str = ""  # arguments of a second client, whose result is not read
    is_probe: bool = False  # uses little CPU, and must not wait for its core: runs with real-time priority if allowed
    is_quick: bool = False


@dataclasses.dataclass(frozen=True)
class Sweep:
    """One round of each point: a plot shows the growth of a metric, the cells show its exact value."""

    name: str
    title: str
    x_label: str
    metrics: tuple[str, ...]  # a plot each
    arguments: str  # with {x}
    xs: tuple[int, ...]
    is_log: bool = True
    servers: tuple[str, ...] = (OURS, CEILING, "bun", "ws")

    def cells(self):
        for x in self.xs:
            yield Cell(f"{self.name}-{x}", self.title, "", self.arguments.format(x=x), self.metrics, self.servers)


_LOOP = ("cpu", "rate", "p99")

_BEST_KNOWN = (OURS, "bun")

CELLS = (
    Cell("room-100-1", "One room of 100, one sender, one message in flight",
         "The sender waits for its own message before it sends the next, so nothing can be batched: one send for each member and message.",
         "--members 100 --senders 1 --window 1", _LOOP, is_quick=True),
    Cell("room-100-10", "One room of 100, ten senders, four messages in flight each",
         "A busy room: a server that batches sends each member many messages in one call.",
         "--members 100 --senders 10 --window 4", _LOOP, (*ALL, OURS_ON_TWO), is_quick=True),
    Cell("rooms-200", "200 rooms of 10, one sender in each, one message in flight",
         "Many small rooms: the fan-out is small, so the cost of the message itself dominates.",
         "--rooms 200 --members 10 --senders 1 --window 1", _LOOP, (*ALL, OURS_ON_TWO), is_quick=True),
    Cell("room-1000", "One room of 1,000, 100 messages a second",
         "Open loop: latency is measured from when each message was due.",
         "--members 1000 --senders 10 --rate 100", ("cpu", "p50", "p99", "spread"), (OURS, *PEERS), is_quick=True),
    Cell("small-alone", "100 rooms of 10, one message a second in each",
         "The reference for the next cell.",
         "--rooms 100 --members 10 --rate 1", ("p50", "p99"), _BEST_KNOWN, is_probe=True),
    Cell("small-beside-big", "The same beside a room of 10,000 with 10 messages a second",
         "Does one large room delay the small rooms? Latencies are those of the small rooms.",
         "--rooms 100 --members 10 --rate 1", ("p50", "p99"), _BEST_KNOWN,
         beside="--members 10000 --senders 10 --rate 10", is_probe=True),
    Cell("connects", "10,000 connections, as fast as the server accepts them",
         "256 concurrent handshakes, each on its own connection.",
         "--rooms 0 --idle 10000 --warmup 0", ("connect", "connects"), is_quick=True),
    Cell("idle-18000", "18,000 idle connections",
         "Pings are on. Memory is the growth of the server's PSS, without the kernel's memory of each socket.",
         "--rooms 0 --idle 18000 --warmup 0", ("memory", "share"), (OURS, CEILING, "bun", "ws"), is_quick=True),
    Cell("readers", "One room of 990, 100 messages a second",
         "The reference for the next cell.",
         "--members 990 --senders 10 --rate 100", ("p50", "p99", "total"), _BEST_KNOWN),
    Cell("stalled", "The same with 10 more that never read",
         "Latencies are those of the members that read. A connection with a backlog of `BacklogBytes` (1 MiB) is closed.",
         "--members 990 --stalled 10 --senders 10 --rate 100", ("p50", "p99", "total"), _BEST_KNOWN),
    Cell("steady", "One room of 500, 20 messages a second",
         "The reference for the next cell.",
         "--members 500 --senders 10 --rate 20", ("p50", "p99"), _BEST_KNOWN),
    Cell("churn", "The same with 500 arrivals and departures a second",
         "Each join and leave is an event for all 500; the peers do not announce leaves.",
         "--members 500 --senders 10 --rate 20 --churn 500", ("share", "p50", "p99"), _BEST_KNOWN),
    Cell("one-room", "One room of one member, 5,000 messages a second",
         "The reference for the next cell.",
         "--members 1 --rate 5000", ("cpu", "p99"), (OURS,)),
    Cell("many-rooms", "100,000 rooms, 15,000 of them with one member, 5,000 messages a second in all",
         "Does a message cost more if there are many rooms?",
         "--rooms 15000 --members 1 --rate 0.3333 --empty-rooms 85000", ("cpu", "p99"), (OURS,)),
    Cell("storing", "A room of ten senders, 100 messages in flight each",
         "The cost of storing a message: `core` numbers and encodes it, `store-write` and `store-checkpt` write it to SQLite.",
         "--members 10 --senders 10 --window 100", ("stored", "cpu", "rate"), (OURS,)),
)

SWEEPS = (
    Sweep("size", "By the size of the room: ten senders, one message in flight each", "members of the room",
          ("cpu", "rate"), "--members {x} --senders 10 --window 1", (10, 100, 1000, 5000)),
    Sweep("load", "By load: a room of 100, open loop", "messages a second",
          ("p99", "share"), "--members 100 --senders 10 --rate {x}", (10, 100, 500, 1000, 2000)),
    Sweep("connections", "By the number of idle connections", "connections",
          ("memory",), "--rooms 0 --idle {x} --warmup 0", (1000, 5000, 10000)),
)


@dataclasses.dataclass(frozen=True)
class Target:
    """`server`'s median of `metric` in `cell` must be at most factor x the best of `against` + extra; at least, if higher
    values of the metric are better. Servers of `against` that were not measured are ignored."""

    text: str
    cell: str
    server: str
    metric: str
    against: tuple[tuple[str, str], ...] = ()  # (cell, server); empty: the limit is `extra`
    factor: float = 1.0
    extra: float = 0.0
    floor: str = ""  # the reason if it is missed


def _best_peer(cell):
    return tuple((cell, peer) for peer in PEERS)


TARGETS = (
    Target("memory store ≤ 1.15 × the ceiling", "room-100-1", OURS_IN_MEMORY, "cpu", (("room-100-1", CEILING),), 1.15),
    Target("SQLite ≤ 1.2 × the ceiling", "room-100-1", OURS, "cpu", (("room-100-1", CEILING),), 1.2,
           floor="Each message needs a commit. Because the message has an id, the store looks the id up first, and the commit writes a page of "
           "the index of ids in addition to the page of the message. The faster the processor sends, the larger is this share."),
    Target("SQLite not above the best peer", "room-100-1", OURS, "cpu", _best_peer("room-100-1"),
           floor="The 100 sends of a message cost every server the same. Bun's overhead above the ceiling is less than one commit: two "
           "writes and six file locks. The store's own thread adds four thread switches on the one core; with more cores, "
           "`core` and `store-write` would run in parallel with the sends. In busier rooms, several messages share one commit "
           "and all of that."),
    Target("memory store ≤ 0.55 × Bun", "room-100-10", OURS_IN_MEMORY, "cpu", (("room-100-10", "bun"),), 0.55,
           floor="The ceiling itself is at or above this limit. In this cell, the CPU for a delivery depends on how many of the 40 messages in "
           "flight each send carries, and so on the timing of the client's answers. A linger before each fan-out would gather more of them, "
           "but delay every small room ([ADR 4](adr/0004-fan-out-linger.md))."),
    Target("SQLite ≤ 0.7 × Bun", "room-100-10", OURS, "cpu", (("room-100-10", "bun"),), 0.7,
           floor="SQLite adds the commits, on the same core. They run between fan-outs, and the more often the core switches threads, "
           "the fewer of the 40 messages each send carries. Most of a commit's cost is the ids: each is looked up, and each is an "
           "entry in the index of ids."),
    Target("SQLite ≤ 0.06 × ws", "room-100-10", OURS, "cpu", (("room-100-10", "ws"),), 0.06,
           floor="The same reason: commits and ids."),
    Target("memory store ≤ 1.15 × the ceiling", "rooms-200", OURS_IN_MEMORY, "cpu", (("rooms-200", CEILING),), 1.15,
           floor="Only ten members share the cost of a message that does not depend on their number (checking the event and its id, the path to "
           "the core and back). The cheaper the processor's system calls are, the larger is this share."),
    Target("memory store below every peer", "rooms-200", OURS_IN_MEMORY, "cpu", _best_peer("rooms-200"),
           floor="The same reason: the cost of each message, which few members share."),
    Target("SQLite ≤ 1.3 × the ceiling", "rooms-200", OURS, "cpu", (("rooms-200", CEILING),), 1.3,
           floor="The messages of a room are adjacent in the database, so that a page of history reads few pages of the file. If each "
           "message of a commit belongs to another room, each writes a page of 4 KiB to the write-ahead log, with its checksum, and later "
           "into the file. Smaller pages did not cost less ([ADR 5](adr/0005-sqlite.md))."),
    Target("CPU ≤ 0.6 × the best peer", "room-1000", OURS, "cpu", _best_peer("room-1000"), 0.6,
           floor="Globes uses less CPU than its peers here if it sends several messages at once. If a fan-out takes a small part of the 10 ms "
           "between two messages, fan-out and linger are over before the next message, and each message needs its own send "
           "([ADR 4](adr/0004-fan-out-linger.md))."),
    Target("p99 ≤ the best peer's + 50 ms", "room-1000", OURS, "p99", _best_peer("room-1000"), 1.0, 50.0),
    Target("p99 ≤ 3 × that without the big room", "small-beside-big", OURS, "p99", (("small-alone", OURS),), 3.0,
           floor="Without the large room, the server is idle when a message arrives. With it, each of the four steps between threads may have "
           "to wait for 128 sends on the one core, half a millisecond ([ADR 4](adr/0004-fan-out-linger.md))."),
    Target("p99 ≤ 20 ms", "small-beside-big", OURS, "p99", extra=20.0),
    Target("≤ 0.75 kB each", "idle-18000", OURS, "memory", extra=0.75),
    Target("goal: ≤ 0.5 kB each", "idle-18000", OURS, "memory", extra=0.5),
    Target("< 1 % of a core", "idle-18000", OURS, "share", extra=1.0),
    Target("p99 ≤ 1.2 × that without them", "stalled", OURS, "p99", (("readers", OURS),), 1.2),
    Target("memory ≤ that without them + `BacklogBytes` + 1 MB", "stalled", OURS, "total", (("readers", OURS),), 1.0, 2.05),
    Target("p99 ≤ 2 × that without churn", "churn", OURS, "p99", (("steady", OURS),), 2.0,
           floor="Without churn, the room is idle between 20 messages a second. With it, 1,000 events a second go to 500 members. A room of that "
           "size lingers after each fan-out, which halves the CPU and causes the latency ([ADR 4](adr/0004-fan-out-linger.md)). "
           "No message is lost."),
    Target("≥ 10,000 upgrades/s on one core", "connects", OURS, "connects", extra=10_000.0),
    Target("upgrades/s ≥ the best peer's", "connects", OURS, "connects", _best_peer("connects"),
           floor="All but the slowest servers accept more connections than one client opens, so the client is the limit and the order is random. "
           "An upgrade costs Globes about 5 µs of CPU more than Bun: the line in the access log, and the path to the core and back."),
    Target("the same as with one room (± 10 %)", "many-rooms", OURS, "cpu", (("one-room", OURS),), 1.1),
    Target("≥ 50,000 messages for each second of core and store", "storing", OURS, "stored", extra=50_000.0),
    Target("two I/O threads cost no more than one (± 10 %)", "room-100-10", OURS_ON_TWO, "cpu", (("room-100-10", OURS),), 1.1,
           floor="The room's members are divided among two threads on one core. Both wake up for each message, so each send carries "
           "fewer of the messages in flight."),
    Target("two I/O threads cost no more than one (± 10 %)", "rooms-200", OURS_ON_TWO, "cpu", (("rooms-200", OURS),), 1.1),
)
