#include "base/task_queue.h"

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

void TaskBatch::run() {
    while (first_ != nullptr) {
        const std::unique_ptr<Node> node(std::exchange(first_, first_->next));
        node->task();
    }
    last_ = nullptr;
}

bool TaskQueue::push(TaskBatch batch) {
    if (batch.empty()) return false;
    TaskBatch::Node* oldest = std::exchange(batch.first_, nullptr);
    batch.last_ = nullptr;
    TaskBatch::Node* newest = reversed(oldest);
    TaskBatch::Node* head = head_.load(std::memory_order_relaxed);
    do oldest->next = head;
    while (!head_.compare_exchange_weak(head, newest, std::memory_order_release, std::memory_order_relaxed));
    return head == nullptr;
}

bool TaskQueue::push(Task task) {
    TaskBatch batch;
    batch.add(std::move(task));
    return push(std::move(batch));
}

TaskBatch TaskQueue::take() {
    TaskBatch batch;
    TaskBatch::Node* newest = head_.exchange(nullptr, std::memory_order_acquire);
    batch.first_ = reversed(newest);
    batch.last_ = newest;
    return batch;
}

}  // namespace globes
