#include "base/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/mutex.h"
#include "base/process.h"

namespace globes {
namespace {

constexpr std::chrono::milliseconds kGatherTime{20};

/// Also waits for a descriptor that does not block. Returns the bytes that could not be written, because the descriptor
/// failed.
std::string_view write_or_wait(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Another process that shares the descriptor has made it non-blocking.
            pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            break;
        }
    }
    return bytes;
}

std::uint64_t count_lines(std::string_view bytes) {
    return static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
}

/// Whole lines, the oldest first, LineWriter::kQueuedBytes at most.
class LineQueue {
public:
    bool empty() const { return begin_ == bytes_.size(); }

    /// Drops the oldest lines until `line` fits, or `line` itself if it is too long. Returns how many it dropped.
    std::uint64_t push(std::string_view line) {
        if (line.size() > LineWriter::kQueuedBytes) return 1;
        std::uint64_t dropped = 0;
        for (; bytes_.size() - begin_ + line.size() > LineWriter::kQueuedBytes; ++dropped)
            begin_ = bytes_.find('\n', begin_) + 1;
        if (begin_ >= LineWriter::kQueuedBytes) {
            bytes_.erase(0, begin_);
            begin_ = 0;
        }
        bytes_.append(line);
        return dropped;
    }

    /// Moves the oldest lines to the end of `out`: LineWriter::kWriteBytes at most, but one line at least.
    void pop(std::string& out) {
        const std::string_view waiting = std::string_view(bytes_).substr(begin_);
        std::size_t size = waiting.size();
        if (size > LineWriter::kWriteBytes) {
            const auto last = waiting.rfind('\n', LineWriter::kWriteBytes - 1);
            size = (last == std::string_view::npos ? waiting.find('\n') : last) + 1;
        }
        out.append(waiting.substr(0, size));
        begin_ += size;
        if (empty()) {
            bytes_.clear();
            begin_ = 0;
        }
    }

private:
    std::string bytes_;
    std::size_t begin_ = 0;  // where the oldest line begins in `bytes_`
};

}  // namespace

struct LineWriter::Shared {
    Shared(int descriptor, FormatDropped format) : fd(descriptor), format_dropped(std::move(format)) {}

    bool has_unreported() const REQUIRES(mutex) { return format_dropped && reported != dropped; }

    const int fd;
    const FormatDropped format_dropped;
    // Any thread.
    mutable Mutex mutex;
    Condition changed;
    Condition ended;
    Condition written;
    LineQueue queue GUARDED_BY(mutex);
    std::uint64_t dropped GUARDED_BY(mutex) = 0;
    std::uint64_t reported GUARDED_BY(mutex) = 0;  // how many of `dropped` were reported
    bool is_urgent GUARDED_BY(mutex) = false;
    bool is_writing GUARDED_BY(mutex) = false;
    bool is_stopped GUARDED_BY(mutex) = false;
    bool has_ended GUARDED_BY(mutex) = false;
};

LineWriter::LineWriter(int fd, FormatDropped format_dropped)
    : shared_(std::make_shared<Shared>(fd, std::move(format_dropped))),
      thread_([shared = shared_] { work(*shared); }) {}

LineWriter::~LineWriter() {
    MutexLock lock(shared_->mutex);
    shared_->is_stopped = true;
    shared_->changed.notify_one();
    const bool has_ended =
        shared_->ended.wait_for(lock, kFlushTime, [this]() REQUIRES(shared_->mutex) { return shared_->has_ended; });
    lock.unlock();
    if (has_ended)
        thread_.join();
    else
        thread_.detach();
}

void LineWriter::add(std::string_view line, bool is_urgent) {
    {
        const MutexLock lock(shared_->mutex);
        const bool is_first = shared_->queue.empty();
        shared_->dropped += shared_->queue.push(line);
        shared_->is_urgent |= is_urgent;
        if (!is_first && !is_urgent) return;  // the thread is about to write anyway
    }
    shared_->changed.notify_one();
}

void LineWriter::flush() {
    MutexLock lock(shared_->mutex);
    shared_->is_urgent = true;
    shared_->changed.notify_one();
    shared_->written.wait_for(
        lock, kFlushTime, [this]() REQUIRES(shared_->mutex) { return shared_->queue.empty() && !shared_->is_writing; });
}

std::uint64_t LineWriter::dropped() const {
    const MutexLock lock(shared_->mutex);
    return shared_->dropped;
}

void LineWriter::work(Shared& shared) {
    name_this_thread("log");
    std::string torn;  // the rest of a line that was partly written when the descriptor failed
    bool is_failing = false;
    bool is_last = false;
    MutexLock lock(shared.mutex);
    while (!is_last) {
        const auto has_work = [&]() REQUIRES(shared.mutex) { return !shared.queue.empty() || shared.is_stopped; };
        // A descriptor may recover, as a full disk does, and dropped lines are reported even if no line follows.
        if (is_failing && (shared.has_unreported() || !torn.empty()))
            shared.changed.wait_for(lock, kRetryTime, has_work);
        else
            shared.changed.wait(lock, [&]() REQUIRES(shared.mutex) { return has_work() || shared.has_unreported(); });
        shared.changed.wait_for(lock, kGatherTime,
                                [&]() REQUIRES(shared.mutex) { return shared.is_urgent || shared.is_stopped; });
        shared.is_urgent = false;
        is_last = shared.is_stopped;
        shared.is_writing = true;
        do {
            const std::uint64_t dropped = shared.dropped;
            std::string batch = torn;
            if (shared.has_unreported()) batch += shared.format_dropped(dropped - shared.reported);
            const std::size_t lines_begin = batch.size();
            if (!shared.queue.empty()) shared.queue.pop(batch);
            lock.unlock();
            const std::size_t written = batch.size() - write_or_wait(shared.fd, batch).size();
            // A partly written line is not dropped: its rest is the start of the next batch.
            std::size_t kept = std::max(written, torn.size());
            if (kept > torn.size() && batch[kept - 1] != '\n') kept = batch.find('\n', kept) + 1;
            is_failing = written < batch.size();
            lock.lock();
            if (kept >= lines_begin && lines_begin > torn.size()) shared.reported = dropped;
            shared.dropped += count_lines(std::string_view(batch).substr(std::max(kept, lines_begin)));
            torn = batch.substr(written, kept - written);
        } while (!shared.queue.empty());
        shared.is_writing = false;
        shared.written.notify_all();
    }
    shared.has_ended = true;
    shared.ended.notify_one();
}

}  // namespace globes
