// The writer's connection and its prepared statements. One transaction at a time; writer thread only. Every call but
// `try_commit` and `roll_back` throws SqliteError.
#pragma once

#include <cstdint>
#include <variant>

#include "store/sqlite/connection.h"

namespace globes::store {

/// Something that is in the database exactly if a transaction took place: the first event that it appended, or where it
/// changed or purged rooms, the count of such transactions that it left.
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
    // The statements and SQLite's hook point into it.
    WriteSession(const WriteSession&) = delete;
    WriteSession& operator=(const WriteSession&) = delete;

    void begin();
    /// Fails as a conflict where a seq or a sender's client id is taken or an event's room is not there; then only
    /// `roll_back` is left to do.
    void apply(const chat::StoreWrite& write);
    /// The last step before a commit.
    Evidence conclude();
    /// SQLITE_OK, or why it failed (an extended result code).
    int try_commit() noexcept;
    /// False: the connection is no good any more.
    bool roll_back() noexcept;

    /// In a transaction, of one that went before: whether it took place.
    bool took_place(const Evidence& evidence);
    /// In a transaction: writes something, so that the commit replaces whatever a failed one left behind in the WAL.
    void touch();

    /// In a transaction: removes some events of a deleted room. False: there is nothing to remove.
    bool remove_some();

    /// Pages in the WAL after the last commit.
    int wal_pages() const { return wal_pages_; }
    /// What the WAL holds at least, after the last commit.
    std::uint64_t wal_bytes() const;
    /// The same after a look at the WAL, which others may have emptied since, and at all that is still to be moved.
    std::uint64_t measured_wal_bytes();
    /// What the database holds when all of the WAL was moved into it.
    std::uint64_t database_bytes();
    /// Moves all of the WAL into the database file if nobody else is at it. Returns an extended result code.
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

    // Of the running transaction.
    chat::RoomId known_room_ = 0;   // is there; spares the look for an event that follows another of its room
    std::uint64_t purged_seq_ = 0;  // of the known room
    bool is_counted_ = false;       // among those that `RoomChanges` counts
    Evidence evidence_;
};

}  // namespace globes::store
