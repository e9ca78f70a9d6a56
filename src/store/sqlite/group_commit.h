// Commits groups of batches as transactions, and maps SQLite's results to the three outcomes of the port. No thread:
// the writer's thread owns it and makes all calls.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "store/sqlite/open_files.h"
#include "store/sqlite/unsettled_rooms.h"
#include "store/sqlite/write_session.h"

namespace globes::store {

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
    enum class Result { committed, conflict, failed, unknown };

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
