"""Turns results into docs/benchmarks.md and its plots."""

import dataclasses
import datetime
import os
import platform
import statistics
import subprocess

import cells
import plot

DESCRIPTIONS = {
    cells.OURS: "Globes with its defaults (SQLite), except `\"MessagesPerSecond\": 0`",
    cells.OURS_IN_MEMORY: "the same with `\"Store\": \"memory\"`",
    cells.CEILING: "the ceiling: the minimum that a chat server must do ([raw_epoll.cc](../bench/peers/raw_epoll.cc)); stores nothing",
    "bun": "[bun_chat.js](../bench/peers/bun_chat.js), publish/subscribe; stores nothing",
    "ws": "[ws_chat.js](../bench/peers/ws_chat.js), `ws` on Node; stores nothing",
    "centrifuge": "[the Go library](../bench/peers/centrifuge/main.go) of Centrifugo, with its own protocol; stores nothing",
    cells.OURS_ON_TWO: "Globes with `\"IoThreads\": 2`, all threads on one core",
}


@dataclasses.dataclass(frozen=True)
class Measured:
    results: dict  # cell -> server -> results of globes-bench, one for each round
    versions: dict  # server -> version
    command: str
    rounds: int
    seconds: float

    def values(self, cell, server, metric):
        return [cells.METRICS[metric].read(run) for run in self.results.get(cell, {}).get(server, [])]

    def median(self, cell, server, metric):
        """None if it was not measured."""
        values = self.values(cell, server, metric)
        return statistics.median(values) if values else None


def write(measured, docs):
    """Writes the page and its plots; returns the page's path."""
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    sections = [_introduction(measured), _targets(measured), _losses(measured), _profile(measured)]
    sections += [_cell_section(measured, cell) for cell in cells.CELLS if cell.name in measured.results]
    sections += [section for sweep in cells.SWEEPS if (section := _sweep_section(measured, sweep, images))]
    page = docs / "benchmarks.md"
    page.write_text("\n".join(section for section in sections if section))
    return page


def _introduction(measured):
    servers = "\n".join(f"| {name} | {version} | {DESCRIPTIONS.get(name, '')} |" for name, version in measured.versions.items())
    return f"""# Benchmarks

Written by `{measured.command}` on {datetime.date.today()}; do not edit, run it again. Each number is the median of {measured.rounds} rounds of
{measured.seconds:g} s with the lowest and the highest in brackets. The servers run one after another on one core, each time in a new process,
and the client runs on another core. `globes-bench` tracks every message to every member: if one was lost, duplicated or out of order, or a
connection was dropped, the row says **faulty**. *Client-bound* means that the client used all of its CPU: rate and latencies are then
limits of the client, so compare the server's CPU.

| machine | |
|---|---|
| processor | {_processor()}, {os.cpu_count()} cores |
| memory | {_memory()} |
| system | {_system()}, Linux {platform.release()} |
| compiler | {_first_line(["g++", "--version"])} |

| server | version | what it is |
|---|---|---|
{servers}
"""


def _cell_section(measured, cell):
    metrics = [cells.METRICS[name] for name in cell.metrics]
    lines = [f"## {cell.title}", "", cell.meaning, "", f"`globes-bench {cell.arguments}`"]
    if cell.beside:
        lines[-1] += f" beside `globes-bench {cell.beside}`"
    lines += ["", "| server | " + " | ".join(metric.label for metric in metrics) + " | |",
              "|---|" + "---:|" * len(metrics) + "---|"]
    for server, runs in measured.results[cell.name].items():
        columns = [_with_spread(measured.values(cell.name, server, metric.name), metric.digits) for metric in metrics]
        lines.append(f"| {server} | " + " | ".join(columns) + f" | {_remark(runs)} |")
    return "\n".join([*lines, ""])


def _with_spread(values, digits):
    def shown(value):
        return f"{value:,.{digits}f}"

    return f"{shown(statistics.median(values))} ({shown(min(values))}–{shown(max(values))})"


def _remark(runs):
    remarks = []
    if not all(run["check"]["sound"] for run in runs):
        remarks.append("**faulty**")
    if sum(run["client"]["is_bottleneck"] for run in runs) * 2 > len(runs):
        remarks.append("client-bound")
    return ", ".join(remarks)


