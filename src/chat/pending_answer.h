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

    /// `done`: called on the core thread. `failure`: its argument if this is destroyed before `give` was called.
    PendingAnswer(std::weak_ptr<const CorePost> post, Value failure, Done done)
        : post_(std::move(post)), answer_(std::make_shared<Answer>(std::move(failure), std::move(done))) {}
    PendingAnswer(PendingAnswer&&) noexcept = default;
    PendingAnswer& operator=(PendingAnswer&&) = delete;
    ~PendingAnswer() {
        if (answer_ != nullptr) run_task(TaskThread::store, [this] { post(); });
    }

    /// A second call does nothing.
    void give(Value value) {
        if (answer_ == nullptr) return;
        answer_->value = std::move(value);
        post();
    }

    /// Makes the callback for the store. `convert`, which runs on the store's thread, makes the value from the store's
    /// answer.
    template <class StoreAnswer, class Convert>
    static auto callback(PendingAnswer pending, Convert convert) {
        return [pending = std::move(pending), convert = std::move(convert)](StoreAnswer answer) mutable {
            run_task(TaskThread::store, [&] { pending.give(convert(std::move(answer))); });
        };
    }

private:
    struct Answer {
        Value value;
        Done done;
    };

    /// If it throws, the destructor tries again.
    void post() {
        if (const auto post = post_.lock()) (*post)([answer = answer_] { answer->done(std::move(answer->value)); });
        answer_.reset();
    }

    std::weak_ptr<const CorePost> post_;
    std::shared_ptr<Answer> answer_;  // null after a move and after the answer was posted
};

}  // namespace globes::chat
