#include "chat/purger.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace globes::chat {
namespace {

using std::chrono::microseconds;

// The shortest time until a room is due again. Its oldest event may seem to have expired already: the rules of expiry.h
// may keep an event whose time is wrong.
constexpr std::chrono::seconds kMinInterval{5};
// The longest time until a room is due again, because the wall clock drifts against the monotonic one.
constexpr std::chrono::hours kMaxInterval{1};
// If the expiry clock moves against the monotonic clock by more than this, all rooms are due.
constexpr std::chrono::seconds kWallStep{1};
// How long the store's answer to `refresh` is used.
constexpr UnixMicros kFreshFor = 1'000'000;

}  // namespace

// --- the queue -------------------------------------------------------------------------------------------------------

void Purger::schedule(RoomId room, TimePoint at) {
    unschedule(room);
    queue_.emplace(at, room);
    queued_.emplace(room, at);
    assert(queue_.size() == queued_.size());
}

void Purger::unschedule(RoomId room) {
    const auto found = queued_.find(room);
    if (found == queued_.end()) return;
    queue_.erase({found->second, room});
    queued_.erase(found);
}

void Purger::on_room_changed(const Room& room) {
    if (!room.retention().any()) return unschedule(room.id());
    if (!running_.contains(room.id())) schedule(room.id(), clock_.steady());
}

void Purger::on_room_erased(RoomId room) { unschedule(room); }

void Purger::on_stored(const Room& room) {
    const RetentionLimits limits = room.retention();
    if (!limits.any() || running_.contains(room.id())) return;
    const auto now = clock_.steady();
    const auto queued = queued_.find(room.id());
    if (has_surplus(room)) {
        if (queued == queued_.end() || queued->second > now) schedule(room.id(), now);
    } else if (limits.seconds != 0 && queued == queued_.end()) {
        schedule(room.id(), now + std::min<microseconds>(std::chrono::seconds(limits.seconds), kMaxInterval));
    }
}

/// Whether the store has events before the visible range of the room.
bool Purger::has_surplus(const Room& room) const { return room.visible().first_seq > room.floors().stored(); }

/// The room has been purged. It is due again when its oldest event expires.
void Purger::schedule_next(const Room& room, TimePoint at_least) {
    const RetentionLimits limits = room.retention();
    const VisibleRange visible = room.visible();
    if (limits.seconds == 0 || visible.empty()) return;  // `on_stored` schedules the room before an event can expire
    // If the time is unknown, the room is due soon, and the store is asked.
    const UnixMicros oldest = room.floors().oldest_time().value_or(visible.expiry.not_before());
    const auto until_expiry = microseconds(oldest - visible.expiry.not_before());
    schedule(room.id(), std::max(at_least, clock_.steady() + std::min<microseconds>(until_expiry, kMaxInterval)));
}

// --- purging ---------------------------------------------------------------------------------------------------------

void Purger::run() {
    if (is_stopped_) return;
    expiry_clock_.observe();
    const auto ahead_by = microseconds(expiry_clock_.now()) -
                          std::chrono::duration_cast<microseconds>(clock_.steady().time_since_epoch());
    if (std::chrono::abs(ahead_by - wall_ahead_by_) > kWallStep) {
        wall_ahead_by_ = ahead_by;
        queue_.clear();
        for (auto& [room, at] : queued_) {
            at = clock_.steady();
            queue_.emplace(at, room);
        }
    }
    for (const RoomId room : std::exchange(failed_, {}))
        if (directory_.find(room) != nullptr && !running_.contains(room)) schedule(room, clock_.steady());
    start_due();
}

void Purger::start_due() {
    if (is_starting_) return;
    is_starting_ = true;
    const auto now = clock_.steady();
    while (running_.size() < kMaxConcurrentRooms && !queue_.empty() && queue_.begin()->first <= now && !is_stopped_) {
        const RoomId room = queue_.begin()->second;
        unschedule(room);
        [[maybe_unused]] const bool is_new = running_.insert(room).second;
        assert(is_new);
        refresh(room, [this, room] { step(room); });
    }
    is_starting_ = false;
}

/// Purges a part of the room's expired events. Steps follow each other until no expired event is left.
void Purger::step(RoomId id) {
    assert(running_.contains(id));
    const Room* room = directory_.find(id);
    if (room == nullptr || room->is_being_deleted() || is_stopped_ || !has_surplus(*room)) return finish(id, true);
    const std::uint64_t through_seq =
        std::min(room->visible().first_seq - 1, room->floors().stored() - 1 + kMaxEventsPerPurge);
    assert(through_seq >= room->floors().stored());
    StoreBatch batch;
    batch.push_back(PurgeEvents{.room = id, .through_seq = through_seq});
    store_.append(std::move(batch), [this, id, through_seq](const BatchOutcome& outcome) {
        Room* purged = directory_.find(id);
        if (purged == nullptr || outcome != CommitOutcome::committed) return finish(id, false);
        purged->floors().raise_stored(through_seq + 1);
        step(id);
    });
}

void Purger::finish(RoomId id, bool is_ok) {
    running_.erase(id);
    if (const Room* room = directory_.find(id); room != nullptr) {
        if (is_ok) {
            schedule_next(*room, clock_.steady() + kMinInterval);
        } else {
            failed_.push_back(id);
        }
    }
    start_due();
}

void Purger::refresh(RoomId id, Task done) {
    expiry_clock_.observe();
    const Room* room = directory_.find(id);
    const VisibleRange visible = room == nullptr ? VisibleRange{} : room->visible();
    if (!visible.expiry.is_on() || visible.empty()) return done();
    const UnixMicros not_before = visible.expiry.not_before();
    const auto checked_until = room->floors().checked_until();
    const bool is_fresh = checked_until && not_before >= *checked_until && not_before - *checked_until < kFreshFor;
    if (is_fresh) return done();
    store_.read_events({.room = id, .limit = 1, .expiry = visible.expiry},
                       [this, id, not_before, done = std::move(done)](const EventPage& page) mutable {
                           Room* found = directory_.find(id);
                           if (found != nullptr && page.ok && page.first_seq != 0) {
                               found->floors().raise_unexpired(std::min(page.first_seq, found->last_seq() + 1));
                               std::optional<UnixMicros> oldest_time;
                               if (!page.events.empty()) oldest_time = page.events.front().time;
                               found->floors().set_expiry_checked(not_before, oldest_time);
                           }
                           done();
                       });
}

}  // namespace globes::chat
