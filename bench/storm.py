#!/usr/bin/env python3
"""storm.py probe|crowd …: the two clients of the storm in bench/reliability.py; each prints JSON.

`probe`: members of two rooms, in each of which one of them talks, and how late everyone gets what it says.
`crowd`: many clients that resume at the same moment, and how long until the last has caught up.
"""

import argparse
import base64
import contextlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time

CHUNK = 262_144
# The text before the due time in a message of the probe.
MARK = b'"msg":"due '


def handshake(path, protocols=""):
    offered = f"Sec-WebSocket-Protocol: {protocols}\r\n" if protocols else ""
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{offered}\r\n").encode()


def text_frame(text):
    """A frame of up to 65,535 bytes, masked with zeros."""
    payload = text.encode()
    length = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
    return b"\x81" + length + b"\0\0\0\0" + payload


class Member:
    """A member of a probe's room. Messages are `due <ns>`; `late` collects (due, delay in ns) of each received one."""

    def __init__(self, target, room):
        self.socket = socket.create_connection(target)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(handshake(f"/chats/{room}/ws"))
        self.rest = b""
        self.late = []

    def say(self, due):
        event = {"event_type": "send", "name": "probe", "msg": f"due {due}", "id": f"probe-{due}"}
        self.socket.sendall(text_frame(json.dumps(event)))

    def read(self):
        now = time.monotonic_ns()
        data = self.rest + self.socket.recv(CHUNK)
        parts = data.split(MARK)
        for part in parts[1:-1]:
            self._take(part, now)
        tail = parts[-1]
        if len(parts) > 1 and b'"' not in tail:
            self.rest = MARK + tail
            return
        if len(parts) > 1:
            self._take(tail, now)
            tail = tail[tail.index(b'"'):]
        self.rest = tail[-len(MARK):]

    def _take(self, part, now):
        due = int(part[:part.index(b'"')])
        self.late.append((due, now - due))


def come_first():
    """Real-time priority, so that waiting for the core does not add to the measured delays."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def probe(arguments):
    """Runs until SIGTERM. Prints, for each room, every (due, late) in nanoseconds of the machine's monotonic clock."""
    come_first()
    is_over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: is_over.set())
    target = (arguments.host, arguments.port)
    rooms = {room: [Member(target, room) for _ in range(arguments.members)] for room in arguments.rooms}
    selector = selectors.DefaultSelector()
    for members in rooms.values():
        for member in members:
            selector.register(member.socket, selectors.EVENT_READ, member)
    interval = int(1e9 / arguments.rate)
    due = time.monotonic_ns() + interval
    while not is_over.is_set():
        while due <= time.monotonic_ns():
            for members in rooms.values():
                members[0].say(due)
            due += interval
        for key, _ in selector.select(max(0, due - time.monotonic_ns()) / 1e9):
            key.data.read()
    print(json.dumps({room: [sample for member in members for sample in member.late] for room, members in rooms.items()}))


def crowd(arguments):
    """All clients connect at once and read until they have received `last`; then it prints, and they stay until stdin ends."""
    target = (arguments.host, arguments.port)
    # With the id, because the welcome also contains the newest seq.
    end_mark = f'"seq":{arguments.last},"id"'.encode()
    request = handshake(f"/chats/{arguments.room}/ws?after={arguments.after}", "globes.v1")
    selector = selectors.DefaultSelector()
    begin = time.monotonic_ns()
    for _ in range(arguments.clients):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(target)
        selector.register(client, selectors.EVENT_WRITE, b"")
    reading = arguments.clients
    lost = 0
    took = []
    while reading:
        for key, mask in selector.select():
            client = key.fileobj
            try:
                if mask & selectors.EVENT_WRITE:
                    client.send(request)
                    selector.modify(client, selectors.EVENT_READ, b"")
                    continue
                data = client.recv(CHUNK)
            except OSError:
                data = b""
            if key.data is None:
                continue  # has caught up
            seen = key.data + data
            if data and end_mark not in seen:
                # Enough to find the mark if it arrives in two parts.
                selector.modify(client, selectors.EVENT_READ, seen[-len(end_mark):])
                continue
            lost += not data
            took.append(time.monotonic_ns() - begin)
            reading -= 1
            if data:
                selector.modify(client, selectors.EVENT_READ, None)
            else:
                selector.unregister(client)
    print(json.dumps({"begin": begin, "end": time.monotonic_ns(), "lost": lost, "slowest_ns": max(took)}), flush=True)
    selector.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return
            if not key.fileobj.recv(CHUNK):
                selector.unregister(key.fileobj)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("probe")
    command.set_defaults(run=probe)
    command.add_argument("--rooms", type=int, nargs="+", required=True)
    command.add_argument("--members", type=int, default=50)
    command.add_argument("--rate", type=float, default=10, help="messages a second in each room")
    command = commands.add_parser("crowd")
    command.set_defaults(run=crowd)
    command.add_argument("--room", type=int, required=True)
    command.add_argument("--clients", type=int, required=True)
    command.add_argument("--after", type=int, required=True)
    command.add_argument("--last", type=int, required=True)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
