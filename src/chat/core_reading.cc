// The core's part that reads: what of a room's events may be seen, how readers catch up, and the removal of what has
// expired.
#include <algorithm>
#include <memory>
#include <utility>

#include "chat/core.h"

namespace globes::chat {
namespace {

constexpr UnixMicros kMicrosPerSecond = 1'000'000;
// Of one call of `purge`, and of one transaction of it: commits wait for no longer than that takes.
constexpr std::size_t kPurgedRooms = 256;
constexpr std::uint64_t kPurgedEvents = 1000;

}  // namespace

Core::Readable Core::readable(const Room& room) const {
    const RoomRecord& record = room.record();
    const std::uint64_t seconds = record.retention_s != 0 ? record.retention_s : retention_.seconds;
    const std::uint64_t wanted = record.max_events != 0 ? record.max_events : retention_.events;
    const std::uint64_t sure = ports_.store.sure_events();
    const std::uint64_t events = sure != 0 && (wanted == 0 || wanted > sure) ? sure : wanted;
    Readable part{.first_seq = std::max(room.first_seq(), room.shown_seq()), .last_seq = room.last_seq()};
    if (events != 0 && part.last_seq > events) part.first_seq = std::max(part.first_seq, part.last_seq - events + 1);
    if (seconds == 0) return part;
    const auto period = static_cast<UnixMicros>(seconds) * kMicrosPerSecond;
    part.expiry = {.now = expiry_clock_.now(), .period = period};
    part.first_seq = std::max(part.first_seq, room.unexpired_seq());
    // Whatever the wall clock has said meanwhile.
    const bool is_silent = ports_.clock.steady() - room.stored_until() >= std::chrono::microseconds(period);
    if (is_silent) part.first_seq = part.last_seq + 1;
    return part;
}

/// Before events of the room are known to be stored.
void Core::note_stored(Room& room) {
    room.set_unexpired_seq(readable(room).first_seq);  // a silence that was long enough ends here
    room.set_stored_until(ports_.clock.steady());
}

void Core::look_for_expired(RoomId id, Task done) {
    expiry_clock_.observe();
    const Room* room = directory_.find(id);
    const Readable part = room == nullptr ? Readable{} : readable(*room);
    if (!part.expiry.is_on() || part.first_seq > part.last_seq) return done();
    const UnixMicros not_before = part.expiry.not_before();
    const auto looked_until = room->looked_until();
    const bool is_fresh = looked_until && not_before >= *looked_until && not_before - *looked_until < kMicrosPerSecond;
    if (is_fresh) return done();
    ++in_flight_;
    ports_.store.read_events({.room = id, .limit = 1, .expiry = part.expiry},
                             [this, id, not_before, done = std::move(done)](const EventPage& page) mutable {
                                 ports_.post([this, id, not_before, done = std::move(done),
                                              first_seq = page.ok ? page.first_seq : 0]() mutable {
                                     --in_flight_;
                                     if (Room* found = directory_.find(id); found != nullptr && first_seq != 0) {
                                         found->set_unexpired_seq(std::min(first_seq, found->last_seq() + 1));
                                         found->set_looked_until(not_before);
                                     }
                                     done();
                                 });
                             });
}

// --- catching up -----------------------------------------------------------------------------------------------------

void Core::catch_up(const Reader& reader, std::move_only_function<void(CatchUp)> reply) {
    look_for_expired(reader.room, [this, reader, reply = std::move(reply)]() mutable {
        catch_up_from_first(reader, std::move(reply));
    });
}

void Core::catch_up_from_first(const Reader& reader, std::move_only_function<void(CatchUp)> reply) {
    const Room* room = directory_.find(reader.room);
    if (room == nullptr) return reply({});
    const Readable part = readable(*room);
    const roomlog::ReplayCache& cache = room->replay_cache();
    // Where so much has passed meanwhile that the log does not reach back to where the reader entered, it reads what is
    // durable up to now.
    const bool joins_log = cache.reaches(reader.from);
    const std::uint64_t until = joins_log ? reader.until : part.last_seq;
    const std::uint64_t after = std::max(reader.after, part.first_seq - 1);
    if (auto frames = cache.durable(after, until)) {
        if (joins_log) std::ranges::move(cache.since(reader.from), std::back_inserter(*frames));
        return reply({.is_ok = true, .frames = std::move(*frames), .after = until, .live = room->log().end()});
    }
    history_.read(reader.room, after, part.last_seq, part.expiry,
                  [after, until, reply = std::move(reply)](const std::shared_ptr<const FramePage>& page) mutable {
                      if (page == nullptr) return reply({});
                      if (page->last_seq <= after) return reply({.is_ok = true, .after = until});  // has expired
                      CatchUp step{.is_ok = true, .after = std::min(page->last_seq, until)};
                      step.frames.push_back(page->between(after, until));
                      reply(std::move(step));
                  });
}

void Core::check_last_seen(RoomId id, const LastSeen& seen, std::move_only_function<void(SeenCheck)> done) {
    const auto compare = [time = seen.time](std::optional<UnixMicros> kept) {
        return !kept || *kept == time ? SeenCheck::matches : SeenCheck::differs;
    };
    const Room* room = directory_.find(id);
    if (room == nullptr || seen.seq < room->first_seq()) return done(SeenCheck::matches);
    if (seen.seq > room->last_seq()) return done(SeenCheck::differs);
    if (const auto time = room->replay_cache().time_of(seen.seq)) return done(compare(time));
    // The page that holds it: a client that catches up from there needs that page, or the one behind it, next.
    const Readable part = readable(*room);
    history_.read(id, seen.seq - 1, part.last_seq, part.expiry,
                  [seq = seen.seq, compare, done = std::move(done)](const auto& page) mutable {
                      done(page == nullptr ? SeenCheck::unreadable : compare(page->time_of(seq)));
                  });
}

// --- retention -------------------------------------------------------------------------------------------------------

void Core::purge() {
    if (is_draining_) return;
    expiry_clock_.observe();
    std::size_t looked_at = 0;
    directory_.for_each_from(purge_from_, [&](const Room& room) {
        const RoomId id = room.record().id;
        purge_from_ = id + 1;
        if (purging_.insert(id).second) look_for_expired(id, [this, id] { purge_step(id); });
        return ++looked_at < kPurgedRooms;
    });
    if (looked_at < kPurgedRooms) purge_from_ = 0;
}

/// Steps follow each other until nothing is left to purge; the room is in `purging_` for as long.
void Core::purge_step(RoomId id) {
    const Room* room = directory_.find(id);
    const std::uint64_t first_seq = room == nullptr ? 0 : readable(*room).first_seq;
    if (room == nullptr || first_seq <= room->first_seq() || is_being_deleted(id) || is_draining_) {
        purging_.erase(id);
        return;
    }
    const std::uint64_t through_seq = std::min(first_seq - 1, room->first_seq() - 1 + kPurgedEvents);
    ++in_flight_;
    StoreBatch batch;
    batch.push_back(PurgeEvents{.room = id, .through_seq = through_seq});
    ports_.store.append(std::move(batch), [this, id, through_seq](CommitOutcome outcome) {
        ports_.post([this, id, through_seq, outcome] {
            --in_flight_;
            count_outcome(outcome);
            Room* purged = directory_.find(id);
            if (purged == nullptr || outcome != CommitOutcome::committed) {
                purging_.erase(id);
                return;
            }
            purged->set_first_seq(through_seq + 1);
            purge_step(id);
        });
    });
}

}  // namespace globes::chat
