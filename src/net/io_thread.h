// One thread that owns connections: an Asio loop for accepting, HTTP, timers and signals, the hub of upgraded sockets
// hung into it, and a mailbox for what other threads have to say. It never blocks but in its loop.
//
// A pass: Asio's ready handlers, every readable socket, the mailbox, a slice of sweeps; before and after it
// `flush`, which hands on to other threads whatever the pass has gathered. So under load batches grow instead of
// queues.
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

    /// `flush` is called on this thread, at least once a pass, to give other threads what was gathered for them.
    void start(std::function<void()> flush);
    /// Any thread but this one. Ends the loop after the pass under way and joins; what is still queued is dropped.
    void stop();

    unsigned number() const { return number_; }
    boost::asio::io_context& context() { return context_; }
    /// Any thread: run `batch` here, in order, before the feeds are swept.
    void post(TaskBatch batch);
    void post(Task task);

    // This thread only, once it was started.
    WsHub& hub() {
        GLOBES_ASSERT_ON(this_thread_);
        return hub_;
    }
    /// Shared by all connections for what is read and used up at once.
    std::span<char> read_buffer() { return read_buffer_; }
    /// Tells how long a handler has taken: where it ended the waiting, the pass alone would not see it.
    void note_busy(std::chrono::steady_clock::duration took);

    /// What the hub has counted. Any thread.
    const WsCounts& counts() const { return hub_.counts(); }
    /// The longest pass so far, in microseconds: how long a ready socket may have had to wait. Any thread.
    std::int64_t longest_iteration_us() const { return longest_iteration_us_.load(std::memory_order_relaxed); }

private:
    void run();
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
