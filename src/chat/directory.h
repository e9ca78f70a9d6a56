// All rooms, by id and by title, and the ids that are still to be given. Owned by the core, core thread only.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/room.h"
#include "chat/room_record.h"

namespace globes::chat {

class Directory {
public:
    explicit Directory(RoomId next_id = 1) : next_id_(next_id) {}

    /// Counted ids go on from there.
    void set_next_id(RoomId next_id) { next_id_ = next_id; }

    /// Null where there is no such room. Valid until it is erased.
    Room* find(RoomId id) const;
    Room* find(const RoomKey& key) const;

    /// Rooms that are not hidden with an id above `after`, ascending.
    std::vector<const Room*> list(RoomId after, std::size_t limit) const;
    std::size_t size() const { return rooms_.size(); }

    /// A counted id, or a random one for a room that is created hidden. Never given again.
    RoomId give_id(Visibility visibility);

    /// Claims a title for a room that has it soon or already, so that nobody else gets it meanwhile. False: it is
    /// taken.
    bool claim_title(const std::string& title, RoomId id);
    /// Frees a title, unless another room has it.
    void free_title(const std::string& title, RoomId id);

    /// The title must have been claimed.
    Room& insert(std::unique_ptr<Room> room);
    /// Gives a room of the directory its changed record; the new title must have been claimed, the old one gets free.
    void change(Room& room, RoomRecord record);
    /// Frees the title too.
    void erase(RoomId id);

private:
    void relist(const Room& room);

    std::map<RoomId, std::unique_ptr<Room>> rooms_;
    std::map<RoomId, const Room*> listed_;         // those that are not hidden
    std::unordered_map<std::string, RoomId> ids_;  // by folded title; also of rooms on their way to the store
    RoomId next_id_;
};

}  // namespace globes::chat
