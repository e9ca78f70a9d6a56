#include "chat/core_thread.h"

#include <cassert>
#include <chrono>
#include <utility>

#include "base/process.h"

namespace globes::chat {

void CoreThread::start(std::function<void()> end_batch) {
    assert(!thread_.joinable());
    end_batch_ = std::move(end_batch);
    thread_ = std::thread([this] { run(); });
}

void CoreThread::stop() {
    if (!thread_.joinable()) return;
    post([this] { stopping_ = true; });
    thread_.join();
}

void CoreThread::post(Task task) {
    if (mailbox_.push(std::move(task))) mailbox_.wake();
}

void CoreThread::post(TaskBatch batch) {
    if (mailbox_.push(std::move(batch))) mailbox_.wake();
}

bool CoreThread::run_posted() {
    assert(!thread_.joinable());
    TaskBatch posted = mailbox_.take();
    const bool has_any = !posted.empty();
    posted.run(TaskThread::core);
    return has_any;
}

bool CoreThread::reserve(std::size_t bytes) {
    if (queued_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= kQueuedEventBytes) return true;
    release(bytes);
    return false;
}

// After an exception in a task, its work stays half done and the core continues. A room that was stopped in the middle
// refuses its queued sends, and reads again what is stored of them (`Room::abandon`, `Room::reread`). Members see no
// wrong event, because an event enters the log only after it is stored, and the store accepts one event for each seq.
// To stop the process instead would let a client with an event that throws stop all rooms.
void CoreThread::run() {
    using std::chrono::steady_clock;
    name_this_thread("core");
    prefer_short_timeslice();
    while (!stopping_) {
        mailbox_.wait();
        const auto begin = steady_clock::now();
        mailbox_.take().run(TaskThread::core);
        run_task(TaskThread::core, end_batch_);
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin).count();
        if (took > longest_pause_us_.load(std::memory_order_relaxed))
            longest_pause_us_.store(took, std::memory_order_relaxed);
    }
}

}  // namespace globes::chat
