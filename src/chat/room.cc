#include "chat/room.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/unicode.h"

namespace globes::chat {
namespace {

constexpr UnixMicros kTimeStandsStill = 10'000'000;  // at most

/// What an event in the line counts. The name and the id of a send with an id stand there twice.
std::size_t size_of(const Event& event) {
    return sizeof event + 2 * (event.name.size() + event.client_id.size()) + event.color.size() + event.text.size();
}

/// The text under which a sender's id is known in its room.
std::string id_text(const SendKey& key) { return key.folded_name + '\0' + key.client_id; }

std::optional<UnixMicros> time_of_newest(const StoredRoom& stored) {
    if (stored.first_seq > stored.last_seq) return std::nullopt;
    return stored.last_time;
}

std::unexpected<Error> name_error(ErrorCode code) { return std::unexpected(Error{code, "name"}); }

}  // namespace

Room::Room(StoredRoom stored, Shared& shared)
    : record_(std::move(stored.record)),
      shared_(shared),
      participants_(shared.io_threads),
      replay_cache_(shared.replay_cache, stored.last_seq, time_of_newest(stored)),
      last_seq_(stored.last_seq),
      first_seq_(stored.first_seq),
      last_time_(stored.last_time) {}

Result<void> Room::accept(ConnectionId sender, ClientEvent event, UnixMicros now) {
    Participant* participant = participants_.find(sender);
    if (participant == nullptr) return {};
    now = time_at(now);
    if (event.kind == EventKind::leave) {
        if (!participant->is_member()) return name_error(ErrorCode::user_not_found);
        if (event.name != participant->membership->name) return name_error(ErrorCode::client_unauthorized);
        leave(*participant, std::move(event.color), std::move(event.client_id), now);
        return {};
    }
    if (auto checked = check_name(*participant, event.name); !checked) return checked;
    if (waiting_bytes_ >= shared_.limits.waiting_bytes) return std::unexpected(Error{ErrorCode::unavailable});
    return event.kind == EventKind::join ? join(*participant, std::move(event), now)
                                         : send(*participant, std::move(event), now);
}

/// The time of an event that is accepted now: the clock's, except that time stands still where the clock steps back a
/// little, as it does when it is corrected. A greater step back is the end of a wrong time, which must not go on.
UnixMicros Room::time_at(UnixMicros now) {
    const bool stands_still = now < last_time_ && last_time_ - now <= kTimeStandsStill;
    if (!stands_still) last_time_ = now;
    return last_time_;
}

Result<void> Room::check_name(const Participant& participant, const std::string& name) const {
    const bool is_own =
        participant.is_member() ? name == participant.membership->name : may_be_called(participant.token_name(), name);
    if (!is_own) return name_error(ErrorCode::client_unauthorized);
    return {};
}

bool Room::may_be_called(std::string_view token_name, std::string_view name) const {
    return record_.visibility == Visibility::public_room || token_name.empty() || name == token_name;
}

Result<void> Room::join(Participant& participant, ClientEvent event, UnixMicros now) {
    const bool is_new = !participant.is_member();
    if (is_new) {
        if (auto taken = participants_.take_name(participant, event.name); !taken) return taken;
        ++shared_.members;
    }
    participant.membership->last_activity = now;
    if (is_new || !event.color.empty()) participant.membership->color = event.color;
    if (!is_new) return {};
    std::string text = event.name + " entered the room.";
    enqueue({.event = {.kind = EventKind::join,
                       .room = record_.id,
                       .name = std::move(event.name),
                       .color = std::move(event.color),
                       .text = std::move(text),
                       .client_id = std::move(event.client_id),
                       .time = now},
             .sender = participant.connection});
    return {};
}

Result<void> Room::send(Participant& participant, ClientEvent event, UnixMicros now) {
    if (is_recovering_) return std::unexpected(Error{ErrorCode::unavailable});
    if (!participant.is_member()) {
        if (auto taken = participants_.take_name(participant, event.name); !taken) return taken;
        ++shared_.members;
        participant.membership->color = event.color;
    }
    participant.membership->last_activity = now;
    Event sent{.kind = event.kind,
               .room = record_.id,
               .name = std::move(event.name),
               .color = std::move(event.color),
               .text = std::move(event.text),
               .client_id = std::move(event.client_id),
               .time = now};
    const ConnectionId sender = participant.connection;
    if (sent.client_id.empty()) {
        enqueue({.event = std::move(sent), .sender = sender, .stage = Stage::ready});
        return {};
    }
    SendKey key{.room = record_.id, .folded_name = fold_case(sent.name), .client_id = sent.client_id};
    std::string id = id_text(key);
    const bool is_known = shared_.recent_ids.add(record_.id, id);
    const bool may_be_stored = is_known || !shared_.store_tells_repeats;
    if (waiting_ids_.insert(std::move(id)).second) {
        const Stage stage = may_be_stored ? Stage::unasked : Stage::ready;
        enqueue(
            {.event = std::move(sent), .key = std::move(key), .sender = sender, .stage = stage, .is_known = is_known});
    } else {
        // The same id is in the line already: this one is answered when that one is.
        find_waiting(key)->repeats.push_back(sender);
        waiting_bytes_ += sizeof sender;
    }
    return {};
}

void Room::leave(Participant& participant, std::string color, std::string client_id, UnixMicros now) {
    std::string name = participant.membership->name;
    if (color.empty()) color = participant.membership->color;
    std::string text = name + " has left the room.";
    const std::uint64_t hold = participants_.give_up_name(participant);
    --shared_.members;
    enqueue({.event = {.kind = EventKind::leave,
                       .room = record_.id,
                       .name = std::move(name),
                       .color = std::move(color),
                       .text = std::move(text),
                       .client_id = std::move(client_id),
                       .time = now},
             .sender = participant.connection,
             .hold = hold});
}

void Room::depart(ConnectionId connection, UnixMicros now) {
    Participant* participant = participants_.find(connection);
    if (participant == nullptr) return;
    if (participant->is_member()) leave(*participant, {}, {}, now);
    participants_.remove(connection);
}

void Room::enqueue(Waiting waiting) {
    waiting_bytes_ += size_of(waiting.event);
    unasked_ += waiting.stage == Stage::unasked;
    ready_sends_ += waiting.stage == Stage::ready;
    waiting_.push_back(std::move(waiting));
    append_ready(0);
}

// --- ids -------------------------------------------------------------------------------------------------------------

Ring<Room::Waiting>::iterator Room::find_waiting(const SendKey& key) {
    return std::ranges::find(waiting_, key, &Waiting::key);
}

void Room::take_lookups(std::vector<SendKey>& keys) {
    if (unasked_ == 0) return;
    for (Waiting& waiting : waiting_) {
        if (waiting.stage != Stage::unasked) continue;
        waiting.stage = Stage::looking_up;
        waiting.was_asked = true;
        keys.push_back(waiting.key);
    }
    unasked_ = 0;
}

void Room::resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found) {
    std::unordered_map<std::string, const std::optional<Event>*> answers;
    for (std::size_t i = 0; i < keys.size(); ++i)
        answers.emplace(id_text(keys[i]), found.empty() ? nullptr : &found[i]);
    waiting_.remove_if([&](Waiting& waiting) {
        if (waiting.stage != Stage::looking_up) return false;
        const auto answer = answers.find(id_text(waiting.key));
        if (answer == answers.end()) return false;
        if (answer->second != nullptr && !answer->second->has_value()) {
            waiting.stage = Stage::ready;
            ++ready_sends_;
            return false;
        }
        forget(waiting);
        if (answer->second == nullptr) {
            note_not_confirmed(waiting, true);
            refuse(waiting);
        } else {
            Waiting original{.event = **answer->second, .repeats = {waiting.sender}};
            original.repeats.insert(original.repeats.end(), waiting.repeats.begin(), waiting.repeats.end());
            confirm(original);
        }
        return true;
    });
    append_ready(0);  // live events may have waited for these alone
}

