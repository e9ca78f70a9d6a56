// All rooms, by id and by title, and the next room id. Owned by the core. Thread: the core thread.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
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

    /// Checks that no other room than `id` has the title, and that it looks like that of no other listed room
    /// (base/look_alike.h). A hidden room may have any other look-alike, because a refusal would reveal it, and no list
    /// shows it. Error: duplicate_room (field title), with a reason for a look-alike.
    Result<void> check_title(const std::string& title, Visibility visibility, RoomId id = 0) const;
    /// Reserves a title for a room, so that no other room gets it while this one is written to the store. Error: as
    /// `check_title`.
    Result<void> claim_title(const std::string& title, Visibility visibility, RoomId id);
    /// The same for a stored room at start, whose title may look like another one: earlier versions accepted it.
    /// Returns false if another room has the title.
    bool claim_stored_title(const std::string& title, Visibility visibility, RoomId id);
    /// Frees the title if room `id` has it, and does not need it for its record.
    void free_title(const std::string& title, RoomId id);

    /// Adds a room with a new id. Its title MUST have been claimed.
    Room& insert(std::unique_ptr<Room> room);
    /// Replaces the record of a room in this directory. The new title MUST have been claimed; the old one is freed.
    void change(Room& room, RoomRecord record);
    /// Destroys a room and frees its title. Does nothing if the room does not exist.
    void erase(RoomId id);

private:
    /// A keyed hash of one of the LookAlikeKeys of a title. A pair of different keys with one hash would only make a
    /// title unavailable.
    using LookHash = std::size_t;

    static std::array<LookHash, 2> looks_of(const std::string& title);
    void relist(const Room& room);

    std::map<RoomId, std::unique_ptr<Room>> rooms_;
    std::map<RoomId, const Room*> listed_;                    // rooms that are not hidden
    std::unordered_map<std::string, RoomId, KeyedHash> ids_;  // by folded title; also of rooms that are not stored yet
    std::set<std::pair<LookHash, RoomId>> looks_;  // of the titles of listed rooms; also of rooms not stored yet
    RoomId next_id_;
};

}  // namespace globes::chat
