// Lines on their way to a descriptor: whoever has one leaves it here and goes on, a thread of its own writes what has
// gathered with one call. A write for each line, and a wake-up before it, would cost a server that logs every request
// more than the request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

namespace globes {

class LineWriter {
public:
    static constexpr std::size_t kQueuedBytes = std::size_t{1} << 20;
    /// What the destructor gives a descriptor that takes nothing, such as a full pipe that nobody reads.
    static constexpr std::chrono::milliseconds kFlushTime{1000};

    /// `fd` stays the caller's and outlives the process's use of it: a write that it holds up can't be taken back.
    explicit LineWriter(int fd);
    /// Writes what is queued, for kFlushTime at most; then it leaves the thread to its write, which ends at the latest
    /// with the process.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Queues `line`, which ends with a line break. It is written within some 20 ms, an urgent one at once with all
    /// before it; where more than kQueuedBytes would wait it is dropped. Any thread, never waits for the descriptor.
    void add(std::string_view line, bool is_urgent);
    /// Waits until what is queued is written, for kFlushTime at most. Any thread.
    void flush();
    /// How many lines were dropped, those among them that the descriptor refused. Any thread.
    std::uint64_t dropped() const;

private:
    struct Shared;
    static void work(Shared& shared);

    const std::shared_ptr<Shared> shared_;  // the thread's too, which may outlive this
    std::thread thread_;                    // last: it uses the above
};

}  // namespace globes
