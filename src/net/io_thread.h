// A thread that owns connections: an Asio loop for accepts, HTTP, timers and signals; the hub of the WebSocket
// sessions, whose epoll set is a descriptor in that loop; and the mailbox of the thread. It blocks in its loop only.
//
// A loop iteration runs Asio's ready handlers, reads every readable socket, runs the mailbox, and fans out. Before and
// after the fan-out it calls `flush`, which sends to other threads what the iteration has gathered for them. Under
// load, batches grow and queues do not. An exception in any of these steps is logged and counted
// (base/task_boundary.h).
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "base/thread_owner.h"
#include "net/ws_hub.h"

namespace globes::net {

class IoThread {
public:
    IoThread(unsigned number, const WsSettings& settings);
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    /// Starts the thread. It calls `flush` at least once in every loop iteration, to send to other threads what was
    /// gathered for them.
    void start(std::function<void()> flush);
    /// Ends the loop after the current iteration and joins. Tasks that are still queued do not run.
    /// Thread: any but this one.
    void stop();

    unsigned number() const { return number_; }
    boost::asio::io_context& context() { return context_; }
    /// Runs the tasks of `batch` on this thread, in order, in the next iteration before its fan-out. Thread: any.
    void post(TaskBatch batch);
    /// Runs `task` as above. Thread: any.
    void post(Task task);
    /// Runs the posted tasks on the calling thread, which drives the loop itself instead of `start`. Returns false if
    /// there were none. For tests without threads.
    bool run_posted();

    /// This thread, for assertions; no thread after `stop`. Thread: any.
    const ThreadOwner& thread() const { return this_thread_; }

    // This thread only, once it was started.
    WsHub& hub() {
        GLOBES_ASSERT_ON(this_thread_);
        return hub_;
    }
    /// A buffer for one read, shared by all connections of the thread. Its content is consumed before the next read.
    std::span<char> read_buffer() { return read_buffer_; }
    /// Runs `task` here after `time`; drops it if the thread ends before. This thread only.
    void run_after(std::chrono::milliseconds time, Task task);
    /// Reports how long a handler has taken. The first handler after the loop has waited is not measured otherwise.
    void note_busy(std::chrono::steady_clock::duration took);

    /// The counters of the hub. Thread: any.
    const WsCounts& counts() const { return hub_.counts(); }
    /// The duration of the longest loop iteration, in microseconds: a ready socket may have waited that long.
    /// Thread: any.
    std::int64_t longest_iteration_us() const { return longest_iteration_us_.load(std::memory_order_relaxed); }

private:
    void run();
    bool poll_handler();
    void wake();
    void watch_hub();
    void watch_mailbox();
    void tick();
    Tick current_tick() const;
    void schedule(std::chrono::steady_clock::time_point fan_out_at);

    const unsigned number_;
    [[no_unique_address]] ThreadOwner this_thread_;
    boost::asio::io_context context_;
    WsHub hub_;
    boost::asio::posix::stream_descriptor hub_descriptor_;
    boost::asio::posix::stream_descriptor mailbox_descriptor_;  // an eventfd
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer fan_out_timer_;
    std::function<void()> flush_;
    std::vector<char> read_buffer_;
    const std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point fan_out_timer_at_ = std::chrono::steady_clock::time_point::max();
    bool hub_ready_ = false;
    bool fan_out_now_ = false;

    Mailbox mailbox_;  // any thread pushes
    std::atomic<bool> stopping_ = false;
    std::atomic<std::int64_t> longest_iteration_us_ = 0;
    std::thread thread_;
};

}  // namespace globes::net
