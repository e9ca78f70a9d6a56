// A number that one thread keeps and any thread may look at: counters and gauges for `GET /metrics`. Changing it costs
// a load and a store, no locked instruction, so it may stand on the way of every message.
#pragma once

#include <atomic>
#include <cstdint>

namespace globes {

class Count {
public:
    /// Its own thread only.
    void add(std::uint64_t more = 1) { set(value() + more); }
    void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }

    /// Any thread. Other numbers of the same thread may be newer or older.
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace globes
