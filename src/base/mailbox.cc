#include "base/mailbox.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace globes {
namespace {

template <class Node>
Node* reversed(Node* node) {
    Node* done = nullptr;
    while (node != nullptr) {
        Node* next = std::exchange(node->next, done);
        done = std::exchange(node, next);
    }
    return done;
}

}  // namespace

TaskBatch::~TaskBatch() {
    while (first_ != nullptr) delete std::exchange(first_, first_->next);
}

void TaskBatch::add(Task task) {
    auto* node = new Node{std::move(task)};
    (last_ == nullptr ? first_ : last_->next) = node;
    last_ = node;
}

void TaskBatch::run(TaskThread thread) {
    while (first_ != nullptr) {
        const std::unique_ptr<Node> node(std::exchange(first_, first_->next));
        run_task(thread, node->task);
    }
    last_ = nullptr;
}

bool Mailbox::push(TaskBatch batch) {
    if (batch.empty()) return false;
    TaskBatch::Node* oldest = std::exchange(batch.first_, nullptr);
    batch.last_ = nullptr;
    TaskBatch::Node* newest = reversed(oldest);
    TaskBatch::Node* head = head_.load(std::memory_order_relaxed);
    do oldest->next = head;
    while (!head_.compare_exchange_weak(head, newest, std::memory_order_seq_cst, std::memory_order_relaxed));
    return head == nullptr;
}

bool Mailbox::push(Task task) {
    TaskBatch batch;
    batch.add(std::move(task));
    return push(std::move(batch));
}

TaskBatch Mailbox::take() {
    GLOBES_ASSERT_ON(consumer_);
    return take_all();
}

TaskBatch Mailbox::take_all() {
    TaskBatch batch;
    TaskBatch::Node* newest = head_.exchange(nullptr, std::memory_order_acquire);
    batch.first_ = reversed(newest);
    batch.last_ = newest;
    return batch;
}

// Not std::atomic::wait: before it sleeps it yields the processor several times, and its wake-up is a system call even
// if no thread sleeps. Either the consumer sees the push before it sleeps, or the producer sees that it sleeps: the
// atomic store of `is_asleep_` and the push are both sequentially consistent, and so are the loads after them.
void Mailbox::wait() {
    GLOBES_ASSERT_ON(consumer_);
    while (head_.load(std::memory_order_acquire) == nullptr) {
        is_asleep_.store(1, std::memory_order_seq_cst);
        if (head_.load(std::memory_order_seq_cst) == nullptr)
            ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&is_asleep_), FUTEX_WAIT_PRIVATE, 1, nullptr);
        is_asleep_.store(0, std::memory_order_relaxed);
    }
}

void Mailbox::wake() {
    if (is_asleep_.load(std::memory_order_seq_cst) == 0 || is_asleep_.exchange(0) == 0) return;
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&is_asleep_), FUTEX_WAKE_PRIVATE, 1);
}

}  // namespace globes
