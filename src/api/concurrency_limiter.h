// Limits how many expensive operations run at the same time. Further ones wait in a queue, first in, first out. One
// thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "base/mailbox.h"

namespace globes::api {

class ConcurrencyLimiter {
public:
    explicit ConcurrencyLimiter(std::size_t most) : free_(most) {}

    /// Calls `begin` when one of the places is free, which may be at once. `release` frees the place.
    void acquire(Task begin) {
        if (free_ == 0) return waiting_.push_back(std::move(begin));
        --free_;
        begin();
    }
    void release() {
        if (waiting_.empty()) {
            ++free_;
            return;
        }
        Task next = std::move(waiting_.front());
        waiting_.pop_front();
        next();
    }

private:
    std::size_t free_;
    std::deque<Task> waiting_;
};

}  // namespace globes::api
