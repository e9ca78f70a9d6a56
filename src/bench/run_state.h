// State shared by the coordinating thread and the workers: the phase of the run, and counters. No locks: each counter
// has one writer, and phases only advance.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bench/options.h"

namespace globes::bench {

/// Monotonic, the same clock for every thread.
inline std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

enum class Phase : std::uint8_t {
    connecting,  ///< Connections are opened, no messages are sent.
    talking,
    draining,  ///< No new messages are sent, messages in flight still arrive.
    stopping,
};

/// Written by one worker, read by the coordinator at any time.
class Counter {
public:
    void add(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

struct Counters {
    Counter opened;  ///< Upgraded connections, without guests.
    Counter failed;  ///< Connections that were not opened.
    Counter published;
    Counter refused;              ///< Sends that the server answered by an error event.
    Counter deliveries;           ///< Messages received, including those of guests.
    Counter resident_deliveries;  ///< By members that stay for the whole run.
    Counter window_published;     ///< Within the measured window, as is the next one.
    Counter window_deliveries;
    Counter window_other_events;  ///< Joins, leaves and other events without a mark.
    Counter guests;               ///< Guests that joined.
    Counter dropped;              ///< Connections that the server closed.
};

struct RunState {
    RunState(const Options& run_options, std::vector<std::string> names)
        : options(run_options), room_names(std::move(names)), published_by_room(room_names.size()) {}

    bool in_window(std::int64_t time_ns) const {
        return time_ns >= window_start_ns.load(std::memory_order_relaxed) &&
               time_ns < window_end_ns.load(std::memory_order_relaxed);
    }

    // Constant after construction.
    const Options& options;
    std::vector<std::string> room_names;  ///< `options.rooms` names, then that of the idle room.

    // Coordinator writes, workers read.
    std::atomic<Phase> phase = Phase::connecting;
    std::atomic<std::int64_t> window_start_ns = std::numeric_limits<std::int64_t>::max();
    std::atomic<std::int64_t> window_end_ns = std::numeric_limits<std::int64_t>::max();

    // Any worker adds.
    std::vector<std::atomic<std::uint64_t>> published_by_room;
};

}  // namespace globes::bench
