#!/usr/bin/env python3
"""Measures Globes and its peers in the same scenarios, one server at a time, and writes docs/benchmarks.md.

Servers share one core and the client has the other. Rounds are interleaved: every server runs once in a cell before any
runs twice, so that other load on the machine affects all of them alike. Each run is a new process.
"""

import argparse
import contextlib
import hashlib
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
import storm

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
START_S = 10
STOP_S = 10
WARMUP_S = 0.5
# A second client in parallel with the measured one: its time for connecting before, and a margin after.
BESIDE_LEAD_S = 4
BESIDE_TAIL_S = 2
# A run takes a few seconds; this limit is for a server that hangs.
LONGEST_RUN_S = 180
IO_THREADS = {cells.OURS: 1, cells.OURS_IN_MEMORY: 1, cells.OURS_ON_TWO: 2}


class Fleet:
    """Starts each server. `scratch` is a folder for their files."""

    def __init__(self, build, scratch, server_core):
        self.build = build
        self.scratch = scratch
        self.server_core = server_core

    def missing(self, name):
        """Why that server cannot be started here; empty if it can."""
        if name == "centrifuge" and not self.centrifuge().exists():
            return "it is built with Go, which is not installed"
        return ""

    def protocol(self, name):
        return "globes" if name in IO_THREADS else "centrifuge" if name == "centrifuge" else "plain"

    def centrifuge(self):
        return self.build.parent / "benchmarks" / "centrifuge-chat"

    def version(self, name):
        match name:
            case cells.OURS | cells.OURS_IN_MEMORY | cells.OURS_ON_TWO:
                return output_of([self.build / "globes", "--version"]).removeprefix("Globes").strip()
            case "bun":
                return output_of([bun(), "--version"])
            case "ws":
                package = json.loads((PEERS / "node_modules/ws/package.json").read_text())
                return f"{package['version']} on Node {output_of(['node', '--version'])}"
            case "centrifuge":
                return output_of([self.centrifuge(), "--version"])
        return ""

    def command(self, name, port):
        match name:
            case cells.OURS | cells.OURS_ON_TWO:
                return self._globes("sqlite", IO_THREADS[name], port)
            case cells.OURS_IN_MEMORY:
                return self._globes("memory", IO_THREADS[name], port)
            case cells.CEILING:
                return [self.build / "raw-epoll-chat", port]
            case "bun":
                return [bun(), PEERS / "bun_chat.js", port]
            case "ws":
                return ["node", PEERS / "ws_chat.js", port]
            case "centrifuge":
                return [self.centrifuge(), port]
        raise ValueError(name)

    def _globes(self, store, io_threads, port):
        config = self.scratch / "config.json"
        config.write_text(json.dumps({"Store": store, "MessagesPerSecond": 0, "MaxRooms": 0, "IoThreads": io_threads}))
        return [self.build / "globes", "--config", config, "--data", self.scratch / "data", "--address",
                f"127.0.0.1:{port}"]

    @contextlib.contextmanager
    def running(self, name):
        """Starts a new server of that name, yields its process and port, and stops it."""
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
        if "--warmup" not in arguments:
            arguments += f" --warmup {WARMUP_S}"
        return ["taskset", "-c", str(self.core), str(self.program), f"127.0.0.1:{port}", "--protocol", protocol,
                "--duration", str(seconds), *arguments.split()]

    def measure(self, cell, protocol, process, port, result_file):
        """The result of one run of globes-bench; None if it failed."""
        beside = None
        if cell.beside:
            seconds = self.seconds + BESIDE_LEAD_S + BESIDE_TAIL_S
            beside = subprocess.Popen(self.command(protocol, port, cell.beside + " --quiet", seconds))
            time.sleep(BESIDE_LEAD_S)
        try:
            result_file.unlink(missing_ok=True)
            command = self.command(protocol, port, cell.arguments, self.seconds)
            subprocess.run([*command, "--pid", str(process.pid), "--json", str(result_file), "--quiet"], check=False,
                           timeout=LONGEST_RUN_S, preexec_fn=storm.come_first if cell.is_probe else None)
            return json.loads(result_file.read_text()) if result_file.exists() else None
        finally:
            if beside is not None:
                beside.send_signal(signal.SIGTERM)
                beside.wait()


