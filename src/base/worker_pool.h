// Threads for work that takes too long for an I/O thread or the core (password hashes). Owned by the server; handlers
// post tasks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/asker.h"
#include "base/mailbox.h"
#include "base/mutex.h"
#include "base/round_robin.h"

namespace globes {

/// How many tasks may wait, in addition to those that run.
struct WorkerLimits {
    std::size_t queued = 256;
    std::size_t queued_of_client = 256;
    std::size_t queued_of_network = 256;
};

/// Askers (asker.h) are served round-robin, and the tasks of one in the order of their posts. An exception of a task is
/// logged and counted (task_boundary.h).
class WorkerPool {
public:
    /// `threads` ≥ 1.
    WorkerPool(std::size_t threads, WorkerLimits limits);
    ~WorkerPool() { stop(); }
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False if too many tasks wait, in all or of the asker, or if the pool was stopped: `task` is destroyed without
    /// having run.
    /// Any thread, including tasks; never blocks for longer than another post takes.
    [[nodiscard]] bool try_post(Task task, Asker asker = {});

    /// Waits for the running tasks and drops those that wait: after a stop nothing uses their results, and a full queue
    /// of hashes would delay the shutdown for seconds. The owner only; may be called more than once.
    void stop();

private:
    void work(const std::stop_token& stop);

    // Constant after construction.
    const WorkerLimits limits_;

    // Any thread.
    Mutex mutex_;
    std::condition_variable_any changed_;  // for the stop token
    using Queue = RoundRobin<RoundRobin<Fifo<Task>>>;
    Queue queue_ GUARDED_BY(mutex_);  // by asker
    bool stopped_ GUARDED_BY(mutex_) = false;

    // The owner only. Last, so that the threads end before the members that they use, also if one could not be started.
    std::vector<std::jthread> threads_;
};

}  // namespace globes
