// Limits how many expensive operations of handlers run at the same time. Further ones wait, and askers are served
// round-robin, so that a client with a hundred of them delays others by a few. Owned by the core link. One I/O thread
// only.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "api/handler.h"
#include "base/asker.h"
#include "base/round_robin.h"
#include "base/task_boundary.h"

namespace globes::api {

class ConcurrencyLimiter {
    struct State {
        std::size_t free;
        RoundRobin<RoundRobin<Fifo<SuspendedHandler>>> waiting = {};  // by asker
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
    explicit ConcurrencyLimiter(std::size_t most) : state_(std::make_shared<State>(State{.free = most})) {}

    class [[nodiscard]] PermitAwaiter {
    public:
        PermitAwaiter(const std::shared_ptr<State>& state, Asker asker) : state_(state), asker_(asker) {}

        bool await_ready() const noexcept {
            if (state_->free == 0) return false;
            --state_->free;
            return true;
        }
        void await_suspend(std::coroutine_handle<> handler) noexcept {
            // If the queue cannot grow, the handler is destroyed.
            run_task(TaskThread::io,
                     [&state = *state_, asker = asker_, suspended = SuspendedHandler(handler)]() mutable {
                         state.waiting.push(std::move(suspended), asker.network, asker.client);
                     });
        }
        Permit await_resume() const { return Permit(state_); }

    private:
        const std::shared_ptr<State>& state_;
        const Asker asker_;
    };
    /// `const auto permit = co_await limiter.acquire(asker)` suspends until a permit is free.
    PermitAwaiter acquire(Asker asker) { return {state_, asker}; }

private:
    static void release(State& state) noexcept {
        if (state.waiting.empty()) {
            ++state.free;
            return;
        }
        SuspendedHandler next = state.waiting.pop();
        next.resume();
    }

    const std::shared_ptr<State> state_;
};

}  // namespace globes::api
