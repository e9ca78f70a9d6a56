// The documents of events: inserted in order, and what there is to know where an index refuses one. One writer's
// thread.
//
// The documents of rooms: put, deleted, marked as purged, and set back. Every call may be repeated, and the newest
// version of a room wins, whatever arrives when. A room that a newer process has taken over is left alone: each write
// has the number of this process in its filter. One writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/mongo/fence.h"
#include "store/mongo/operations.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Why an event was refused as a duplicate.
enum class ConflictKind : std::uint8_t {
    same_event,     ///< It is there already, from a call that broke off.
    foreign_event,  ///< Its seq is taken by an event that this process didn't write.
    repeated_id,    ///< Its sender has used its id before.
    gone,           ///< What was in the way is gone.
};

class EventCollection {
public:
    using Events = std::vector<const chat::Event*>;

    EventCollection(Session& session, std::uint64_t writer) : session_(session), writer_(writer) {}

    WriteResult insert(const Events& events);
    /// Those of `events` that are there as they are. Throws DatabaseError.
    std::unordered_set<const chat::Event*> find_same(const Events& events);

    struct Conflict {
        ConflictKind taken;
        std::uint64_t writer = 0;  ///< Who wrote what is in the way.
    };
    /// Looks at what is in the way of `event`, and removes it where it was purged. Throws DatabaseError.
    Conflict examine(const chat::Event& event, std::uint64_t purged_seq);

    /// Throws DatabaseError.
    std::uint64_t newest_seq(chat::RoomId room);
    WriteResult remove(const Events& events);

private:
    Session& session_;
    const std::uint64_t writer_;
};

class RoomCollection {
public:
    /// Both outlive it; `fence` has a number.
    RoomCollection(Session& session, Fence& fence) : session_(session), fence_(fence) {}

    /// Refused where the title is another room's, or the document is not what this process left. The fence is closed
    /// then if a newer process has the room.
    WriteResult write(const PutRoomDocument& put, chat::RoomId room);
    WriteResult write(const DeleteRoomDocument& deletion, chat::RoomId room);
    WriteResult write(const MarkPurged& purge, chat::RoomId room);

    /// After these the room is what it was before, whatever became of `write`.
    WriteResult roll_back(const PutRoomDocument& put, chat::RoomId room);
    WriteResult roll_back(const DeleteRoomDocument& deletion, chat::RoomId room);

private:
    WriteResult insert(const chat::RoomRecord& record, std::uint64_t version, std::uint64_t purged_seq);
    WriteResult update(const chat::RoomRecord& record, std::uint64_t version);
    WriteResult remove(chat::RoomId room);
    WriteResult adopt(const chat::RoomRecord& record, std::uint64_t version);
    WriteResult compare(const chat::RoomRecord& record, std::uint64_t version, const std::string& cause);
    WriteResult explain_no_match(chat::RoomId room);
    WriteResult rejected_by_newer();
    Document own(chat::RoomId room) const;
    WriteResult remove_leftover_events(chat::RoomId room);

    Session& session_;
    Fence& fence_;
};

}  // namespace globes::store::mongo
