// What the core waits for after a question to the store. The store answers on a thread of its own, and the answer is
// given on the core thread, exactly once: if something throws on the way, the answer is a failure.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/mailbox.h"
#include "base/task_boundary.h"

namespace globes::chat {

/// Runs tasks on the core thread. Owned by the core. Does not throw. Thread: any.
using CorePost = std::function<void(TaskBatch)>;

/// Thread: any may move, call and destroy it. After the core's end it does nothing.
template <class Value>
class PendingAnswer {
public:
    using Done = std::move_only_function<void(Value)>;

    /// `done`: called on the core thread. `failure`: its argument if this is destroyed before `give` was called.
    PendingAnswer(std::weak_ptr<const CorePost> post, Value failure, Done done)
        : post_(std::move(post)), value_(std::make_shared<Value>(std::move(failure))) {
        // Allocated now, so that no answer is lost for lack of memory.
        task_.add([value = value_, done = std::move(done)]() mutable { done(std::move(*value)); });
    }
    PendingAnswer(PendingAnswer&&) noexcept = default;
    PendingAnswer& operator=(PendingAnswer&&) = delete;
    ~PendingAnswer() { post(); }

    /// A second call does nothing.
    void give(Value value) {
        if (task_.empty()) return;
        *value_ = std::move(value);
        post();
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
    void post() {
        if (task_.empty()) return;
        value_.reset();  // the task alone has it from now on
        if (const auto post = post_.lock()) (*post)(std::exchange(task_, {}));
    }

    std::weak_ptr<const CorePost> post_;
    std::shared_ptr<Value> value_;  // null after a move and after the answer was posted
    TaskBatch task_;                // empty after a move and after the answer was posted
};

}  // namespace globes::chat
