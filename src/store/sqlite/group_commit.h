// Commits groups of batches as transactions, and maps SQLite's results to the three outcomes of the port. No thread:
// the writer's thread owns it and makes all calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/keyed_hash.h"
#include "base/mutex.h"
#include "chat/store.h"
#include "store/sqlite/open_files.h"
#include "store/sqlite/write_session.h"

namespace globes::store {

/// The rooms whose last batch may or may not be in the database: its COMMIT failed, and the outcome could not be
/// determined. Until a later commit settles it, reads of these rooms are refused, because a crash could still restore
/// the batch from the WAL. The writer adds and clears rooms, readers query them.
class UnsettledRooms {
public:
    /// The writer only.
    void add(const chat::StoreBatch& batch);
    /// The writer only.
    void clear();
    /// Any thread.
    bool any() const { return any_.load(std::memory_order_acquire); }
    /// Any thread.
    bool contains(chat::RoomId room) const;

private:
    std::atomic<bool> any_ = false;  // avoids the lock in the normal case
    mutable Mutex mutex_;
    std::unordered_set<chat::RoomId, KeyedHash> rooms_ GUARDED_BY(mutex_);
};

class GroupCommit {
public:
    using Batches = std::span<const chat::StoreBatch* const>;

    /// The first call that needs the session opens it, and again after a failure that may have damaged it.
    GroupCommit(const Database& database, OpenFiles& files, UnsettledRooms& unsettled)
        : database_(database), files_(files), unsettled_(unsettled) {}

    /// Commits `batches` as one transaction. Returns one outcome for each, in order; all `failed` or all `unknown` if
    /// the disk fails. If one of them violates a rule (a seq is taken, a room does not exist), the transaction is
    /// rolled back and each batch is tried again in its own transaction. All `failed` while a file of the database is
    /// removed or replaced.
    std::vector<chat::CommitOutcome> commit(Batches batches) noexcept;

    /// Settles unknown outcomes with another commit, which changes no data. No-op if none is unknown.
    void settle() noexcept;

    /// Whether there may be events of deleted rooms to remove; false also while the disk fails.
    bool may_remove() const { return may_remove_; }
    /// Removes some of them.
    void remove_some() noexcept;

    /// Pages in the WAL after the last commit.
    int wal_pages() const { return session_ ? session_->wal_pages() : 0; }
    void checkpoint() noexcept;

private:
    enum class Result : std::uint8_t { committed, conflict, failed, unknown };

    Result run(Batches batches) noexcept;
    /// Settles all commits that failed so far. Returns whether the last of them, which left `evidence`, took place.
    /// Empty if that cannot be determined now.
    std::optional<bool> settle_after(const Evidence& evidence) noexcept;
    WriteSession& session();
    bool are_files_in_place();
    void on_success() noexcept;
    void on_failure(std::string_view cause) noexcept;

    const Database& database_;
    OpenFiles& files_;
    UnsettledRooms& unsettled_;
    std::optional<WriteSession> session_;
    bool may_remove_ = true;   // an earlier run of the server may have left some
    bool is_failing_ = false;  // already logged
};

}  // namespace globes::store