def _targets(measured):
    rows, floors = [], []
    for target in cells.TARGETS:
        if target.cell not in measured.results:
            continue
        metric = cells.METRICS[target.metric]
        value = measured.median(target.cell, target.server, target.metric)
        others = [measured.median(cell, server, target.metric) for cell, server in target.against]
        others = [other for other in others if other is not None]
        title = next(cell.title for cell in cells.CELLS if cell.name == target.cell)
        columns = "– | – | not measured"
        if value is not None and (others or not target.against):
            best = (min if metric.less_is_better else max)(others, default=0.0)
            limit = target.factor * best + target.extra
            reached = value <= limit if metric.less_is_better else value >= limit
            columns = f"{value:,.{metric.digits}f} | {limit:,.{metric.digits}f} | {'reached' if reached else '**missed**'}"
            if target.floor and not reached:
                floors.append(f"- *{title}, {target.text}*: {target.floor}")
        rows.append(f"| {title} | {target.text} | {metric.label} | {columns} |")
    if not rows:
        return ""
    head = ("A cell is one scenario, with one set of arguments of `globes-bench`; each has a section below. The column *metric* names the quantity\n"
            "and its unit, *measured* the median, and *limit* the value that the target allows in this run.\n\n"
            "| cell | target | metric | measured | limit | |\n|---|---|---|---:|---:|---|\n")
    stops = "\nReasons for missed targets:\n\n" + "\n".join(floors) + "\n" if floors else ""
    return "## Targets\n\n" + head + "\n".join(rows) + "\n" + stops


def _losses(measured):
    """The cells and metrics in which a peer's median is better than that of Globes with SQLite."""
    lines = []
    for cell in cells.CELLS:
        for name in cell.metrics:
            ours = measured.median(cell.name, cells.OURS, name)
            metric = cells.METRICS[name]
            for peer in cells.PEERS:
                theirs = measured.median(cell.name, peer, name)
                if ours is None or theirs is None or ours == theirs or (ours < theirs) == metric.less_is_better:
                    continue
                lines.append(f"- {cell.title}: {metric.label} {ours:,.{metric.digits}f}, {peer} {theirs:,.{metric.digits}f}.")
    if cells.OURS not in measured.versions:
        return ""
    return "## Cells in which a peer is better\n\n" + ("\n".join(lines) if lines else "None.") + "\n"


# The parts of Globes on the path of a message, by the names of their threads.
_PARTS = {"I/O": ("io",), "core": ("core",), "store": ("store-write", "store-checkpt"), "log": ("log",)}
_WITH_PARTS = (cells.OURS, cells.OURS_IN_MEMORY, cells.OURS_ON_TWO)
_PROFILED = ("room-100-1", "room-100-10", "rooms-200")


def _profile(measured):
    """The CPU time of a message, by the part of the server that uses it."""
    rows = []
    for cell in cells.CELLS:
        if cell.name not in _PROFILED:
            continue
        for server, runs in measured.results.get(cell.name, {}).items():
            total = statistics.median(_cpu_of_message(run, run["server"]["thread_cpu_s"]) for run in runs)
            parts = [statistics.median(_cpu_of_message(run, names) for run in runs) for names in _PARTS.values()]
            shown = [f"{part:,.1f}" if server in _WITH_PARTS else "" for part in parts]
            rows.append(f"| {cell.title} | {server} | {total:,.1f} | " + " | ".join(shown) + " |")
    if not rows:
        return ""
    head = f"| cell | server | all | {' | '.join(_PARTS)} |\n|---|---|{'---:|' * (len(_PARTS) + 1)}\n"
    return ("## Cost of a message\n\nServer CPU for each published message, µs, and the share of each part of Globes. "
            "The ceiling only reads and sends.\n\n" + head + "\n".join(rows) + "\n")


def _cpu_of_message(run, threads):
    spent_s = sum(run["server"]["thread_cpu_s"].get(name, 0.0) for name in threads)
    return 1e6 * spent_s / (run["published_per_s"] * run["window_s"])


def _sweep_section(measured, sweep, images):
    text = ""
    for name in sweep.metrics:
        series = {}
        for server in measured.versions:
            points = ((x, measured.median(f"{sweep.name}-{x}", server, name)) for x in sweep.xs)
            line = [(x, y) for x, y in points if y is not None]
            if line:
                series[server] = line
        if not series:
            continue
        metric = cells.METRICS[name]
        file = images / f"benchmark-{sweep.name}-{name}.svg"
        file.write_text(plot.line_chart(f"{sweep.title}: {metric.label}", sweep.x_label, metric.label, series, sweep.is_log))
        text += f"![{metric.label} by {sweep.x_label}](images/{file.name})\n\n"
    return f"## {sweep.title}\n\n`globes-bench {sweep.arguments.format(x='X')}`\n\n{text}" if text else ""


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def _memory():
    with open("/proc/meminfo", encoding="utf-8") as file:
        return f"{int(file.readline().split()[1]) / 1024 / 1024:.0f} GiB"


def _system():
    return platform.freedesktop_os_release().get("PRETTY_NAME", "")


def _first_line(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
