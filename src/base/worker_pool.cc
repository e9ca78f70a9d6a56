#include "base/worker_pool.h"

#include <cassert>

namespace globes {

WorkerPool::WorkerPool(std::size_t threads, std::size_t max_queued) : max_queued_(max_queued) {
    assert(threads > 0);
    threads_.reserve(threads);
    while (threads_.size() < threads) threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

bool WorkerPool::try_post(Task task) {
    {
        const MutexLock lock(mutex_);
        if (stopped_ || queue_.size() >= max_queued_) return false;
        queue_.push_back(std::move(task));
    }
    changed_.notify_one();
    return true;
}

void WorkerPool::stop() {
    std::deque<Task> dropped;
    {
        const MutexLock lock(mutex_);
        stopped_ = true;
        dropped.swap(queue_);
    }
    dropped.clear();   // Outside the lock: destroying a task's objects may post again.
    threads_.clear();  // Requests each thread to stop and joins it.
}

void WorkerPool::work(const std::stop_token& stop) {
    MutexLock lock(mutex_);
    while (changed_.wait(lock, stop, [this]() REQUIRES(mutex_) { return !queue_.empty(); })) {
        Task task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        run_task(TaskThread::worker, task);
        task = nullptr;  // Destroys the task's objects before the lock is taken again.
        lock.lock();
    }
}

}  // namespace globes
