#!/usr/bin/env bash
# run.sh [OPTION…]: measures Globes and its peers in turn on the same core and writes docs/benchmarks.md. Options are those
# of compare.py (`bench/run.sh --help`); this script brings what it needs: the release build, the peers, enough files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Bun's binary is in its package for this platform; its install script would only move it.
if [[ ! -e bench/peers/node_modules/.package-lock.json ||
    bench/peers/package-lock.json -nt bench/peers/node_modules/.package-lock.json ]]; then
    echo "Installing the peers"
    npm --prefix bench/peers ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
    touch bench/peers/node_modules/.package-lock.json
fi
[[ -n ${GLOBES_BENCH_BUILD:-} ]] || scripts/build release globes globes-bench raw-epoll-chat
# A peer in Go, where Go is at hand; without it the run says so and goes on.
if command -v go >/dev/null; then
    mkdir -p build/benchmarks
    (cd bench/peers/centrifuge && go build -o ../../../build/benchmarks/centrifuge-chat .) ||
        echo 'The peer centrifuge could not be built' >&2
fi

# Client and server each hold one file for each connection.
ulimit -n "$(ulimit -Hn)"
export PYTHONDONTWRITEBYTECODE=1
exec python3 bench/compare.py --build "${GLOBES_BENCH_BUILD:-build/release}" "$@"
