// A number that one thread writes and any thread may read: counters and gauges for `GET /metrics`. A change costs a
// load and a store without a locked instruction, so it is cheap enough for every message.
#pragma once

#include <atomic>
#include <cstdint>

namespace globes {

class Count {
public:
    /// The writing thread only.
    void add(std::uint64_t more = 1) { set(value() + more); }
    void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }

    /// Any thread. Other numbers of the same thread may be newer or older.
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace globes