class Results:
    """The results so far, in a file to which every run is added, so that an interrupted measurement can continue."""

    def __init__(self, file, key, goes_on):
        self.file = file
        self.key = key
        self.runs = {}  # cell -> server -> results of globes-bench, one for each round
        if goes_on and file.exists():
            saved = json.loads(file.read_text())
            if saved["key"] == key:
                self.runs = saved["runs"]
            else:
                print("Earlier results have other options or another build: starting again")

    def count(self, cell, server):
        return len(self.runs.get(cell.name, {}).get(server, []))

    def add(self, cell, server, result):
        self.runs.setdefault(cell.name, {}).setdefault(server, []).append(result)
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps({"key": self.key, "runs": self.runs}))
        part.replace(self.file)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only the cells that compare servers, two rounds of 1.5 s")
    parser.add_argument("--resume", action="store_true", help="continue an interrupted measurement")
    parser.add_argument("--rounds", type=int, help="runs of each server in each cell (3; quick: 2); plots have one")
    parser.add_argument("--seconds", type=float, help="measured seconds of each run (2; quick: 1.5)")
    parser.add_argument("--cells", help="only these, separated by commas; plots by name")
    parser.add_argument("--servers", help="only these, separated by commas")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs", help="the folder of benchmarks.md (docs)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 3)
    arguments.seconds = arguments.seconds or (1.5 if arguments.quick else 2)
    return arguments


def chosen_cells(arguments):
    """Each cell with its number of rounds."""
    groups = {cell.name: [(cell, arguments.rounds)] for cell in cells.CELLS}
    groups |= {sweep.name: [(cell, 1) for cell in sweep.cells()] for sweep in cells.SWEEPS}
    names = list(groups)
    if arguments.cells:
        names = arguments.cells.split(",")
        unknown = [name for name in names if name not in groups]
        if unknown:
            sys.exit(f"./dev bench: unknown cell {unknown[0]} (known: {', '.join(groups)})")
    elif arguments.quick:
        names = [cell.name for cell in cells.CELLS if cell.is_quick]
    return [chosen for name in names for chosen in groups[name]]


def run_key(arguments):
    """Results with the same key are comparable: same options, same server."""
    build = hashlib.sha256((arguments.build / "globes").read_bytes()).hexdigest()[:16]
    return f"{arguments.seconds:g} s, cores {arguments.server_core} {arguments.client_core}, build {build}"


def run_once(fleet, client, cell, name, result_file):
    """The result; None if the server or the client failed, after printing the reason."""
    try:
        with fleet.running(name) as (process, port):
            result = client.measure(cell, fleet.protocol(name), process, port, result_file)
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"  {error}", flush=True)
        return None
    if result is None:
        print("  no result", flush=True)
        return None
    shown = (f"{metric.label} {metric.read(result):.{metric.digits}f}"
             for metric in (cells.METRICS[metric] for metric in cell.metrics))
    print("  " + "  ".join(shown) + ("" if result["check"]["sound"] else "  FAULTY"), flush=True)
    return result


def main():
    arguments = parse_arguments()
    build = arguments.build.resolve()
    results_folder = ROOT / "build" / "benchmarks"
    results_folder.mkdir(parents=True, exist_ok=True)
    fleet = Fleet(build, results_folder / "scratch", arguments.server_core)
    client = Client(build, arguments.client_core, arguments.seconds)
    chosen = chosen_cells(arguments)
    wanted = arguments.servers.split(",") if arguments.servers else [*cells.ALL, cells.OURS_ON_TWO]
    servers = []
    for name in wanted:
        if reason := fleet.missing(name):
            print(f"Without {name}: {reason}")
        elif any(name in cell.servers for cell, _ in chosen):
            servers.append(name)
    results = Results(results_folder / "results.json", run_key(arguments), arguments.resume)
    begun = time.monotonic()
    for cell, rounds in chosen:
        for done in range(rounds):
            for name in servers:
                if name not in cell.servers or results.count(cell, name) > done:
                    continue
                print(f"{cell.name:<18} round {done + 1}  {name:<14}", end="", flush=True)
                result = run_once(fleet, client, cell, name, results_folder / "run.json")
                if result is not None:
                    results.add(cell, name, result)
    measured = page.Measured(
        results={cell.name: results.runs[cell.name] for cell, _ in chosen if cell.name in results.runs},
        versions={name: fleet.version(name) for name in servers},
        command="./dev bench" + "".join(" " + argument for argument in command_line()),
        rounds=arguments.rounds,
        seconds=arguments.seconds,
    )
    print(f"Measured for {(time.monotonic() - begun) / 60:.0f} minutes; wrote {page.write(measured, arguments.docs)}")


def command_line():
    """The arguments without those that bench/run.sh adds, and without --resume, which does not affect results."""
    given = [argument for argument in sys.argv[1:] if argument != "--resume"]
    if "--build" in given:
        at = given.index("--build")
        del given[at:at + 2]
    return given


if __name__ == "__main__":
    main()
