#!/usr/bin/env bash
# run.sh [--reliability|--page|--reconnect|--tls] [OPTION…]: measures Globes and its peers one after another on the same core
# and writes docs/benchmarks.md; or measures the cost of durability for docs/reliability.md, or the page in a browser for
# docs/page.md; or prints the cost of a reconnect of all members of a large room, or that of TLS. The options are those of
# compare.py, reliability.py, lighthouse/measure.js, reconnect.py or tls.py (`bench/run.sh --help`,
# `bench/run.sh --reliability --help`).
# Prepares the release build, the peers, Lighthouse and the limit of open files. With GLOBES_BENCH_BUILD=FOLDER it
# measures the programs there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Client and server each need one file descriptor for each connection.
ulimit -n "$(ulimit -Hn)"
export PYTHONDONTWRITEBYTECODE=1
readonly build=${GLOBES_BENCH_BUILD:-build/release}

# prepare COMMAND…: runs it, unless only the help is wanted.
prepare() {
    [[ $wants_help == true ]] || "$@"
}
wants_help=false
for argument; do
    [[ $argument == --help || $argument == -h ]] && wants_help=true
done
build_programs() {
    [[ -n ${GLOBES_BENCH_BUILD:-} ]] || scripts/build release "$@"
}

if [[ ${1:-} == --reliability ]]; then
    prepare build_programs globes globes-bench
    exec python3 bench/reliability.py --build "$build" "${@:2}"
fi

if [[ ${1:-} == --reconnect ]]; then
    prepare build_programs globes
    exec python3 bench/reconnect.py "${@:2}"
fi

if [[ ${1:-} == --tls ]]; then
    prepare build_programs globes globes-bench
    exec python3 bench/tls.py --build "$build" "${@:2}"
fi

if [[ ${1:-} == --page ]]; then
    scripts/install-node-modules bench/lighthouse
    prepare build_programs globes
    exec node bench/lighthouse/measure.js --build "$build" "${@:2}"
fi

prepare_peers() {
    # Bun's binary is in its package for this platform; its install script only moves it.
    if [[ ! -e bench/peers/node_modules/.package-lock.json ||
        bench/peers/package-lock.json -nt bench/peers/node_modules/.package-lock.json ]]; then
        echo "Installing the peers"
        npm --prefix bench/peers ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
        touch bench/peers/node_modules/.package-lock.json
    fi
    build_programs globes globes-bench raw-epoll-chat
    # A peer in Go, if Go is installed; otherwise the measurement reports that and continues without it.
    if command -v go >/dev/null; then
        mkdir -p build/benchmarks
        (cd bench/peers/centrifuge && go build -o ../../../build/benchmarks/centrifuge-chat .) ||
            echo 'The peer centrifuge could not be built' >&2
    fi
}
prepare prepare_peers

exec python3 bench/compare.py --build "$build" "$@"
