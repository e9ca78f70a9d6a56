// What the core waits for after a question to the store. The store answers on a thread of its own, and the answer is
// given on the core thread, exactly once: if something throws on the way, the answer is a failure.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/mailbox.h"
#include "base/task_boundary.h"

namespace globes::chat {

/// Runs a task on the core thread. Owned by the core. Thread: any.
using CorePost = std::function<void(Task)>;

/// Thread: any may move, call and destroy it. After the core's end it does nothing.
template <class Value>
class PendingAnswer {
public:
    using Done = std::move_only_function<void(Value)>;

    /// `done`: called on the core thread. `failure`: its argument if this is destroyed
    /// before `give` was called.
    PendingAnswer(std::weak_ptr<const CorePost> post, Value failure, Done done)
        : post_(std::move(post)), failure_(std::move(failure)), done_(std::move(done)) {}
    PendingAnswer(PendingAnswer&&) noexcept = default;
    PendingAnswer& operator=(PendingAnswer&&) = delete;
    ~PendingAnswer() {
        run_task(TaskThread::store, [this] { give(std::move(failure_)); });
    }

    /// A second call does nothing.
    void give(Value value) {
        if (const auto post = std::exchange(post_, {}).lock())
            (*post)([done = std::move(done_), value = std::move(value)]() mutable { done(std::move(value)); });
    }

    /// Makes the callback for the store. `convert`, which runs on the store's thread, makes the value from the store's
    /// answer.
    template <class Answer, class Convert>
    static auto callback(PendingAnswer pending, Convert convert) {
        return [pending = std::move(pending), convert = std::move(convert)](Answer answer) mutable {
            run_task(TaskThread::store, [&] { pending.give(convert(std::move(answer))); });
        };
    }

private:
    std::weak_ptr<const CorePost> post_;  // empty after a move and a call
    Value failure_;
    Done done_;
};

}  // namespace globes::chat
