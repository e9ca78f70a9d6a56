// The thread that the core lives on, and its inbox. Owned by main.
#pragma once

#include <atomic>
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

    /// `end_batch` is called on the thread after each batch of tasks. Exceptions are logged and counted
    /// (task_boundary.h).
    void start(std::function<void()> end_batch);
    /// Runs what was posted before, then ends and joins. Not from the thread itself.
    void stop();

    /// Any thread.
    void post(Task task);
    void post(TaskBatch batch);

    /// Commands of which clients can send without end are counted: `reserve` is false where `bytes` more would exceed
    /// kQueuedEventBytes; what was reserved is released when it is run. Any thread.
    bool reserve(std::size_t bytes);
    void release(std::size_t bytes) { queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
    static constexpr std::size_t kQueuedEventBytes = std::size_t{64} << 20;

    /// The longest time between two looks into the inbox so far, in microseconds. Any thread.
    std::int64_t longest_pause_us() const { return longest_pause_us_.load(std::memory_order_relaxed); }

private:
    void run();

    std::function<void()> end_batch_;
    Mailbox mailbox_;
    std::atomic<std::size_t> queued_bytes_ = 0;
    std::atomic<std::int64_t> longest_pause_us_ = 0;
    bool stopping_ = false;  // the thread's own
    std::thread thread_;
};

}  // namespace globes::chat
