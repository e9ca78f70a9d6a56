#include "store/sqlite/writer.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "base/logging.h"
#include "base/process.h"

namespace globes::store {
namespace {

// The maximum size of a transaction; otherwise the first batch of a long queue would wait for the last.
constexpr std::size_t kGroupBytes = std::size_t{4} << 20;
// The interval in which the writer tries to settle unknown outcomes while it gets no batches.
constexpr std::chrono::milliseconds kSettleEvery{200};

}  // namespace

Checkpointer::Checkpointer(Connection connection) : connection_(std::move(connection)), thread_([this] { work(); }) {}

void Checkpointer::request() {
    {
        const MutexLock lock(mutex_);
        is_requested_ = true;
    }
    changed_.notify_one();
}

void Checkpointer::stop() {
    {
        const MutexLock lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Checkpointer::work() {
    name_this_thread("store-checkpt");
    bool is_failing = false;
    MutexLock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this]() REQUIRES(mutex_) { return is_requested_ || is_stopped_; });
        if (is_stopped_) return;
        is_requested_ = false;
        lock.unlock();
        // A passive checkpoint copies as much as it can and waits for nobody. After a failure the WAL is longer, and
        // the next request tries again.
        const int code =
            sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
        const bool failed = code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY;
        if (failed && !is_failing) spdlog::error("event=checkpoint_failed cause={}", log_value(sqlite3_errstr(code)));
        is_failing = failed;
        lock.lock();
    }
}

Writer::Writer(const Database& database, const SqliteSettings& settings, OpenFiles& files, UnsettledRooms& unsettled,
               Checkpointer& checkpointer)
    : settings_(settings),
      checkpointer_(checkpointer),
      commits_(database, files, unsettled),
      unsettled_(unsettled),
      next_checkpoint_pages_(settings.checkpoint_pages),
      thread_([this] { work(); }) {}

void Writer::append(chat::StoreBatch batch, Done done) {
    Pending pending{.batch = std::move(batch), .done = std::move(done)};
    pending.bytes = chat::queued_bytes(pending.batch);
    chat::StoreBatch dropped;
    MutexLock lock(mutex_);
    if (is_stopped_) {
        lock.unlock();
        return pending.done(chat::CommitOutcome::failed);
    }
    if (pending.bytes > settings_.limits.queued_bytes - queued_bytes_) {
        // The request stays in the queue, but keeps only its answer.
        dropped.swap(pending.batch);
        pending.bytes = 0;
        pending.is_refused = true;
    }
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
    lock.unlock();
    changed_.notify_one();
}

void Writer::stop() {
    {
        const MutexLock lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Writer::work() {
    name_this_thread("store-write");
    prefer_short_timeslice();
    std::vector<Pending> taken;
    MutexLock lock(mutex_);
    while (true) {
        const auto is_wanted = [this]() REQUIRES(mutex_) { return !queue_.empty() || is_stopped_; };
        if (unsettled_.any())
            changed_.wait_for(lock, kSettleEvery, is_wanted);
        else if (!commits_.may_remove())
            changed_.wait(lock, is_wanted);
        if (queue_.empty() && is_stopped_) break;
        taken.swap(queue_);
        lock.unlock();
        if (taken.empty()) commits_.settle();
        carry_out(taken);
        taken.clear();
        // One step between two groups, so that neither batches nor removals wait for all of the others.
        if (commits_.may_remove()) commits_.remove_some();
        limit_wal();
        lock.lock();
    }
    lock.unlock();
    commits_.settle();
}

void Writer::carry_out(std::span<Pending> pending) {
    while (!pending.empty()) {
        std::size_t count = 0;
        std::size_t bytes = 0;
        batches_.clear();
        do {
            if (!pending[count].is_refused) batches_.push_back(&pending[count].batch);
            bytes += pending[count].bytes;
            ++count;
        } while (count < pending.size() && bytes + pending[count].bytes <= kGroupBytes);
        answer(pending.first(count), bytes);
        pending = pending.subspan(count);
    }
}

void Writer::answer(std::span<Pending> group, std::size_t bytes) {
    const std::vector<chat::CommitOutcome> outcomes = commits_.commit(batches_);
    for (Pending& pending : group) pending.batch = {};
    {
        const MutexLock lock(mutex_);
        queued_bytes_ -= bytes;
    }
    auto outcome = outcomes.begin();
    for (Pending& pending : group) pending.done(pending.is_refused ? chat::CommitOutcome::failed : *outcome++);
}

void Writer::limit_wal() {
    const int pages = commits_.wal_pages();
    // The WAL starts over with the first commit after a checkpoint that has copied all of it.
    if (pages < settings_.checkpoint_pages) next_checkpoint_pages_ = settings_.checkpoint_pages;
    if (pages >= settings_.max_wal_pages) {
        // Under continuous commits, parallel checkpoints never finish. The last one left little to copy.
        commits_.checkpoint();
    } else if (pages >= next_checkpoint_pages_) {
        checkpointer_.request();
        next_checkpoint_pages_ = pages + settings_.checkpoint_pages;
    }
}

}  // namespace globes::store
