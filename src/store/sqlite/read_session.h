// A read connection and its prepared statements. Owned by the reader pool, one thread at a time; the store opens one
// more to load the rooms. Every call throws SqliteError; after that the session must not be used any more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/sqlite/connection.h"

namespace globes::store {

/// How long a session reads one state of the database.
enum class SnapshotScope : std::uint8_t {
    call,     ///< Each call reads the newest state.
    session,  ///< Every call reads the newest state at the opening, so that the WAL cannot start over meanwhile.
};

class ReadSession {
public:
    explicit ReadSession(const Database& database, SnapshotScope scope = SnapshotScope::call);

    /// As in chat/store.h, each call in one snapshot of the database.
    chat::StoredRooms load_rooms();
    chat::EventPage read(const chat::EventQuery& query);
    std::vector<std::optional<chat::Event>> find(std::span<const chat::SendKey> keys);
    void ping() { ping_.run(); }

private:
    /// Its statements see no commits, purges or deletions in between.
    struct Snapshot {
        explicit Snapshot(ReadSession& reader) : session(reader) {
            if (session.scope_ == SnapshotScope::call) session.begin_.run();
        }
        ~Snapshot() {
            if (session.scope_ == SnapshotScope::call) session.end_.try_run();
        }
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;
        ReadSession& session;
    };

    chat::SeqRange kept_seqs(chat::RoomId room);
    std::vector<std::optional<UnixMicros>> times_at(chat::RoomId room, const std::vector<std::uint64_t>& seqs);

    const SnapshotScope scope_;
    Connection connection_;
    Statement begin_;
    Statement end_;
    Statement rooms_;
    Statement next_room_id_;
    Statement kept_seqs_;
    Statement time_;
    Statement oldest_;
    Statement newest_;
    Statement find_;
    Statement ping_;
};

}  // namespace globes::store
