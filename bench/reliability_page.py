"""Writes the results of bench/reliability.py into docs/reliability.md, between two marks; the rest of the page is not changed."""

import dataclasses
import datetime
import os
import platform
import statistics

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"


@dataclasses.dataclass(frozen=True)
class DurabilityScene:
    name: str
    title: str
    options: str  # of globes-bench


DURABILITY_SCENES = (
    DurabilityScene("alone", "one sender, one message in flight", "--rooms 1 --members 1 --window 1"),
    DurabilityScene("busy", "100 rooms, in each a sender with 4 messages in flight", "--rooms 100 --members 1 --window 4"),
)


def write(results, docs):
    """Replaces the measured part of the page; returns the page's path."""
    page = docs / "reliability.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    sections = (_introduction, _targets, _starts, _pages, _resumes, _storm, _durability)
    measured = "\n\n".join(section(results) for section in sections)
    page.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}")
    return page


def _introduction(results):
    return (f"Written by `{results['command']}` on {datetime.date.today()}, {_machine()}; do not edit, run it again. The server\n"
            f"runs on one core and the clients on the other. Unless a table says otherwise, a number is the median of {results['rounds']} rounds with\n"
            "the lowest and the highest in brackets.")


def _targets(results):
    _, middle, large = results["sizes"]
    rows = [
        (f"ready after kill -9 with {middle:,} messages", "< 2 s", max(took for took, _ in results["starts"][middle]["killed"]), 2, "s, slowest"),
        (f"a history page of 50 in a room of {large:,}, server CPU", "≤ 5 ms", _worst_page(results, 50), 5, "ms"),
        (f"a history page of 1,000 in a room of {large:,}, server CPU", "≤ 5 ms", _worst_page(results, 1000), 5, "ms"),
        (f"resume of the last 300 in a room of {large:,}", "≤ 50 ms", max(results["resumes"]["first"]), 50, "ms, slowest, right after a start"),
        (f"others' p99 while {results['clients']:,} resume, in the same room", "≤ 3 × normal", _storm_ratio(results, "same"), 3, "×"),
        (f"others' p99 while {results['clients']:,} resume, in another room", "≤ 3 × normal", _storm_ratio(results, "other"), 3, "×"),
    ]
    lines = ["| target | | measured | |", "|---|---|---:|---|"]
    for title, limit, value, most, unit in rows:
        lines.append(f"| {title} | {limit} | {value:.2f} {unit} | {'reached' if value <= most else '**missed**'} |")
    return "\n".join(lines)


def _starts(results):
    lines = ["### From the start of the process to `GET /ready` with 200", "",
             "*killed*: after `kill -9` during `globes-bench --rooms 10 --members 1 --window 4`, including the recovery.",
             "", "| messages stored | after a normal stop, ms | server CPU, ms | killed, ms | server CPU, ms |", "|---:|---:|---:|---:|---:|"]
    for count in results["sizes"]:
        found = results["starts"][count]
        columns = (_spread([1e3 * run[part] for run in found[how]], 0) for how in ("orderly", "killed") for part in (0, 1))
        lines.append(f"| {count:,} | " + " | ".join(columns) + " |")
    return "\n".join(lines)


def _pages(results):
    large = results["sizes"][2]
    lines = ["### A page of history, server CPU", "",
             f"`GET /chats/1/events?after=…&limit=…` on one connection, each time another page, of one room of {large:,}: the median and the largest.",
             "", "| page of | at message 1,000, ms | at the newest, ms |", "|---:|---:|---:|"]
    for limit in (50, 1000):
        cells = (results["pages"][f"{place}-{limit}"] for place in ("early", "late"))
        shown = " | ".join(f"{cell['median'] / 1e6:.2f} (largest {cell['largest'] / 1e6:.2f})" for cell in cells)
        lines.append(f"| {limit:,} | {shown} |")
    return "\n".join(lines)


def _resumes(results):
    large = results["sizes"][2]
    return "\n".join((
        f"### Resuming after 300 missed messages in a room of {large:,}", "",
        "The time from connecting, including the handshake, to the last of them, measured by a client in another process.", "",
        "| | ms |", "|---|---:|",
        f"| right after a start, from the store | {_spread(results['resumes']['first'], 1)} |",
        f"| after others have read them | {_spread(results['resumes']['warm'], 1)} |"))


def _storm(results):
    clients, middle = results["clients"], results["sizes"][1]
    runs = results["storm"]
    lines = [f"### {clients:,} clients resume at once, right after a start", "",
             f"Each has missed 300 of {middle:,} messages. Meanwhile, 50 members are in the same room and 50 in another, and one member of each",
             "room sends 10 messages a second. The table shows the p99 of their latency, from when a message was due to when a member",
             "receives it. Normal is the p99 after all clients have resumed.", "",
             "| | before, ms | during the storm, ms | normal, ms |", "|---|---:|---:|---:|"]
    for name, title in (("same", "the same room"), ("other", "another room")):
        columns = (_spread([run[name][part] for run in runs], 1) for part in ("before", "storm", "after"))
        lines.append(f"| {title} | " + " | ".join(columns) + " |")
    lines += ["", f"All have caught up after {_spread([run['seconds'] for run in runs], 2)} s; "
                  f"{sum(run['lost'] for run in runs)} of them lost the connection. Each storm uses the server's core"
                  " completely, so other messages share it with thousands of handshakes and replays."]
    return "\n".join(lines)


def _durability(results):
    lines = ["### What durability costs", "", "| | `Durability` | messages/s | server CPU, µs a message | p50, ms | p99, ms |",
             "|---|---|---:|---:|---:|---:|"]
    for scene in DURABILITY_SCENES:
        for level, runs in results["durability"][scene.name].items():
            cells = (_spread([run["deliveries_per_s"] for run in runs], 0),
                     _spread([run["server"]["cpu_us_per_delivery"] for run in runs], 1),
                     _spread([run["latency_us"]["p50"] / 1e3 for run in runs], 2),
                     _spread([run["latency_us"]["p99"] / 1e3 for run in runs], 2))
            lines.append(f"| {scene.title} | `{level}` | " + " | ".join(cells) + " |")
    lines += ["", "By " + " and ".join(f"`globes-bench {scene.options}`" for scene in DURABILITY_SCENES) +
              f", {results['seconds']:g} s each; rooms of one member, so that each message is one delivery. The cost of `power` is the disk's fsync."]
    return "\n".join(lines)


def _worst_page(results, limit):
    return max(results["pages"][f"{place}-{limit}"]["median"] for place in ("early", "late")) / 1e6


def _storm_ratio(results, room):
    return statistics.median(run[room]["storm"] / run[room]["after"] for run in results["storm"])


def _spread(values, digits):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def _machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"
