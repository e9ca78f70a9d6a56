#!/usr/bin/env python3
"""Measures what a server needs when all named members of one large room reconnect, until each has a welcome.

Each member speaks globes.v1, joins with its own name, and then reconnects with its session while its old connection is
still open. Joins are not measured, because each is delivered to all members. The rounds of the servers are interleaved,
each in a new process.
"""

import argparse
import json
import os
import pathlib
import re
import selectors
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.request

from compare import ROOT, free_port, wait_until_listening
from storm import handshake, text_frame

CHUNK = 1 << 20
BIND_ADDRESS_NO_PORT = 24  # Linux
JOINS_AT_ONCE = 250
PORTS_OF_ADDRESS = 4000
PATIENCE_S = 300
ALIVE_S = 10
PONG = b"\x8a\x80\0\0\0\0"
HEAD_BYTES = 4096
SCRAP = bytearray(CHUNK)
SESSION = re.compile(rb'"session":"([0-9a-f]+)"')


def cpu_seconds(pid):
    """CPU time of all threads by the scheduler's accounting."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9


def open_socket(target, number):
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
    client.bind((f"127.0.0.{1 + number // PORTS_OF_ADDRESS % 200}", 0))
    client.connect(target)
    return client


def welcome_end(data):
    """The position after the welcome in the received bytes; 0 if it is incomplete."""
    head = data.find(b"\r\n\r\n") + 4
    if head == 3 or len(data) < head + 10:
        return 0
    if not data.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(bytes(data[:head]).decode())
    length = data[head + 1]
    if length < 126:
        return head + 2 + length
    if length == 126:
        return head + 4 + struct.unpack_from("!H", data, head + 2)[0]
    return head + 10 + struct.unpack_from("!Q", data, head + 2)[0]


class Comer:
    """A connection that waits for its welcome."""

    def __init__(self, member):
        self.member = member
        self.head = bytearray()
        self.received = 0


class Crowd:
    def __init__(self, port, members):
        self.target = ("127.0.0.1", port)
        self.members = members
        self.opened = 0
        self.poll = selectors.EpollSelector()
        self.sockets = []
        self.sessions = []
        self.shown_alive = time.monotonic()

    def online(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.target[1]}/chats?limit=1") as answer:
            return json.load(answer)[0]["online"]

    def _connect(self, query):
        client = open_socket(self.target, self.opened)
        self.opened += 1
        client.sendall(handshake(f"/chats/1/ws{query}", "globes.v1"))
        return client

    def _discard(self, wait_s):
        """Reads available bytes in place; false if there are none yet."""
        events = self.poll.select(wait_s)
        for key, _ in events:
            key.fileobj.recv_into(SCRAP, CHUNK, socket.MSG_TRUNC)
        return bool(events)

    def _show_life(self):
        """Sends an unsolicited pong for each client before the server's ping timeout, because pings are not answered here."""
        if time.monotonic() - self.shown_alive < ALIVE_S:
            return
        for client in self.sockets:
            client.sendall(PONG)
        self.shown_alive = time.monotonic()

    def join(self):
        """All clients connect and join."""
        while len(self.sockets) < self.members:
            batch = []
            for _ in range(min(JOINS_AT_ONCE, self.members - len(self.sockets))):
                client = self._connect("")
                data = bytearray()
                while (end := welcome_end(data)) == 0 or len(data) < end:
                    piece = client.recv(CHUNK)
                    if not piece:
                        raise RuntimeError("the server closed a connection")
                    data += piece
                self.sessions.append(SESSION.search(data[:end]).group(1).decode())
                batch.append(client)
            for number, client in enumerate(batch, len(self.sockets)):
                client.sendall(text_frame(json.dumps({"event_type": "join", "name": f"member {number}"})))
                self.poll.register(client, selectors.EVENT_READ)
            self.sockets += batch
            deadline = time.monotonic() + PATIENCE_S
            while self._discard(0.05) or self.online() < len(self.sockets):
                self._show_life()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.online()} of {len(self.sockets)} have joined")

    def come_back(self, at_once):
        """All clients reconnect, `at_once` at a time. Returns the number of bytes received until all have a welcome."""
        waiting = selectors.EpollSelector()
        total = 0
        next_one = 0
        welcomed = 0
        under_way = 0
        while welcomed < self.members:
            self._show_life()
            while next_one < self.members and under_way < at_once:
                client = self._connect(f"?session={self.sessions[next_one]}")
                waiting.register(client, selectors.EVENT_READ, Comer(next_one))
                next_one += 1
                under_way += 1
            for key, _ in waiting.select():
                comer = key.data
                size = key.fileobj.recv_into(SCRAP, CHUNK)
                if size == 0:
                    raise RuntimeError("the server closed a connection")
                total += size
                comer.received += size
                # Only the HTTP head and the frame's length are parsed.
                if len(comer.head) < HEAD_BYTES:
                    comer.head += SCRAP[:min(size, HEAD_BYTES)]
                end = welcome_end(comer.head)
                if end == 0 or comer.received < end:
                    continue
                member = comer.member
                waiting.unregister(key.fileobj)
                self.poll.unregister(self.sockets[member])
                self.sockets[member].close()
                self.sockets[member] = key.fileobj
                welcomed += 1
                under_way -= 1
        return total


def run_once(binary, arguments, scratch):
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    config = scratch / "config.json"
    config.write_text(json.dumps({"Store": "memory", "MessagesPerSecond": 0, "IoThreads": 1}))
    port = free_port()
    command = ["taskset", "-c", str(arguments.server_core), binary, "--config", config, "--data", scratch / "data",
               "--address", f"127.0.0.1:{port}"]
    with open(scratch / "server.log", "wb") as log:
        server = subprocess.Popen(list(map(str, command)), cwd=scratch, stdout=log, stderr=log)
    try:
        wait_until_listening(server, port)
        crowd = Crowd(port, arguments.members)
        crowd.join()
        cpu = cpu_seconds(server.pid)
        begin = time.monotonic()
        sent = crowd.come_back(arguments.at_once)
        result = {"cpu_s": cpu_seconds(server.pid) - cpu, "sent_mb": sent / 1e6, "wall_s": time.monotonic() - begin}
        peak = next(line for line in pathlib.Path(f"/proc/{server.pid}/status").read_text().splitlines() if "VmHWM" in line)
        result["peak_mb"] = int(peak.split()[1]) / 1e3
        if crowd.online() != arguments.members:
            raise RuntimeError(f"{crowd.online()} members are there in the end")
        return result
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(prog="./dev bench --reconnect", description=__doc__.splitlines()[0])
    parser.add_argument("binaries", nargs="*", type=pathlib.Path, help="servers to compare (build/release/globes)")
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=256, help="connections being opened at once (256)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each server (3)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    arguments = parser.parse_args()
    binaries = [binary.resolve() for binary in arguments.binaries or [ROOT / "build/release/globes"]]
    os.sched_setaffinity(0, {arguments.client_core})
    results = {binary: [] for binary in binaries}
    for number in range(1, arguments.rounds + 1):
        for binary in binaries:
            result = run_once(binary, arguments, ROOT / "build" / "benchmarks" / "reconnect")
            results[binary].append(result)
            print(f"round {number} {binary}: " + "  ".join(f"{name} {value:.2f}" for name, value in result.items()), flush=True)
    for binary, of_binary in results.items():
        medians = {name: statistics.median(result[name] for result in of_binary) for name in of_binary[0]}
        print(f"median {binary}: " + "  ".join(f"{name} {value:.2f}" for name, value in medians.items()))


if __name__ == "__main__":
    sys.exit(main())
