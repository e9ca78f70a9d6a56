// Selects which lines are logged, so that clients cannot flood the log: each key once in an interval, and at most so
// many keys in an interval. Thread: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/keyed_hash.h"
#include "base/mutex.h"

namespace globes {

class LogOnce {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// `most`: keys that are logged in an interval.
    LogOnce(std::chrono::seconds interval, std::size_t most) : interval_(interval), most_(most) {}

    /// Whether to log the line of this key now. False for one that was logged within the interval, and for all while
    /// `most` were.
    bool note(std::string_view key, Time now);

private:
    const std::chrono::seconds interval_;
    const std::size_t most_;

    Mutex mutex_;
    // When a key may be logged again.
    std::unordered_map<std::string, Time, KeyedHash, std::equal_to<>> until_ GUARDED_BY(mutex_);
    Time first_end_ GUARDED_BY(mutex_) = Time::max();  // of `until_`
};

}  // namespace globes
