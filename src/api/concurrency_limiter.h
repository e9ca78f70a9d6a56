// Limits how many expensive operations run at the same time. Further ones wait in a queue, first in, first out. One
// thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "base/task_boundary.h"

namespace globes::api {

class ConcurrencyLimiter {
    struct State {
        std::size_t free;
        std::deque<std::move_only_function<void()>> waiting;
    };

public:
    /// The right to run one operation. Its destructor starts the next operation. It may outlive the limiter.
    class Permit {
    public:
        explicit Permit(std::weak_ptr<State> state) : state_(std::move(state)) {}
        Permit(Permit&&) noexcept = default;
        Permit& operator=(Permit&&) = delete;
        ~Permit() {
            if (const auto state = state_.lock()) release(*state);
        }

    private:
        std::weak_ptr<State> state_;  // empty once it was moved from
    };

    explicit ConcurrencyLimiter(std::size_t most)
        : state_(std::make_shared<State>(State{.free = most, .waiting = {}})) {}

    /// Calls `begin(permit)` as soon as a permit is free, possibly at once.
    template <class Begin>
    void acquire(Begin begin) {
        auto with_permit = [weak = std::weak_ptr(state_), begin = std::move(begin)]() mutable { begin(Permit(weak)); };
        if (state_->free == 0) return state_->waiting.push_back(std::move(with_permit));
        --state_->free;
        with_permit();
    }

private:
    static void release(State& state) noexcept {
        if (state.waiting.empty()) {
            ++state.free;
            return;
        }
        auto next = std::move(state.waiting.front());
        state.waiting.pop_front();
        run_task(TaskThread::io, next);
    }

    const std::shared_ptr<State> state_;
};

}  // namespace globes::api
