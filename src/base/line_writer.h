// Lines on their way to a descriptor: a caller leaves a line here and goes on, and a thread of its own writes the lines
// that have gathered. A write for each line, and a wake-up before it, would cost a server that logs every request more
// than the request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace globes {

class LineWriter {
public:
    static constexpr std::size_t kQueuedBytes = std::size_t{1} << 20;
    /// What one write takes from the queue, in whole lines; a single line may be longer. It can't be taken back.
    static constexpr std::size_t kWriteBytes = std::size_t{16} << 10;
    /// What the destructor gives a descriptor that takes nothing, such as a full pipe that nobody reads.
    static constexpr std::chrono::milliseconds kFlushTime{1000};
    /// How often a descriptor that failed is tried again while dropped lines are unreported.
    static constexpr std::chrono::milliseconds kRetryTime{1000};

    /// Formats the line, with its line break, that tells how many lines were dropped. Called on the writer's thread.
    using FormatDropped = std::function<std::string(std::uint64_t)>;

    /// `fd` stays the caller's and must be open until the process ends: a write that blocks can't be cancelled.
    /// `format_dropped`: if empty, dropped lines are counted and not reported.
    explicit LineWriter(int fd, FormatDropped format_dropped = {});
    /// Writes what is queued, for kFlushTime at most; then it leaves the thread to its write, which ends at the latest
    /// with the process.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Queues `line`, which ends with its only line break. It is written within some 20 ms, an urgent one at once with
    /// all before it. Any thread, never waits for the descriptor.
    ///
    /// If more than kQueuedBytes would wait, the oldest queued lines are dropped. In their place, before the next line,
    /// the writer writes how many there were; it does so too if no line follows. A line of which some bytes have been
    /// written is not dropped: the rest of it is written before anything else.
    void add(std::string_view line, bool is_urgent);
    /// Waits until what is queued is written, for kFlushTime at most. Any thread.
    void flush();
    /// How many lines were dropped, including those that the descriptor refused. Any thread.
    std::uint64_t dropped() const;

private:
    struct Shared;
    static void work(Shared& shared);

    const std::shared_ptr<Shared> shared_;  // the thread's too, which may outlive this
    std::thread thread_;                    // last: it uses the above
};

}  // namespace globes
