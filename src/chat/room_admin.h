// Creates, changes and deletes rooms: each change goes to the store before anyone sees it, and changes of one room go
// one after the other. Owned by the core, core thread only.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "base/error.h"
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

    /// All of them outlive this.
    RoomAdmin(Directory& directory, Room::Shared& shared, Purger& purger, Effects& effects)
        : directory_(directory), shared_(shared), purger_(purger), effects_(effects) {}

    /// Takes over a room that is stored, or whose `put` is asked for next. Its title is claimed.
    Room& insert(StoredRoom room);
    /// Stores the record of a room that is there already; `done(is_stored)`.
    void put(const RoomRecord& record, std::move_only_function<void(bool)> done);

    /// `record` is checked (room_rules.h) and hashed; id and times are given here. Replies once the store has it.
    /// Errors: duplicate_room (field title), unavailable.
    void create(RoomRecord record, RoomReply reply);

    /// Replaces the room's record by `next`, which was made from `base`. If the room is not `base` any more, nothing is
    /// done and `changed_meanwhile` is called instead of `reply`: the caller makes its change again from the newer
    /// record. If room tokens end, the connections that came by them end too. Errors: room_not_found, duplicate_room
    /// (field title), unavailable.
    void update(const RoomRecord& base, RoomRecord next, std::move_only_function<void()> changed_meanwhile,
                RoomReply reply);

    /// Deletes the room and its events, if it still is `base`; otherwise as `update`.
    void remove(const RoomRecord& base, std::move_only_function<void()> changed_meanwhile, Reply reply);

    /// From now on every change is refused: the server is ending.
    void stop() { is_stopped_ = true; }

private:
    void apply_update(RoomRecord next);
    void write(RoomId room, StoreWrite write, std::move_only_function<void(bool)> done);

    Directory& directory_;
    Room::Shared& shared_;
    Purger& purger_;
    Effects& effects_;
    std::unordered_map<RoomId, std::vector<Task>> changing_;  // rooms with a change on its way: what waits for it
    bool is_stopped_ = false;
};

}  // namespace globes::chat
