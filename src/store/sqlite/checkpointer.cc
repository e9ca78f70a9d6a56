#include "store/sqlite/checkpointer.h"

#include <spdlog/spdlog.h>

#include "base/thread_name.h"

#include <utility>

#include "base/logging.h"

namespace globes::store {

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

}  // namespace globes::store
