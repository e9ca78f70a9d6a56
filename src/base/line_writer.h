// Lines on their way to a descriptor: whoever has one leaves it here and goes on, a thread of its own writes what has
// gathered with one call. A write for each line, and a wake-up before it, would cost a server that logs every request
// more than the request.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace globes {

class LineWriter {
public:
    static constexpr std::size_t kQueuedBytes = std::size_t{1} << 20;

    /// `fd` stays the caller's and outlives this.
    explicit LineWriter(int fd);
    /// Writes what is queued.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Queues `line`, which ends with a line break. It is written within some 20 ms, an urgent one at once with all
    /// before it; where more than kQueuedBytes would wait it is dropped. Any thread, never waits for the descriptor.
    void add(std::string_view line, bool is_urgent);
    /// How many lines were dropped. Any thread.
    std::uint64_t dropped() const;

private:
    void work();
    void write_all(std::string_view bytes) const;

    const int fd_;
    // Any thread, under the mutex.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string queue_;
    std::uint64_t dropped_ = 0;
    bool is_urgent_ = false;
    bool is_stopped_ = false;

    std::thread thread_;  // last: it uses all of the above
};

}  // namespace globes
