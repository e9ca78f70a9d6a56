#!/usr/bin/env python3
"""Measures what TLS costs the server: CPU of a delivery and of a handshake, and memory of an idle connection.

Each measurement is made without and with TLS, one after the other, each in a new process on one core, with the load generator on another
one. Prints the table of docs/adr/0015-tls-below-the-fan-out.md.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

from compare import ROOT, free_port, wait_until_listening

# A row: its name, the options of globes-bench, the key of its result for the server, and the number of decimals.
ROWS = (
    ("server CPU of a delivery, 100 members, ten senders with four messages in flight, µs",
     "--rooms 1 --members 100 --senders 10 --window 4 --duration 3", "cpu_us_per_delivery", 2),
    ("the same, one sender with one message in flight, µs",
     "--rooms 1 --members 100 --senders 1 --window 1 --duration 2", "cpu_us_per_delivery", 1),
    ("memory of an idle connection, bytes", "--rooms 0 --idle 3000 --duration 1", "pss_bytes_per_connection", 0),
    ("server CPU of a connection with its handshake (ECDSA P-256), µs", "--rooms 0 --idle 3000 --duration 1", "connect_cpu_us", 0),
)
CONFIG = {"Store": "memory", "MessagesPerSecond": 0, "IoThreads": 1}


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1, as keys of config.json."""
    files = {"TLSCert": str(folder / "cert.pem"), "TLSKey": str(folder / "key.pem")}
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
               "-subj", "/CN=127.0.0.1", "-keyout", files["TLSKey"], "-out", files["TLSCert"]]
    subprocess.run(command, check=True, capture_output=True)
    return files


def run_once(build, options, with_tls, cores, scratch):
    """What globes-bench has measured of the server, as in its --json."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / "config.json").write_text(json.dumps(CONFIG | (make_certificate(scratch) if with_tls else {})))
    port = free_port()
    server_command = ["taskset", "-c", cores[0], build / "globes", "--config", scratch / "config.json", "--data", scratch / "data",
                      "--address", f"127.0.0.1:{port}"]
    with open(scratch / "server.log", "wb") as log:
        server = subprocess.Popen(list(map(str, server_command)), cwd=scratch, stdout=log, stderr=log)
    try:
        wait_until_listening(server, port)
        client_command = ["taskset", "-c", cores[1], build / "globes-bench", *(["--tls"] if with_tls else []), *options.split(),
                          "--pid", server.pid, "--quiet", "--json", scratch / "run.json", f"127.0.0.1:{port}"]
        subprocess.run(list(map(str, client_command)), check=True)
        return json.loads((scratch / "run.json").read_text())["server"]
    finally:
        server.kill()
        server.wait()


def text_of(values, decimals):
    """The range of the rounds: `0.21 to 0.25`, or one number if it is the same in all of them."""
    ends = list(dict.fromkeys(f"{value:,.{decimals}f}" for value in (min(values), max(values))))
    return " to ".join(ends)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench --tls", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="folder of the programs (build/release)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each measurement (3)")
    parser.add_argument("--server-core", default="0")
    parser.add_argument("--client-core", default="1")
    arguments = parser.parse_args()
    build, cores = arguments.build.resolve(), (arguments.server_core, arguments.client_core)
    scratch = ROOT / "build" / "benchmarks" / "tls"
    runs = {}
    for number in range(1, arguments.rounds + 1):
        for options in dict.fromkeys(row[1] for row in ROWS):
            for with_tls in (False, True):
                print(f"round {number}, {'TLS' if with_tls else 'plain'}: {options}", file=sys.stderr, flush=True)
                runs.setdefault((options, with_tls), []).append(run_once(build, options, with_tls, cores, scratch))
    print("| | plain | TLS 1.3 |\n|---|---|---|")
    for name, options, key, decimals in ROWS:
        texts = [text_of([run[key] for run in runs[options, with_tls]], decimals) for with_tls in (False, True)]
        print(f"| {name} | {' | '.join(texts)} |")


if __name__ == "__main__":
    sys.exit(main())
