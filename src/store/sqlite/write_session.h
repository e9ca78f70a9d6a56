// The writer's connection and its prepared statements. One transaction at a time; owned by the writer thread, which
// makes all calls. Every call except `try_commit` and `roll_back` throws SqliteError.
#pragma once

#include <cstdint>
#include <variant>

#include "store/sqlite/connection.h"

namespace globes::store {

/// Evidence of a transaction, which is in the database exactly if it took place: the first event that it appended, or,
/// if it changed or purged rooms, its number among such transactions.
struct AppendedEvent {
    chat::RoomId room;
    std::uint64_t seq;
};
struct RoomChanges {
    std::int64_t count;
};
using Evidence = std::variant<std::monostate, AppendedEvent, RoomChanges>;

class WriteSession {
public:
    explicit WriteSession(const Database& database);
    // The statements and SQLite's hook point to it.
    WriteSession(const WriteSession&) = delete;
    WriteSession& operator=(const WriteSession&) = delete;

    void begin();
    /// Fails with a conflict if a seq or a sender's client id is taken, or an event's room does not exist; then only
    /// `roll_back` may be called.
    void apply(const chat::StoreWrite& write);
    /// The last step before a commit.
    Evidence conclude();
    /// SQLITE_OK, or why it failed (an extended result code).
    int try_commit() noexcept;
    /// False: the connection must not be used any more.
    bool roll_back() noexcept;

    /// In a transaction: whether an earlier one took place.
    bool took_place(const Evidence& evidence);
    /// In a transaction: writes a value, so that the commit replaces the remains of a failed one in the WAL.
    void touch();

    /// In a transaction: removes some events of a deleted room. False if there are no more.
    bool remove_some();

    /// Pages in the WAL after the last commit.
    int wal_pages() const { return wal_pages_; }
    /// The minimum length of the WAL after the last commit.
    std::uint64_t wal_bytes() const;
    /// The same after reading the WAL, which others may have emptied, and all pages that are still to be copied.
    std::uint64_t measured_wal_bytes();
    /// The length of the database after all of the WAL was copied.
    std::uint64_t database_bytes();
    /// Copies all of the WAL into the database file unless another connection does. Returns an extended result code.
    int checkpoint() noexcept;

private:
    void write(const chat::PutRoom& put);
    void write(const chat::DeleteRoom& deletion);
    void write(const chat::AppendEvent& append);
    void write(const chat::PurgeEvents& purge);
    std::int64_t room_changes();
    int changed_rows() const { return sqlite3_changes(connection_.handle()); }

    Connection connection_;
    Statement begin_;
    Statement commit_;
    Statement put_room_;
    Statement raise_next_room_id_;
    Statement delete_room_;
    Statement find_room_;
    Statement append_event_;
    Statement find_event_;
    Statement note_purge_;
    Statement purge_events_;
    Statement count_room_change_;
    Statement room_changes_;
    Statement add_removal_;
    Statement first_removal_;
    Statement remove_some_events_;
    Statement remove_all_events_;
    Statement end_removal_;
    std::int64_t page_bytes_ = 0;
    int wal_pages_ = 0;

    // Of the current transaction.
    chat::RoomId known_room_ = 0;   // exists; avoids the lookup for the next event of the same room
    std::uint64_t purged_seq_ = 0;  // of the known room
    bool is_counted_ = false;       // counted in `RoomChanges`
    Evidence evidence_;
};

}  // namespace globes::store
