#include "chat/catch_up.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <memory>
#include <utility>

namespace globes::chat {

void CatchUp::read(const Reader& reader, std::move_only_function<void(Step)> reply) {
    purger_.refresh(reader.room,
                    [this, reader, reply = std::move(reply)]() mutable { read_visible(reader, std::move(reply)); });
}

void CatchUp::read_visible(const Reader& reader, std::move_only_function<void(Step)> reply) {
    const Room* room = directory_.find(reader.room);
    if (room == nullptr) return reply({});
    const VisibleRange visible = room->visible();
    const roomlog::ReplayCache& cache = room->replay_cache();
    cache.note_use();
    // If the replay cache does not reach back to `from` any more, the client gets all durable events up to now instead.
    const bool is_cached = cache.reaches(reader.from);
    const std::uint64_t until = is_cached ? reader.until : visible.last_seq;
    assert(until <= visible.last_seq);
    const std::uint64_t after = std::max(reader.after, visible.first_seq - 1);
    if (auto frames = cache.durable(after, until)) {
        if (is_cached) std::ranges::move(cache.since(reader.from), std::back_inserter(*frames));
        return reply({.is_ok = true, .frames = std::move(*frames), .after = until, .live = room->log_end()});
    }
    history_.read(reader.room, after, visible.last_seq, visible.expiry, reader.asker,
                  [after, until, reply = std::move(reply)](const std::shared_ptr<const FramePage>& page) mutable {
                      if (page == nullptr) return reply({});
                      if (page->last_seq <= after) return reply({.is_ok = true, .after = until});  // all have expired
                      Step step{.is_ok = true, .after = std::min(page->last_seq, until)};
                      step.frames.push_back(page->between(after, until));
                      reply(std::move(step));
                  });
}

void CatchUp::check_last_seen(RoomId id, const LastSeen& seen, Asker asker,
                              std::move_only_function<void(SeenCheck)> done) {
    const auto compare = [time = seen.time](std::optional<UnixMicros> kept) {
        return !kept || *kept == time ? SeenCheck::matches : SeenCheck::differs;
    };
    const Room* room = directory_.find(id);
    if (room == nullptr || seen.seq < room->floors().stored()) return done(SeenCheck::matches);
    if (seen.seq > room->last_seq()) return done(SeenCheck::differs);
    if (const auto time = room->replay_cache().time_of(seen.seq)) return done(compare(time));
    history_.read_event(id, seen.seq, room->visible().expiry, asker,
                        [seq = seen.seq, compare, done = std::move(done)](const auto& page) mutable {
                            done(page == nullptr ? SeenCheck::unreadable : compare(page->time_of(seq)));
                        });
}

}  // namespace globes::chat
