// The mailbox between threads: many producers, one consumer, no lock. A post is one allocation and one exchange.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/task_boundary.h"
#include "base/thread_owner.h"

namespace globes {

using Task = std::move_only_function<void()>;

/// A linked batch of tasks, oldest first, built by one thread and pushed as a whole.
class TaskBatch {
public:
    TaskBatch() = default;
    TaskBatch(TaskBatch&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
    TaskBatch& operator=(TaskBatch&& other) noexcept {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
        return *this;
    }
    ~TaskBatch();

    void add(Task task);
    bool empty() const { return first_ == nullptr; }
    /// Runs the tasks in order and frees each as soon as it has run; tasks may not touch this batch. One that throws
    /// does not keep the next ones from running (task_boundary.h).
    void run(TaskThread thread);

private:
    friend class Mailbox;
    struct Node {
        Task task;
        Node* next = nullptr;
    };
    Node* first_ = nullptr;
    Node* last_ = nullptr;
};

/// Order is kept for each producer. `push`, `wake`: any thread. `take`, `wait`: the consumer only, which is the first
/// thread that calls one of them.
class Mailbox {
public:
    Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;
    ~Mailbox() {
        // The destructors of tasks may push.
        while (!take_all().empty()) {
        }
    }

    /// Returns true if the queue was empty: the consumer may be asleep and must be woken by the caller.
    bool push(TaskBatch batch);
    bool push(Task task);
    /// Everything pushed so far, oldest first.
    TaskBatch take();
    /// Blocks until something was pushed. Consumer only; producers wake it through `wake`, after a push.
    void wait();
    void wake();

private:
    TaskBatch take_all();

    [[no_unique_address]] ThreadOwner consumer_;
    // A stack of nodes, newest first: a batch is pushed reversed, `take` reverses all again.
    std::atomic<TaskBatch::Node*> head_ = nullptr;
    std::atomic<std::uint32_t> is_asleep_ = 0;  // the consumer, or about to be
};

}  // namespace globes
