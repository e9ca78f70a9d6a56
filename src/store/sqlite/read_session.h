// A read connection and its prepared statements. One thread of the reader pool at a time. Every call throws
// SqliteError; after that the session must not be used any more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/sqlite/connection.h"

namespace globes::store {

/// The state of the database that a session's calls see: the newest at each call, or the newest when the session was
/// opened. The latter prevents the WAL from starting over while the session lives.
enum class Sees : std::uint8_t { newest, opening };

class ReadSession {
public:
    explicit ReadSession(const Database& database, Sees sees = Sees::newest);

    /// As in the port, each call in one snapshot of the database.
    chat::StoredRooms load_rooms();
    chat::EventPage read(const chat::EventQuery& query);
    std::vector<std::optional<chat::Event>> find(std::span<const chat::SendKey> keys);
    void ping() { ping_.run(); }

private:
    /// Its statements see no commits, purges or deletions in between.
    struct Snapshot {
        explicit Snapshot(ReadSession& reader) : session(reader) {
            if (session.sees_ == Sees::newest) session.begin_.run();
        }
        ~Snapshot() {
            if (session.sees_ == Sees::newest) session.end_.try_run();
        }
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;
        ReadSession& session;
    };

    chat::SeqRange kept_seqs(chat::RoomId room);
    std::vector<std::optional<UnixMicros>> times_at(chat::RoomId room, const std::vector<std::uint64_t>& seqs);

    const Sees sees_;
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
