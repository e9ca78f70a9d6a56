// Writes lines to a descriptor: a caller queues a line and continues, and a thread writes the queued lines together. A
// write and a wake-up for each line would cost a server that logs every request more than the request itself.
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
    /// The most bytes of one write, in whole lines; a single line may be longer. Lines in a write cannot be dropped.
    static constexpr std::size_t kWriteBytes = std::size_t{16} << 10;
    /// How long the destructor and `flush` wait for a descriptor that is blocked, such as a full pipe without a reader.
    static constexpr std::chrono::milliseconds kFlushTime{1000};
    /// How often a descriptor that failed is tried again while dropped lines are unreported.
    static constexpr std::chrono::milliseconds kRetryTime{1000};

    /// Formats the line, with its line break, that reports the number of dropped lines. Called on the writer's thread.
    using FormatDropped = std::function<std::string(std::uint64_t)>;

    /// The caller keeps `fd` open until the process ends, because a blocked write cannot be canceled.
    /// `format_dropped`: if empty, dropped lines are counted and not reported.
    explicit LineWriter(int fd, FormatDropped format_dropped = {});
    /// Writes the queued lines, for at most kFlushTime; then it detaches the thread, whose write may be blocked until
    /// the process ends.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Queues `line`, which ends with its only line break. It is written within some 20 ms; an urgent line is written
    /// at once, with all lines before it. Any thread, never waits for the descriptor.
    ///
    /// If the queue would exceed kQueuedBytes, the oldest lines are dropped. The writer reports their number in their
    /// place, also if no line follows. A line that is partly written is not dropped: its rest is written first.
    void add(std::string_view line, bool is_urgent);
    /// Waits until the queued lines are written, for at most kFlushTime. Any thread.
    void flush();
    /// How many lines were dropped, including those that the descriptor refused. Any thread.
    std::uint64_t dropped() const;

private:
    struct Shared;
    static void work(Shared& shared);

    const std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
    std::thread thread_;                    // last, because it uses the above
};

}  // namespace globes