/// Takes what leaves the line out of the books.
void Room::forget(const Waiting& waiting) {
    waiting_bytes_ -= size_of(waiting.event) + waiting.repeats.size() * sizeof(ConnectionId);
    if (!waiting.key.client_id.empty()) waiting_ids_.erase(id_text(waiting.key));
}

/// Tells the sender, and whoever sent the same id again, that the event is stored.
void Room::confirm(const Waiting& waiting) {
    const Event& event = waiting.event;
    if (event.client_id.empty() || !is_durable(event.kind)) return;
    if (waiting.sender != 0)
        answers_.push_back({.sender = waiting.sender, .client_id = event.client_id, .seq = event.seq});
    for (const ConnectionId repeat : waiting.repeats) {
        answers_.push_back({.sender = repeat,
                            .name = event.name,
                            .client_id = event.client_id,
                            .seq = event.seq,
                            .is_duplicate = true,
                            .time = event.time,
                            .frame = frame_of(event)});
    }
}

void Room::refuse(const Waiting& waiting) {
    const auto refuse_to = [&](ConnectionId sender) {
        answers_.push_back({.sender = sender, .name = waiting.event.name, .client_id = waiting.event.client_id});
    };
    refuse_to(waiting.sender);
    std::ranges::for_each(waiting.repeats, refuse_to);
}

