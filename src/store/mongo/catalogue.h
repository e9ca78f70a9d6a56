// What is known of every room without asking the server: what was committed, and which rooms are in doubt. This process
// is the only writer, so the book is right. The committer writes it; every reader looks into it first, and so sees all
// of a batch or nothing of it, though the documents come one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/store.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

struct RoomState {
    std::shared_ptr<const chat::RoomRecord> record = nullptr;
    std::uint64_t last_seq = 0;
    UnixMicros opening_time = 0;    ///< Of the newest event when the book was made; who loads the rooms comes then.
    std::uint64_t purged_seq = 0;   ///< Every event up to it is gone for readers, and goes from the server later.
    std::uint64_t version = 0;      ///< Of the room's document: the newest wins, whatever arrives when.
    std::uint64_t incarnation = 0;  ///< A room that is made again under its id is another one.
};

struct GarbageRange {
    chat::RoomId room = 0;
    std::uint64_t through_seq = 0;
    bool is_whole_room = false;  ///< The room was deleted.
    std::uint64_t epoch = 0;     ///< Reads that began before it may still look at them.
};

class CommittedCatalogue {
public:
    /// What a reader may see of a room.
    struct Part {
        bool is_settled = true;
        std::uint64_t purged_seq = 0;
        std::uint64_t last_seq = 0;  ///< 0 also where there is no room.
    };

    /// A read that is under way: what it may see stays on the server until it ends.
    class ActiveRead {
    public:
        explicit ActiveRead(CommittedCatalogue& catalogue);
        ~ActiveRead();
        ActiveRead(const ActiveRead&) = delete;
        ActiveRead& operator=(const ActiveRead&) = delete;
        Part part(chat::RoomId room) const;

    private:
        CommittedCatalogue& catalogue_;
        std::uint64_t epoch_;
    };

    // The committer only.
    const RoomState* find(chat::RoomId room) const;
    void put(chat::RoomId room, RoomState state);
    void erase(chat::RoomId room);
    void mark_in_doubt(chat::RoomId room);
    void clear_in_doubt(std::span<const chat::RoomId> rooms);
    void raise_next_room_id(chat::RoomId next);

    // Any thread.
    struct EventPosition {
        chat::RoomId room;
        std::uint64_t seq;
        friend bool operator==(const EventPosition&, const EventPosition&) = default;
    };
    /// Of the event that became visible last; nothing where that may be gone from the server.
    std::optional<EventPosition> newest_event() const;
    chat::StoredRooms rooms() const;
    /// What was erased before this call is seen by no read that begins later; those before have lower tickets.
    std::uint64_t next_epoch() const;
    bool has_reads_before(std::uint64_t epoch) const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<chat::RoomId, RoomState> rooms_;
    std::unordered_set<chat::RoomId> in_doubt_;
    EventPosition newest_event_{};
    chat::RoomId next_room_id_ = 1;
    std::uint64_t next_epoch_ = 1;
    std::set<std::uint64_t> active_reads_;
};

/// Enters all rooms into the book and returns what is still to be removed. Unless `writer` is 0, each room's document
/// has that number from then on, so that no older process changes or removes it any more. Throws DatabaseError.
std::vector<GarbageRange> load_catalogue(Session& session, CommittedCatalogue& catalogue, std::uint64_t writer);

}  // namespace globes::store::mongo
