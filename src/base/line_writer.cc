#include "base/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>

#include "base/thread_name.h"

namespace globes {
namespace {

constexpr std::chrono::milliseconds kGatherTime{20};

/// Returns what could not be written: a descriptor that fails takes no more, and there is nobody left to tell.
std::string_view write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Whoever shares the descriptor has made it non-blocking.
            pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            break;
        }
    }
    return bytes;
}

}  // namespace

struct LineWriter::Shared {
    explicit Shared(int descriptor) : fd(descriptor) {}

    const int fd;
    // Any thread, under the mutex.
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::condition_variable ended;
    std::condition_variable written;
    std::string queue;
    std::uint64_t dropped = 0;
    bool is_urgent = false;
    bool is_writing = false;
    bool is_stopped = false;
    bool has_ended = false;
};

LineWriter::LineWriter(int fd)
    : shared_(std::make_shared<Shared>(fd)), thread_([shared = shared_] { work(*shared); }) {}

LineWriter::~LineWriter() {
    std::unique_lock lock(shared_->mutex);
    shared_->is_stopped = true;
    shared_->changed.notify_one();
    const bool has_ended = shared_->ended.wait_for(lock, kFlushTime, [this] { return shared_->has_ended; });
    lock.unlock();
    if (has_ended)
        thread_.join();
    else
        thread_.detach();
}

void LineWriter::add(std::string_view line, bool is_urgent) {
    {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->queue.size() + line.size() > kQueuedBytes) {
            ++shared_->dropped;
            return;
        }
        const bool is_first = shared_->queue.empty();
        shared_->queue.append(line);
        shared_->is_urgent |= is_urgent;
        if (!is_first && !is_urgent) return;  // the thread is about to write anyway
    }
    shared_->changed.notify_one();
}

void LineWriter::flush() {
    std::unique_lock lock(shared_->mutex);
    shared_->is_urgent = true;
    shared_->changed.notify_one();
    shared_->written.wait_for(lock, kFlushTime, [this] { return shared_->queue.empty() && !shared_->is_writing; });
}

std::uint64_t LineWriter::dropped() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->dropped;
}

void LineWriter::work(Shared& shared) {
    name_this_thread("log");
    std::string taken;
    std::unique_lock lock(shared.mutex);
    while (true) {
        shared.changed.wait(lock, [&] { return !shared.queue.empty() || shared.is_stopped; });
        if (shared.queue.empty()) break;
        shared.changed.wait_for(lock, kGatherTime, [&] { return shared.is_urgent || shared.is_stopped; });
        shared.is_urgent = false;
        taken.swap(shared.queue);
        shared.is_writing = true;
        lock.unlock();
        const std::string_view refused = write_all(shared.fd, taken);
        lock.lock();
        shared.dropped += static_cast<std::uint64_t>(std::ranges::count(refused, '\n'));
        taken.clear();
        shared.is_writing = false;
        shared.written.notify_all();
    }
    shared.has_ended = true;
    shared.ended.notify_one();
}

}  // namespace globes