// --- storing ---------------------------------------------------------------------------------------------------------

bool Room::submit(StoreBatch& batch) {
    std::uint64_t seq = last_seq_;
    for (Waiting& waiting : waiting_) {
        if (waiting.stage == Stage::live) continue;
        if (waiting.stage != Stage::ready) break;
        waiting.event.seq = ++seq;
        waiting.stage = Stage::submitted;
        --ready_sends_;
        batch.push_back(AppendEvent{waiting.event});
    }
    in_flight_ = seq > last_seq_;
    return in_flight_;
}

void Room::commit() {
    in_flight_ = false;
    append_ready(std::numeric_limits<std::uint64_t>::max());
}

void Room::commit_before(std::uint64_t repeated_seq) {
    in_flight_ = false;
    append_ready(repeated_seq - 1);
    waiting_.remove_if([&](Waiting& waiting) {
        if (waiting.stage != Stage::submitted) return false;
        if (waiting.event.seq == repeated_seq && waiting.was_asked) {
            // The store refuses an id that it does not find.
            forget(waiting);
            refuse(waiting);
            return true;
        }
        const bool is_to_ask = !waiting.event.client_id.empty() && !waiting.was_asked;
        waiting.stage = is_to_ask ? Stage::unasked : Stage::ready;
        waiting.is_known |= waiting.event.seq == repeated_seq;
        waiting.event.seq = 0;
        ++(is_to_ask ? unasked_ : ready_sends_);
        return false;
    });
    append_ready(0);
}

void Room::fail(bool is_known) {
    in_flight_ = false;
    is_recovering_ = !is_known;
    waiting_.remove_if([&](const Waiting& waiting) {
        if (waiting.stage == Stage::live) return false;
        note_not_confirmed(waiting, is_known);
        forget(waiting);
        refuse(waiting);
        return true;
    });
    unasked_ = 0;
    ready_sends_ = 0;
    append_ready(0);
}

/// A refused id comes again. If it needed a lookup then, a store that is too slow for lookups would refuse it for ever:
/// an id that is not stored as far as this process knows counts as new.
void Room::note_not_confirmed(const Waiting& waiting, bool is_outcome_known) {
    if (waiting.key.client_id.empty()) return;
    const bool was_submitted = waiting.stage == Stage::submitted;
    const bool may_be_stored = waiting.is_known && !was_submitted && waiting.stage != Stage::ready;
    if (was_submitted && !is_outcome_known)
        undecided_ids_.push_back(id_text(waiting.key));
    else if (!may_be_stored)
        shared_.recent_ids.forget(record_.id, id_text(waiting.key));
}

void Room::recover(const std::vector<Event>& events) {
    std::unordered_set<std::string> stored;
    for (const Event& event : events) {
        last_seq_ = event.seq;
        append(event);
        if (!event.client_id.empty())
            stored.insert(
                id_text({.room = record_.id, .folded_name = fold_case(event.name), .client_id = event.client_id}));
    }
    for (const std::string& id : std::exchange(undecided_ids_, {}))
        if (!stored.contains(id)) shared_.recent_ids.forget(record_.id, id);
    is_recovering_ = false;
}

/// Moves what waits for nothing any more from the head of the line into the log: live events, and what was submitted up
/// to `stored_seq`.
void Room::append_ready(std::uint64_t stored_seq) {
    while (!waiting_.empty()) {
        const Stage stage = waiting_.front().stage;
        const bool is_stored = stage == Stage::submitted && waiting_.front().event.seq <= stored_seq;
        if (stage != Stage::live && !is_stored) return;
        const Waiting waiting = std::move(waiting_.front());
        waiting_.pop_front();
        forget(waiting);
        if (stage == Stage::submitted) last_seq_ = waiting.event.seq;
        append(waiting.event);
        confirm(waiting);
        if (waiting.hold != 0) participants_.release_name(waiting.event.name, waiting.hold);
    }
}

void Room::append(const Event& event) {
    const roomlog::Slice frame = log_.append(frame_of(event));
    if (is_durable(event.kind)) {
        ++shared_.sends_stored;
        replay_cache_.add(event.seq, event.time, frame);
    } else {
        replay_cache_.add_live(frame);
    }
}

std::string Room::frame_of(const Event& event) const {
    std::string frame;
    shared_.encoder.append_frame(frame, event);
    return frame;
}

}  // namespace globes::chat
