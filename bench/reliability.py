#!/usr/bin/env python3
"""Measures the cost of durability and the time of a restart, and writes the tables of docs/reliability.md.

The server has one core and the clients have the other. Each table describes its measurement.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time

import message_store
import reliability_page
import storm
from compare import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent
STOP_S = 20
READY_S = 60
PAGE = 50


class Globes:
    """A server with a data folder that is kept between its starts."""

    def __init__(self, build, data, core, config=None):
        self.build = build
        self.data = data
        self.core = core
        self.config = {"MessagesPerSecond": 0, **(config or {})}
        self.process = None
        self.port = 0

    def start(self):
        """Returns the seconds from the start of the process to the first `GET /ready` with 200."""
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "config.json").write_text(json.dumps(self.config))
        self.port = free_port()
        command = ["taskset", "-c", str(self.core), self.build / "globes", "--config", self.data / "config.json",
                   "--data", self.data, "--address", f"127.0.0.1:{self.port}"]
        begin = time.monotonic()
        with open(self.data / "server.log", "ab") as log:
            self.process = subprocess.Popen([*map(str, command)], cwd=self.data, stdout=log, stderr=log)
        while time.monotonic() < begin + READY_S:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get("/ready").status == 200:
                    return time.monotonic() - begin
            if self.process.poll() is not None:
                break
            time.sleep(0.001)
        raise RuntimeError(f"{self.data}: the server is not ready; see its server.log")

    def stop(self):
        self.process.terminate()
        self.process.wait(STOP_S)

    def kill(self):
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def running(self):
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def get(self, path, connection=None):
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        own.request("GET", path)
        response = own.getresponse()
        response.body = response.read()
        return response

    def cpu_ns(self):
        """The CPU time of all threads so far, from the scheduler."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total


