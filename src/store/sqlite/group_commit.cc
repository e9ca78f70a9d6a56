#include "store/sqlite/group_commit.h"

#include <spdlog/spdlog.h>

#include "base/logging.h"

namespace globes::store {
namespace {

using chat::CommitOutcome;

// The disk was full before the last frame of the commit was written completely. Recovery ignores a WAL without it.
// (A disk that fills up at the fsync is another code.)
bool is_surely_absent(int commit_code) { return (commit_code & 0xFF) == SQLITE_FULL; }

}  // namespace

void UnsettledRooms::add(const chat::StoreBatch& batch) {
    const MutexLock lock(mutex_);
    for (const chat::StoreWrite& write : batch) rooms_.insert(chat::room_of(write));
    any_.store(true, std::memory_order_release);
}

void UnsettledRooms::clear() {
    if (!any()) return;
    const MutexLock lock(mutex_);
    rooms_.clear();
    any_.store(false, std::memory_order_release);
}

bool UnsettledRooms::contains(chat::RoomId room) const {
    if (!any()) return false;
    const MutexLock lock(mutex_);
    return rooms_.contains(room);
}

std::vector<CommitOutcome> GroupCommit::commit(Batches batches) noexcept {
    Result result = run(batches);
    std::vector<CommitOutcome> outcomes;
    outcomes.reserve(batches.size());
    if (result == Result::conflict && batches.size() > 1) {
        for (std::size_t i = 0; i < batches.size(); ++i) outcomes.push_back(commit(batches.subspan(i, 1)).front());
        return outcomes;
    }
    if (result == Result::unknown)
        for (const chat::StoreBatch* batch : batches) unsettled_.add(*batch);
    const CommitOutcome outcome = result == Result::committed ? CommitOutcome::committed
                                  : result == Result::unknown ? CommitOutcome::unknown
                                                              : CommitOutcome::failed;
    outcomes.assign(batches.size(), outcome);
    return outcomes;
}

GroupCommit::Result GroupCommit::run(Batches batches) noexcept {
    if (!are_files_in_place()) return Result::failed;
    Evidence evidence;
    try {
        session().begin();
        for (const chat::StoreBatch* batch : batches)
            for (const chat::StoreWrite& write : *batch) session_->apply(write);
        evidence = session_->conclude();
        // An empty batch must not count as evidence that the disk works, or settle an outcome.
        if (is_failing_) session_->touch();
    } catch (const SqliteError& error) {
        if (error.is_conflict() && session_->roll_back()) return Result::conflict;
        on_failure(error.what());
        return Result::failed;
    } catch (const std::exception& error) {
        on_failure(error.what());
        return Result::failed;
    }
    const int code = session_->try_commit();
    if (code == SQLITE_OK) {
        on_success();
        may_remove_ |= std::holds_alternative<RoomChanges>(evidence);
        return Result::committed;
    }
    on_failure(sqlite3_errstr(code));
    if (is_surely_absent(code)) return Result::failed;
    const std::optional<bool> took_place = settle_after(evidence);
    if (!took_place) return Result::unknown;
    return *took_place ? Result::committed : Result::failed;
}

// After an I/O error the last frame of the commit may be in the WAL, invisible to this process, and return with the
// recovery after a crash. So reading is not sufficient; another commit must replace it in the WAL.
std::optional<bool> GroupCommit::settle_after(const Evidence& evidence) noexcept {
    try {
        session().begin();
        const bool took_place = session_->took_place(evidence);
        session_->touch();
        if (session_->try_commit() == SQLITE_OK) {
            on_success();
            return took_place;
        }
    } catch (const std::exception& error) {
        spdlog::debug("event=store_unsettled cause={}", log_value(error.what()));
    }
    session_.reset();
    return std::nullopt;
}

void GroupCommit::settle() noexcept {
    if (unsettled_.any() && are_files_in_place()) settle_after({});
}

void GroupCommit::remove_some() noexcept {
    if (!are_files_in_place()) {
        may_remove_ = false;
        return;
    }
    try {
        session().begin();
        may_remove_ = session_->remove_some();
        // If it fails, its outcome does not matter: these events are invisible already.
        const int code = session_->try_commit();
        if (code != SQLITE_OK) on_failure(sqlite3_errstr(code));
    } catch (const std::exception& error) {
        on_failure(error.what());
    }
}

void GroupCommit::checkpoint() noexcept {
    if (session_) session_->checkpoint();
}

bool GroupCommit::are_files_in_place() {
    if (!session_) return files_.are_in_place();
    return files_.are_in_place(session_->wal_bytes(), {.database = [this] { return session_->database_bytes(); },
                                                       .wal = [this] { return session_->measured_wal_bytes(); }});
}

WriteSession& GroupCommit::session() { return session_ ? *session_ : session_.emplace(database_); }

void GroupCommit::on_success() noexcept {
    unsettled_.clear();
    if (!std::exchange(is_failing_, false)) return;
    may_remove_ = true;
    spdlog::info("event=store_recovered");
}

void GroupCommit::on_failure(std::string_view cause) noexcept {
    // Closing ends its transaction. The reopened session is independent of the failed one, whatever its state was.
    session_.reset();
    may_remove_ = false;
    if (std::exchange(is_failing_, true)) return;
    spdlog::error("event=store_failed cause={}", log_value(cause));
}

}  // namespace globes::store
