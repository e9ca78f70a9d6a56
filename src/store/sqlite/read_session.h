// A connection that reads, and its prepared statements. One thread of the reader pool at a time. Every call throws
// SqliteError; after that the session is no good any more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/sqlite/connection.h"

namespace globes::store {

/// Which state of the database a session's calls see: each the newest, or all of them what was the newest when the
/// session was opened. The latter keeps the WAL from starting over for as long as the session lives.
enum class Sees : std::uint8_t { newest, opening };

class ReadSession {
public:
    explicit ReadSession(const Database& database, Sees sees = Sees::newest);

    /// As the port says, each in one snapshot of the database.
    chat::StoredRooms load_rooms();
    chat::EventPage read(const chat::EventQuery& query);
    std::vector<std::optional<chat::Event>> find(std::span<const chat::SendKey> keys);
    void ping() { ping_.run(); }

private:
    /// Between its statements nothing is committed, purged or deleted as far as they can see.
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