class Bench:
    def __init__(self, arguments):
        self.build = arguments.build.resolve()
        self.work = ROOT / "build" / "benchmarks" / "reliability"
        self.server_core = arguments.server_core
        self.client_core = arguments.client_core
        self.sizes = [1_000, arguments.middle, arguments.large]
        self.clients = arguments.clients
        self.rounds = arguments.rounds
        self.seconds = arguments.seconds

    def globes(self, name, config=None):
        return Globes(self.build, self.work / name, self.server_core, config)

    def store(self, count):
        """A store with that many messages in the public room; created once for all measurements."""
        server = self.globes(f"messages-{count}")
        if not (server.data / "filled").exists():
            shutil.rmtree(server.data, ignore_errors=True)
            with server.running():
                pass
            print(f"Filling a store with {count:,} messages", flush=True)
            message_store.fill(server.data / "globes.db", count)
            (server.data / "filled").touch()
        return server

    def client(self, command):
        return subprocess.run(["taskset", "-c", str(self.client_core), *map(str, command)], check=True,
                              input="", capture_output=True, text=True).stdout

    def load(self, server, options, seconds):
        """The result of globes-bench."""
        result = self.work / "run.json"
        subprocess.run(["taskset", "-c", str(self.client_core), str(self.build / "globes-bench"),
                        f"127.0.0.1:{server.port}", "--pid", str(server.process.pid), "--duration", str(seconds),
                        "--json", str(result), "--quiet", *options.split()], check=True)
        return json.loads(result.read_text())

    def starts(self, server):
        """Seconds until ready, and server CPU until then: after a normal stop, and after kill -9 during traffic."""
        found = {"orderly": [], "killed": []}
        for _ in range(self.rounds):
            found["orderly"].append((server.start(), server.cpu_ns() / 1e9))
            self.load(server, "--rooms 10 --members 1 --window 4 --warmup 0", 1)
            server.kill()
            found["killed"].append((server.start(), server.cpu_ns() / 1e9))
            server.stop()
        return found

    def page_cpu(self, server, places, limit):
        """Server CPU, in ns, of a page at each of `places`, as median and maximum."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        took = []
        for place in places:
            before = server.cpu_ns()
            response = server.get(f"/chats/{message_store.ROOM}/events?after={place}&limit={limit}", connection)
            assert response.status == 200 and json.loads(response.body)["events"][0]["seq"] == place + 1
            took.append(server.cpu_ns() - before)
        return {"median": statistics.median(took), "largest": max(took)}

    def pages(self, server, count):
        with server.running():
            found = {}
            for name, first in (("early", 1_000), ("late", count - 300 * PAGE)):
                for limit in (PAGE, 1000):
                    places = [first + index * PAGE for index in range(300 - 1000 // PAGE)]
                    found[f"{name}-{limit}"] = self.page_cpu(server, places, limit)
            return found

    def resumes(self, server, count):
        """Milliseconds from connecting to the last of 300 missed messages: right after a start, and repeatedly."""
        first, warm = [], []
        for _ in range(self.rounds):
            with server.running():
                for earlier in range(50):
                    took = json.loads(self.client(self._crowd(server, 1, count)))["slowest_ns"] / 1e6
                    (warm if earlier else first).append(took)
        return {"first": first, "warm": warm}

    def _storm_client(self, server, *arguments):
        return [sys.executable, storm.__file__, "127.0.0.1", server.port, *arguments]

    def _crowd(self, server, clients, count):
        return self._storm_client(server, "crowd", "--room", message_store.ROOM, "--clients", clients, "--after", count - 300,
                                  "--last", count)

    def storm(self, server, count):
        """The delays of other members before, while and after a crowd resumes; right after a start."""
        with server.running(), contextlib.ExitStack() as ending:
            rooms = {"same": message_store.ROOM, "other": json.loads(self._post_room(server))["id"]}
            probe = self._beside(ending, 0, self._storm_client(server, "probe", "--rooms", *rooms.values()))
            time.sleep(self.seconds)
            # The crowd shares a core with the probe, which must not wait for it.
            crowd = self._beside(ending, 19, self._crowd(server, self.clients, count))
            caught_up = json.loads(crowd.stdout.readline())
            time.sleep(self.seconds)
            probe.terminate()
            samples = json.loads(probe.communicate()[0])
        begin, end = caught_up["begin"], caught_up["end"]
        result = {"lost": caught_up["lost"], "seconds": (end - begin) / 1e9}
        for name, room in rooms.items():
            parts = {"before": (0, begin), "storm": (begin, end), "after": (end, time.monotonic_ns())}
            result[name] = {part: percentile([late for due, late in samples[str(room)] if first <= due < last], 99) / 1e6
                            for part, (first, last) in parts.items()}
        return result

    def _beside(self, ending, niceness, command):
        process = subprocess.Popen(["taskset", "-c", str(self.client_core), "nice", "-n", str(niceness), *map(str, command)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ending.enter_context(process)
        ending.callback(process.terminate)
        return process

    def _post_room(self, server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/chats", json.dumps({"title": f"Others at {time.time_ns()}", "visibility": "public"}))
        return connection.getresponse().read()

    def durability(self, level, options):
        runs = []
        for _ in range(self.rounds):
            server = self.globes(f"durability-{level}", {"Durability": level})
            shutil.rmtree(server.data, ignore_errors=True)
            with server.running():
                runs.append(self.load(server, options, self.seconds))
        return runs


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def measure(bench):
    small, middle, large = (bench.store(count) for count in bench.sizes)
    results = {"sizes": bench.sizes, "clients": bench.clients, "rounds": bench.rounds, "seconds": bench.seconds}

    def part(name, measure_it):
        print(f"{name} …", flush=True)
        results[name] = measure_it()
        print("  " + json.dumps(results[name])[:400], flush=True)

    part("starts", lambda: {count: bench.starts(server) for count, server in zip(bench.sizes, (small, middle, large))})
    part("pages", lambda: bench.pages(large, bench.sizes[2]))
    part("resumes", lambda: bench.resumes(large, bench.sizes[2]))
    part("storm", lambda: [bench.storm(middle, bench.sizes[1]) for _ in range(bench.rounds)])
    part("durability", lambda: {scene.name: {level: bench.durability(level, scene.options) for level in ("process", "power")}
                                for scene in reliability_page.DURABILITY_SCENES})
    return results


def main():
    parser = argparse.ArgumentParser(prog="bench/run.sh --reliability", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement (5)")
    parser.add_argument("--seconds", type=float, default=5, help="length of what is measured under load (5)")
    parser.add_argument("--middle", type=int, default=1_000_000, help="messages of the store that is killed and stormed")
    parser.add_argument("--large", type=int, default=10_000_000, help="messages of the largest room")
    parser.add_argument("--clients", type=int, default=5_000, help="clients that resume at once (5,000)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs", help="where reliability.md is (docs)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    bench = Bench(arguments)
    results = measure(bench)
    results["command"] = "./dev bench --reliability" + "".join(
        f" {name} {value}" for name, value in zip(sys.argv[1::2], sys.argv[2::2]) if name != "--build")
    (bench.work / "results.json").write_text(json.dumps(results))
    print("Wrote", reliability_page.write(results, arguments.docs))


if __name__ == "__main__":
    main()
