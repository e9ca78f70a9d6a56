#!/usr/bin/env python3
"""Puts Globes and its peers into the same scenes, one server at a time, and writes docs/benchmarks.md.

Servers share one core and the client has the other. Rounds are interleaved: every server has its turn in a cell before
any has its second, so that whatever else the machine does in between hits all of them alike. Each turn is a fresh process.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import cells
import page

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
START_S = 10
STOP_S = 10
# A second client beside the measured one: this long for its connections before, and for good measure behind.
BESIDE_LEAD_S = 4
BESIDE_TAIL_S = 2


class Fleet:
    """Knows how to start each server. `scratch` is a folder for what they write."""

    def __init__(self, build, scratch, server_core):
        self.build = build
        self.scratch = scratch
        self.server_core = server_core

    def names(self):
        return (cells.OURS, cells.OURS_IN_MEMORY, cells.CEILING, *cells.PEERS)

    def protocol(self, name):
        return "globes" if name in (cells.OURS, cells.OURS_IN_MEMORY) else "plain"

    def version(self, name):
        match name:
            case cells.OURS | cells.OURS_IN_MEMORY:
                return output_of([self.build / "globes", "--version"]).removeprefix("Globes").strip()
            case "bun":
                return output_of([bun(), "--version"])
            case "ws":
                package = json.loads((PEERS / "node_modules/ws/package.json").read_text())
                return f"{package['version']} on Node {output_of(['node', '--version'])}"
        return ""

    def command(self, name, port):
        match name:
            case cells.OURS:
                return self._globes("sqlite", port)
            case cells.OURS_IN_MEMORY:
                return self._globes("memory", port)
            case cells.CEILING:
                return [self.build / "raw-epoll-chat", port]
            case "bun":
                return [bun(), PEERS / "bun_chat.js", port]
            case "ws":
                return ["node", PEERS / "ws_chat.js", port]
        raise ValueError(name)

    def _globes(self, store, port):
        config = self.scratch / "config.json"
        config.write_text(json.dumps({"Store": store, "MessagesPerSecond": 0}))
        return [self.build / "globes", "--config", config, "--data", self.scratch / "data", "--address",
                f"127.0.0.1:{port}"]

    @contextlib.contextmanager
    def running(self, name):
        """A fresh server of that name; gives its process and port, and ends it."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        port = free_port()
        command = ["taskset", "-c", str(self.server_core), *map(str, self.command(name, str(port)))]
        with open(self.scratch / "server.log", "wb") as log:
            process = subprocess.Popen(command, cwd=self.scratch, stdout=log, stderr=log)
        try:
            wait_until_listening(process, port)
            yield process, port
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def bun():
    return next((PEERS / "node_modules/@oven").glob("*/bin/bun"))


def output_of(command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout.strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listening(process, port):
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args} did not start; see server.log in its folder")
        time.sleep(0.02)


class Client:
    def __init__(self, build, core, seconds):
        self.program = build / "globes-bench"
        self.core = core
        self.seconds = seconds

    def command(self, protocol, port, arguments, seconds):
        return ["taskset", "-c", str(self.core), str(self.program), f"127.0.0.1:{port}", "--protocol", protocol,
                "--duration", str(seconds), *arguments.split()]

    def measure(self, cell, protocol, process, port, result_file):
        """globes-bench's result of one turn, or None where it gave none."""
        beside = None
        if cell.beside:
            seconds = self.seconds + BESIDE_LEAD_S + BESIDE_TAIL_S
            beside = subprocess.Popen(self.command(protocol, port, cell.beside + " --quiet", seconds))
            time.sleep(BESIDE_LEAD_S)
        try:
            result_file.unlink(missing_ok=True)
            command = self.command(protocol, port, cell.arguments, self.seconds)
            subprocess.run([*command, "--pid", str(process.pid), "--json", str(result_file), "--quiet"], check=False)
            return json.loads(result_file.read_text()) if result_file.exists() else None
        finally:
            if beside is not None:
                beside.send_signal(signal.SIGTERM)
                beside.wait()


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the three first cells, two seconds each")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each server in each cell (3)")
    parser.add_argument("--seconds", type=float, help="measured seconds of each turn (5; quick: 2)")
    parser.add_argument("--cells", help="only these, separated by commas; sweeps by their name")
    parser.add_argument("--servers", help="only these, separated by commas")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs", help="where benchmarks.md goes (docs)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen_cells(arguments):
    all_cells = [*cells.CELLS]
    groups = {cell.name: [cell] for cell in cells.CELLS}
    for sweep in cells.SWEEPS:
        groups[sweep.name] = list(sweep.cells())
        all_cells += groups[sweep.name]
    if arguments.cells:
        unknown = [name for name in arguments.cells.split(",") if name not in groups]
        if unknown:
            sys.exit(f"bench/run.sh: no such cell: {unknown[0]} (there are {', '.join(groups)})")
        return [cell for name in arguments.cells.split(",") for cell in groups[name]]
    return [cell for cell in all_cells if cell.is_quick] if arguments.quick else all_cells


def main():
    arguments = parse_arguments()
    build = arguments.build.resolve()
    seconds = arguments.seconds or (2 if arguments.quick else 5)
    results_folder = ROOT / "build" / "benchmarks"
    results_folder.mkdir(parents=True, exist_ok=True)
    fleet = Fleet(build, results_folder / "scratch", arguments.server_core)
    client = Client(build, arguments.client_core, seconds)
    servers = arguments.servers.split(",") if arguments.servers else fleet.names()
    results = {}
    for cell in chosen_cells(arguments):
        for turn in range(arguments.rounds):
            for name in servers:
                if cell.only_globes and fleet.protocol(name) != "globes":
                    continue
                print(f"{cell.name:<18} round {turn + 1}  {name:<14}", end="", flush=True)
                with fleet.running(name) as (process, port):
                    result = client.measure(cell, fleet.protocol(name), process, port, results_folder / "turn.json")
                if result is None:
                    print("  gave no result")
                    continue
                results.setdefault(cell.name, {}).setdefault(name, []).append(result)
                shown = (f"{metric.label} {metric.read(result):.{metric.digits}f}"
                         for metric in (cells.METRICS[metric] for metric in cell.metrics))
                print("  " + "  ".join(shown) + ("" if result["check"]["sound"] else "  FAULTY"), flush=True)
    measured = page.Measured(
        results=results,
        versions={name: fleet.version(name) for name in servers},
        command="./dev bench" + "".join(" " + argument for argument in command_line()),
        rounds=arguments.rounds,
        seconds=seconds,
    )
    (results_folder / "results.json").write_text(json.dumps(results))
    print("Wrote", page.write(measured, arguments.docs))


def command_line():
    """What was asked for, without what bench/run.sh adds."""
    given = sys.argv[1:]
    if "--build" in given:
        at = given.index("--build")
        del given[at:at + 2]
    return given


if __name__ == "__main__":
    main()
