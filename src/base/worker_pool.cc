#include "base/worker_pool.h"

#include <cassert>
#include <utility>

namespace globes {

WorkerPool::WorkerPool(std::size_t threads, WorkerLimits limits) : limits_(limits) {
    assert(threads > 0);
    threads_.reserve(threads);
    while (threads_.size() < threads) threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

bool WorkerPool::try_post(Task task, Asker asker) {
    {
        const MutexLock lock(mutex_);
        const auto& [network, client] = asker;
        const bool is_full = queue_.size() >= limits_.queued || queue_.size_of(network) >= limits_.queued_of_network ||
                             queue_.size_of(network, client) >= limits_.queued_of_client;
        if (stopped_ || is_full) return false;
        queue_.push(std::move(task), network, client);
    }
    changed_.notify_one();
    return true;
}

void WorkerPool::stop() {
    {
        Queue dropped;  // destroyed outside the lock: destroying a task's objects may post again
        const MutexLock lock(mutex_);
        stopped_ = true;
        std::swap(dropped, queue_);
    }
    threads_.clear();  // Requests each thread to stop and joins it.
}

void WorkerPool::work(const std::stop_token& stop) {
    MutexLock lock(mutex_);
    while (changed_.wait(lock, stop, [this]() REQUIRES(mutex_) { return !queue_.empty(); })) {
        Task task = queue_.pop();
        lock.unlock();
        run_task(TaskThread::worker, task);
        task = nullptr;  // Destroys the task's objects before the lock is taken again.
        lock.lock();
    }
}

}  // namespace globes
