#include "base/line_writer.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/thread_name.h"

namespace globes {
namespace {

constexpr std::chrono::milliseconds kGatherTime{20};

}  // namespace

LineWriter::LineWriter(int fd) : fd_(fd), thread_([this] { work(); }) {}

LineWriter::~LineWriter() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void LineWriter::add(std::string_view line, bool is_urgent) {
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() + line.size() > kQueuedBytes) {
            ++dropped_;
            return;
        }
        const bool is_first = queue_.empty();
        queue_.append(line);
        is_urgent_ |= is_urgent;
        if (!is_first && !is_urgent) return;  // the thread is about to write anyway
    }
    changed_.notify_one();
}

std::uint64_t LineWriter::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

void LineWriter::work() {
    name_this_thread("log");
    std::string taken;
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !queue_.empty() || is_stopped_; });
        if (queue_.empty()) return;
        changed_.wait_for(lock, kGatherTime, [this] { return is_urgent_ || is_stopped_; });
        is_urgent_ = false;
        taken.swap(queue_);
        lock.unlock();
        write_all(taken);
        taken.clear();
        lock.lock();
    }
}

/// A descriptor that fails takes no more: there is nobody left to tell.
void LineWriter::write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace globes
