// The core thread and its mailbox. Owned by the server.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/mailbox.h"

namespace globes::chat {

class CoreThread {
public:
    CoreThread() = default;
    ~CoreThread() { stop(); }
    CoreThread(const CoreThread&) = delete;
    CoreThread& operator=(const CoreThread&) = delete;

    /// Starts the thread, once. It runs the posted tasks in batches and calls `end_batch` after each batch. Exceptions
    /// of both are logged and counted (base/task_boundary.h).
    void start(std::function<void()> end_batch);
    /// Runs the tasks that were posted before, then ends and joins the thread. Thread: any but the core thread.
    void stop();

    /// Runs tasks on the core thread, in the order of each thread that posts. Thread: any.
    void post(Task task);
    void post(TaskBatch batch);
    /// Runs the posted tasks on the calling thread, which is the core thread instead of `start`. Returns false if there
    /// were none. For tests without threads.
    bool run_posted();

    /// Limits the memory of tasks that clients cause and that have not run yet. Returns false if `bytes` more would
    /// exceed kQueuedEventBytes; otherwise the caller posts a task that calls `release` with the same number.
    /// Thread: any.
    bool reserve(std::size_t bytes);
    void release(std::size_t bytes) {
        [[maybe_unused]] const std::size_t reserved = queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
        assert(bytes <= reserved);
    }
    static constexpr std::size_t kQueuedEventBytes = std::size_t{64} << 20;

    /// The duration of the longest batch so far, `end_batch` included, in microseconds. Thread: any.
    std::int64_t longest_pause_us() const { return longest_pause_us_.load(std::memory_order_relaxed); }

private:
    void run();

    std::function<void()> end_batch_;
    Mailbox mailbox_;
    std::atomic<std::size_t> queued_bytes_ = 0;
    std::atomic<std::int64_t> longest_pause_us_ = 0;
    bool stopping_ = false;  // the core thread only
    std::thread thread_;
};

}  // namespace globes::chat
