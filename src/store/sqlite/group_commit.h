// Commits groups of batches as transactions, and maps whatever SQLite says into the port's three outcomes. No
// thread: the writer's thread owns it and makes every call.
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

    /// The session is opened by the first call that needs it, and again after a failure that may have harmed it.
    GroupCommit(const Database& database, OpenFiles& files, UnsettledRooms& unsettled)
        : database_(database), files_(files), unsettled_(unsettled) {}

    /// Commits `batches` as one transaction. One outcome for each, in order; all `failed` or all `unknown` where the
    /// disk is at fault. If one of them breaks a rule (a seq is taken, a room is missing), nobody can keep the others'
    /// writes without its own, so each batch is tried again in a transaction of its own. All `failed` while a file of
    /// the database is not in its place.
    std::vector<chat::CommitOutcome> commit(Batches batches) noexcept;

    /// Settles what is unsettled by a commit that says nothing. No-op where nothing is.
    void settle() noexcept;

    /// Whether there may be events of deleted rooms to remove; false too while the disk fails.
    bool may_remove() const { return may_remove_; }
    /// Removes some of them.
    void remove_some() noexcept;

    /// Pages in the WAL after the last commit.
    int wal_pages() const { return session_ ? session_->wal_pages() : 0; }
    void checkpoint() noexcept;

private:
    enum class Result { committed, conflict, failed, unknown };

    Result run(Batches batches) noexcept;
    /// Settles all commits that failed so far; whether the last of them, which left `evidence`, took place. None if
    /// that can't be told now.
    std::optional<bool> settle_after(const Evidence& evidence) noexcept;
    WriteSession& session();
    bool are_files_in_place();
    void on_success() noexcept;
    void on_failure(std::string_view cause) noexcept;

    const Database& database_;
    OpenFiles& files_;
    UnsettledRooms& unsettled_;
    std::optional<WriteSession> session_;
    bool may_remove_ = true;   // what an earlier run of the server left
    bool is_failing_ = false;  // is in the log already
};

}  // namespace globes::store
