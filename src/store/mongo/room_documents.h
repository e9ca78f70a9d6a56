// The documents of rooms: put, deleted, marked as purged, and set back. Every call may be repeated, and the newest
// version of a room wins, whatever arrives when. A room that a newer process has taken over is left alone: each write
// has the number of this process in its filter. One writer's thread.
#pragma once

#include "store/mongo/fence.h"
#include "store/mongo/session.h"
#include "store/mongo/step.h"

namespace globes::store::mongo {

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
