// Creates, changes and deletes rooms. A change is stored before it takes effect, and changes of one room run one after
// another. Owned by the core. Thread: the core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/keyed_hash.h"
#include "base/mailbox.h"
#include "chat/directory.h"
#include "chat/effects.h"
#include "chat/purger.h"
#include "chat/room_record.h"

namespace globes::chat {

class RoomAdmin {
public:
    using RoomReply = std::move_only_function<void(Result<RoomView>)>;
    using Reply = std::move_only_function<void(Result<void>)>;

    /// The references MUST outlive this object. `max_rooms`: no room is created beyond this number; 0: unlimited.
    RoomAdmin(Directory& directory, Room::Shared& shared, Purger& purger, Effects& effects, std::size_t max_rooms = 0)
        : directory_(directory), shared_(shared), purger_(purger), effects_(effects), max_rooms_(max_rooms) {}

    /// Adds a room that is stored, or that the caller passes to `put` next. Its title MUST have been claimed.
    Room& insert(StoredRoom room);
    /// Stores a record and calls `done(is_stored)`. No other change of this room may be in flight.
    void put(const RoomRecord& record, std::move_only_function<void(bool)> done);

    /// Whether a room with this title and visibility may be created now. `create` asks too; a caller asks before work
    /// that takes long. Errors: as `create`.
    Result<void> may_create(const RoomRecord& record);

    /// Creates a room and replies when it is stored. `record`: valid (room_rules.h), with the password's hash; its id,
    /// salt and times are set here. Errors: duplicate_room (field title); unavailable, with a reason if the server has
    /// `max_rooms` rooms or too little free disk space.
    void create(RoomRecord record, RoomReply reply);

    /// Replaces the room's record by `next`, which was made from `base`, and replies when it is stored. If the room's
    /// record is not `base` any more, calls `changed_meanwhile` instead of `reply`: the caller repeats its change on
    /// the newer record. If the change ends room tokens, or owners' tokens, connections that have entered with one end
    /// too; with an owner's token only if the room is not public.
    /// Errors: room_not_found, duplicate_room (field title), unavailable; with a reason if the disk is low.
    void update(const RoomRecord& base, RoomRecord next, std::move_only_function<void()> changed_meanwhile,
                RoomReply reply);

    /// Deletes the room and its events, also if the disk is low. `base` and `changed_meanwhile`: as for `update`.
    /// Errors: room_not_found, unavailable.
    void remove(const RoomRecord& base, std::move_only_function<void()> changed_meanwhile, Reply reply);

    /// The number of rooms that were refused because of `max_rooms`, since the start.
    std::uint64_t refused_as_full() const { return refused_as_full_; }

    /// Refuses all changes from now on, because the server stops.
    void stop() { is_stopped_ = true; }

private:
    void apply_update(RoomRecord next);
    void write(RoomId room, StoreWrite write, std::move_only_function<void(bool)> done);

    Directory& directory_;
    Room::Shared& shared_;
    Purger& purger_;
    Effects& effects_;
    std::unordered_map<RoomId, std::vector<Task>, KeyedHash> changing_;  // changes that wait for the one in flight
    const std::size_t max_rooms_;
    std::size_t creating_ = 0;  // new rooms that are not stored yet
    std::uint64_t refused_as_full_ = 0;
    bool is_stopped_ = false;
};

}  // namespace globes::chat
