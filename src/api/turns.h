// Turns at something costly that many may want at the same moment: a few have one, the others wait in line. Whoever
// wants a further turn stands behind all who wait. One thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "base/task_queue.h"

namespace globes::api {

class Turns {
public:
    explicit Turns(std::size_t most) : free_(most) {}

    /// Calls `begin` when it has a turn, which may be at once. It ends with `give_back`, whoever calls that.
    void take(Task begin) {
        if (free_ == 0) return waiting_.push_back(std::move(begin));
        --free_;
        begin();
    }
    void give_back() {
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
