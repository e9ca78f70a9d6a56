// Removes expired events from the store soon after they expire, room by room, and keeps the start of visible ranges
// exact. Each room with a retention limit has one entry in a queue, ordered by next expiry; other rooms have no cost.
// Owned by the core. Thread: the core thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/keyed_hash.h"
#include "base/mailbox.h"
#include "chat/core_store.h"
#include "chat/directory.h"
#include "chat/expiry.h"

namespace globes::chat {

class Purger {
public:
    /// The limit of one transaction, so that other commits do not wait long.
    static constexpr std::uint64_t kMaxEventsPerPurge = 1000;
    /// The limit of rooms that are checked or purged at the same time.
    static constexpr std::size_t kMaxConcurrentRooms = 16;

    /// The arguments MUST outlive this object.
    Purger(Directory& directory, CoreStore& store, const Clock& clock, ExpiryClock& expiry_clock)
        : directory_(directory), store_(store), clock_(clock), expiry_clock_(expiry_clock) {}

    /// The room is new, or its retention may have changed: it is due now.
    void on_room_changed(const Room& room);
    /// The room is deleted.
    void on_room_erased(RoomId room);
    /// Events of the room were stored.
    void on_stored(const Room& room);

    /// Purges the rooms that are due. Call it every few seconds.
    void run();
    /// Starts no purge from now on.
    void stop() { is_stopped_ = true; }

    /// Asks the store which events of the room have expired by time, so that its visible range is exact to the second.
    /// Calls `done` before it returns if nothing expires by time, or if the last answer is less than a second old.
    void refresh(RoomId room, Task done);

private:
    using TimePoint = std::chrono::steady_clock::time_point;

    void schedule(RoomId room, TimePoint at);
    void unschedule(RoomId room);
    void schedule_next(const Room& room, TimePoint at_least);
    void start_due();
    void step(RoomId room);
    void finish(RoomId room, bool is_ok);
    bool has_surplus(const Room& room) const;

    Directory& directory_;
    CoreStore& store_;
    const Clock& clock_;
    ExpiryClock& expiry_clock_;

    std::set<std::pair<TimePoint, RoomId>> queue_;             // by next expiry
    std::unordered_map<RoomId, TimePoint, KeyedHash> queued_;  // the same entries by room
    std::unordered_set<RoomId, KeyedHash> running_;
    std::vector<RoomId> failed_;  // due at the next `run`
    bool is_starting_ = false;    // `start_due` is on the stack
    bool is_stopped_ = false;
    std::chrono::microseconds wall_ahead_by_{0};  // of the monotonic clock, when last compared
};

}  // namespace globes::chat
