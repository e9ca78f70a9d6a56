// All rooms, by id and by title, and the next room id. Owned by the core. Thread: the core thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "chat/room.h"
#include "chat/room_record.h"

namespace globes::chat {

class Directory {
public:
    explicit Directory(RoomId next_id = 1) : next_id_(next_id) {}

    /// Counted ids continue from `next_id`.
    void set_next_id(RoomId next_id) { next_id_ = next_id; }

    /// Returns null if the room does not exist. Valid until the room is erased.
    Room* find(RoomId id) const;
    Room* find(const RoomKey& key) const;

    /// Returns at most `limit` rooms that are not hidden and have an id above `after`, in ascending order.
    std::vector<const Room*> list(RoomId after, std::size_t limit) const;
    std::size_t size() const { return rooms_.size(); }
    template <class Act>
    void for_each(Act act) {
        for (const auto& [id, room] : rooms_) act(*room);
    }

    /// Returns a new id: random for a hidden room, otherwise counted. Counted ids are never used again.
    RoomId new_id(Visibility visibility);

    /// Reserves a title for a room, so that no other room gets it while this one is written to the store. Returns false
    /// if another room has it.
    bool claim_title(const std::string& title, RoomId id);
    /// Frees the title if room `id` has it.
    void free_title(const std::string& title, RoomId id);

    /// Adds a room with a new id. Its title MUST have been claimed.
    Room& insert(std::unique_ptr<Room> room);
    /// Replaces the record of a room in this directory. The new title MUST have been claimed; the old one is freed.
    void change(Room& room, RoomRecord record);
    /// Destroys a room and frees its title. Does nothing if the room does not exist.
    void erase(RoomId id);

private:
    void relist(const Room& room);

    std::map<RoomId, std::unique_ptr<Room>> rooms_;
    std::map<RoomId, const Room*> listed_;                    // rooms that are not hidden
    std::unordered_map<std::string, RoomId, KeyedHash> ids_;  // by folded title; also of rooms that are not stored yet
    RoomId next_id_;
};

}  // namespace globes::chat
