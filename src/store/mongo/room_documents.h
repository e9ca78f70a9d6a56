// The documents of rooms: put, deleted, marked as purged, and set back. Every call may be repeated, and the newest
// version of a room wins, whatever arrives when. A room that a newer process has taken over is left alone: each write
// has the number of this process in its filter. One writer's thread.
#pragma once

#include "store/mongo/fence.h"
#include "store/mongo/session.h"
#include "store/mongo/step.h"

namespace globes::store::mongo {

class RoomDocuments {
public:
    /// Both outlive it; `fence` has a number.
    RoomDocuments(Session& session, Fence& fence) : session_(session), fence_(fence) {}

    /// Refused where the title is another room's, or the document is not what this process left. The fence is closed
    /// then if a newer process has the room.
    Outcome write(const PutRoomDocument& put, chat::RoomId room);
    Outcome write(const DeleteRoomDocument& deletion, chat::RoomId room);
    Outcome write(const MarkPurged& purge, chat::RoomId room);

    /// After these the room is what it was before, whatever became of `write`.
    Outcome undo(const PutRoomDocument& put, chat::RoomId room);
    Outcome undo(const DeleteRoomDocument& deletion, chat::RoomId room);

private:
    Outcome insert(const chat::RoomRecord& record, std::uint64_t version, std::uint64_t purged_seq);
    Outcome update(const chat::RoomRecord& record, std::uint64_t version);
    Outcome remove(chat::RoomId room);
    Outcome adopt(const chat::RoomRecord& record, std::uint64_t version);
    Outcome compare(const chat::RoomRecord& record, std::uint64_t version, const std::string& cause);
    Outcome explain_no_match(chat::RoomId room);
    Outcome refused_by_newer();
    Document own(chat::RoomId room) const;
    Outcome forget_events(chat::RoomId room);

    Session& session_;
    Fence& fence_;
};

}  // namespace globes::store::mongo
