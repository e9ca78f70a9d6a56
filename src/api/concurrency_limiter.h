// Limits how many expensive operations of handlers run at the same time. Further ones wait in a queue, first in, first
// out. Owned by the core link. One I/O thread only.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "api/handler.h"
#include "base/task_boundary.h"

namespace globes::api {

class ConcurrencyLimiter {
    struct State {
        std::size_t free;
        std::deque<SuspendedHandler> waiting;
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
        std::weak_ptr<State> state_;  // empty after a move
    };

    /// `most`: the number of permits.
    explicit ConcurrencyLimiter(std::size_t most)
        : state_(std::make_shared<State>(State{.free = most, .waiting = {}})) {}

    class [[nodiscard]] PermitAwaiter {
    public:
        explicit PermitAwaiter(const std::shared_ptr<State>& state) : state_(state) {}

        bool await_ready() const noexcept {
            if (state_->free == 0) return false;
            --state_->free;
            return true;
        }
        void await_suspend(std::coroutine_handle<> handler) noexcept {
            // If the queue cannot grow, the handler is destroyed.
            run_task(TaskThread::io, [&state = *state_, suspended = SuspendedHandler(handler)]() mutable {
                state.waiting.push_back(std::move(suspended));
            });
        }
        Permit await_resume() const { return Permit(state_); }

    private:
        const std::shared_ptr<State>& state_;
    };
    /// `const auto permit = co_await limiter.acquire()` suspends until a permit is free.
    PermitAwaiter acquire() { return PermitAwaiter(state_); }

private:
    static void release(State& state) noexcept {
        if (state.waiting.empty()) {
            ++state.free;
            return;
        }
        SuspendedHandler next = std::move(state.waiting.front());
        state.waiting.pop_front();
        next.resume();
    }

    const std::shared_ptr<State> state_;
};

}  // namespace globes::api
