#include "chat/room.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "base/task_boundary.h"
#include "base/text.h"

namespace globes::chat {
namespace {

// The longest step back of the clock for which the previous time is reused.
constexpr UnixMicros kMaxStandstill = 10'000'000;

std::optional<UnixMicros> time_of_newest(const StoredRoom& stored) {
    if (stored.first_seq > stored.last_seq) return std::nullopt;
    return stored.last_time;
}

constexpr Error kUnconfirmed{.code = ErrorCode::unavailable};

std::unexpected<Error> name_error(ErrorCode code) { return std::unexpected(Error{code, "name"}); }

}  // namespace

Room::Room(StoredRoom stored, Shared& shared)
    : record_(std::move(stored.record)),
      shared_(shared),
      participants_(shared.io_threads),
      replay_cache_(shared.replay_cache, log_, stored.last_seq, time_of_newest(stored)),
      last_seq_(stored.last_seq),
      floors_(stored.first_seq),
      last_time_(stored.last_time) {
    floors_.set_last_stored_at(shared.clock.steady());
}

void Room::set_record(RoomRecord record) {
    assert(record.id == record_.id);
    floors_.raise_shown(visible().first_seq);
    record_ = std::move(record);
}

RetentionLimits Room::retention() const { return retention_of(record_, shared_.retention, shared_.guaranteed_events); }

VisibleRange Room::visible() const {
    return floors_.range(last_seq_, retention(),
                         {.wall = shared_.expiry_clock.now(), .steady = shared_.clock.steady()});
}

// --- commands --------------------------------------------------------------------------------------------------------

void Room::accept(ConnectionId sender, ClientEvent event, UnixMicros now, Effects& effects) {
    Participant* participant = participants_.find(sender);
    if (participant == nullptr) return;
    EventRefusal refusal{.error = {}, .name = event.name, .client_id = event.client_id};
    const UnixMicros time = time_at(now);
    // Set for an event that begins a membership; its keys are made once.
    std::optional<WantedName> new_name;
    if (!participant->is_member() && event.kind != EventKind::leave) new_name.emplace(event.name);
    Result<void> taken = check(*participant, event, new_name);
    if (taken && is_durable(event.kind)) {
        // Last, so that a send that is refused for another reason takes nothing from the others.
        if (const auto wait_ms = wait_for_rate()) {
            taken = std::unexpected(kRoomIsBusy);
            refusal.retry_after_ms = *wait_ms;
        }
    }
    if (taken) taken = take(*participant, std::move(event), new_name, time, effects);
    if (!taken) {
        refusal.error = taken.error();
        effects.add(Refuse{participant->io_thread, sender, id(), std::move(refusal)});
    }
    // Requests another read after a failed one. The core ignores it while a read is in flight.
    if (is_recovering_) effects.add(Recover{id()});
}

Result<void> Room::check(const Participant& sender, const ClientEvent& event,
                         const std::optional<WantedName>& new_name) const {
    if (event.kind == EventKind::leave) {
        if (!sender.is_member()) return name_error(ErrorCode::user_not_found);
        if (event.name != sender.membership->name) return name_error(ErrorCode::client_unauthorized);
        return {};
    }
    const bool is_send = is_durable(event.kind);
    if (is_send && is_being_deleted_) return std::unexpected(Error{ErrorCode::unavailable});
    if (is_send && shared_.is_disk_low) return std::unexpected(kDiskLow);
    if (auto checked = check_name(sender, event.name, new_name); !checked) return checked;
    if (queue_.bytes() >= shared_.limits.waiting_bytes) return std::unexpected(Error{ErrorCode::unavailable});
    if (is_send && is_recovering_) return std::unexpected(Error{ErrorCode::unavailable});
    return {};
}

/// Returns the time to wait, in milliseconds, if the room has too many sends now.
std::optional<std::uint32_t> Room::wait_for_rate() {
    const RateLimit& limit = shared_.limits.sends;
    if (limit.per_second == 0) return std::nullopt;
    // Nobody is closed for what all send together.
    const RateVerdict verdict = rate_.ask(limit, shared_.clock.steady());
    if (verdict.action == RateVerdict::Action::pass) return std::nullopt;
    const std::string room = loggable_id(id());
    if (shared_.busy_rooms.note(room, shared_.clock.steady()))
        spdlog::warn("event=limit room={} limit={}", room, kRoomIsBusy.limit);
    return verdict.retry_after_ms;
}

Result<void> Room::take(Participant& sender, ClientEvent event, const std::optional<WantedName>& new_name,
                        UnixMicros now, Effects& effects) {
    if (is_durable(event.kind)) return send(sender, std::move(event), new_name, now, effects);
    if (event.kind == EventKind::join) return join(sender, std::move(event), new_name, now, effects);
    leave(sender, std::move(event.color), std::move(event.client_id), now, effects);
    return {};
}

/// Returns the time of an event that is accepted now. If the clock steps back a little, as it does when it is
/// corrected, the previous time is reused. A larger step back takes effect at once: the time before was wrong.
UnixMicros Room::time_at(UnixMicros now) {
    const bool stands_still = now < last_time_ && last_time_ - now <= kMaxStandstill;
    if (!stands_still) last_time_ = now;
    return last_time_;
}

Result<void> Room::check_name(const Participant& participant, const std::string& name,
                              const std::optional<WantedName>& new_name) const {
    const std::string_view own =
        participant.is_member() ? participant.membership->name : bound_name(participant.token_name());
    if (!own.empty() && name != own) return name_error(ErrorCode::client_unauthorized);
    // Before the rate of the room, of which a send that is refused takes nothing.
    return new_name ? participants_.check_free(participant, *new_name) : Result<void>();
}

Result<void> Room::join(Participant& participant, ClientEvent event, const std::optional<WantedName>& new_name,
                        UnixMicros now, Effects& effects) {
    const bool is_new = !participant.is_member();
    if (is_new) {
        if (auto taken = participants_.take_name(participant, *new_name); !taken) return taken;
        ++shared_.members;
    }
    Membership& membership = *participant.membership;
    membership.last_activity = now;
    if (is_new || !event.color.empty()) membership.color = event.color;
    if (!is_new && !membership.is_unproven) return {};
    // If all sends before it are repeats, this join begins the membership, and is announced.
    std::string text = event.name + " entered the room.";
    enqueue({.event = {.kind = EventKind::join,
                       .room = record_.id,
                       .name = std::move(event.name),
                       .color = std::move(event.color),
                       .text = std::move(text),
                       .client_id = std::move(event.client_id),
                       .time = now},
             .sender = participant.connection,
             .arrival = is_new ? 0 : membership.arrival},
            effects);
    return {};
}

Result<void> Room::send(Participant& participant, ClientEvent event, const std::optional<WantedName>& new_name,
                        UnixMicros now, Effects& effects) {
    assert(is_durable(event.kind) && !is_being_deleted_ && !is_recovering_);
    SendKey key;
    bool is_known = false;
    if (!event.client_id.empty()) {
        key = {.room = record_.id, .folded_name = fold_case(event.name), .client_id = event.client_id};
        std::string id = id_text(key);
        is_known = shared_.recent_ids.add(record_.id, id);
        if (QueuedEvent* const queued = queue_.find_or_claim(key, std::move(id))) {
            // The answer to the first one goes to this sender too. It makes no member.
            queue_.add_repeat(*queued, participant.connection);
            if (participant.is_member()) participant.membership->last_activity = now;
            return {};
        }
    }
    if (!participant.is_member()) {
        if (auto taken = participants_.take_name(participant, *new_name); !taken) return taken;
        ++shared_.members;
        participant.membership->color = event.color;
        if (!event.client_id.empty()) participants_.await_proof(participant);
    }
    Membership& membership = *participant.membership;
    membership.last_activity = now;
    const bool may_be_stored = !key.client_id.empty() && (is_known || !shared_.store_reports_repeats);
    enqueue({.event = {.kind = event.kind,
                       .room = record_.id,
                       .name = std::move(event.name),
                       .color = std::move(event.color),
                       .text = std::move(event.text),
                       .client_id = std::move(event.client_id),
                       .time = now},
             .key = std::move(key),
             .sender = participant.connection,
             .arrival = membership.is_unproven ? membership.arrival : 0,
             .stage = may_be_stored ? Stage::looking_up : Stage::ready,
             .is_known = is_known},
            effects);
    return {};
}

void Room::leave(Participant& participant, std::string color, std::string client_id, UnixMicros now, Effects& effects) {
    std::string name = participant.membership->name;
    if (color.empty()) color = participant.membership->color;
    std::string text = name + " has left the room.";
    const std::uint64_t arrival = participant.membership->is_unproven ? participant.membership->arrival : 0;
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
             .hold = hold,
             .arrival = arrival},
            effects);
}

void Room::depart(ConnectionId connection, UnixMicros now, Effects& effects) {
    // First, because its I/O thread does not need the leave if no other participant is there.
    auto participant = participants_.remove(connection);
    if (participant && participant->is_member()) leave(*participant, {}, {}, now, effects);
}

void Room::end_connections(Ending ending, const std::function<bool(const Participant&)>& ends, UnixMicros now,
                           Effects& effects) {
    std::vector<Participant> ended;
    for (const ConnectionId connection : participants_.connections()) {
        const Participant& participant = *participants_.find(connection);
        if (!ends(participant)) continue;
        effects.add(EndConnection{participant.io_thread, connection, ending});
        ended.push_back(*participants_.remove(connection));
    }
    for (Participant& participant : ended)
        if (participant.is_member()) leave(participant, {}, {}, now, effects);
}

void Room::cancel_deletion(Effects& effects) {
    assert(is_being_deleted_);
    is_being_deleted_ = false;
    store_ready(effects);
}

// --- the queue -------------------------------------------------------------------------------------------------------

void Room::enqueue(QueuedEvent pending, Effects& effects) {
    try {
        QueuedEvent& last = queue_.push(std::move(pending));
        switch (last.stage) {
            case Stage::looking_up:
                return look_up(last, effects);
            case Stage::ready:
                // If an earlier send waits, its answer continues with this one, and the queue need not be searched
                // here.
                if (queue_.unstored() == 1) store_ready(effects);
                return;
            case Stage::live:
                return append_head(effects);
            case Stage::storing:
            case Stage::durable:
                assert(false && "an event is queued before it is stored");
        }
    } catch (...) {
        abandon(effects);
        throw;
    }
}

void Room::look_up(QueuedEvent& pending, Effects& effects) {
    queue_.set_stage(pending, Stage::looking_up);
    pending.was_looked_up = true;
    effects.add(LookUp{pending.key});
}

/// Gives the ready sends to the store, up to the first that is looking_up. Does nothing while a store batch is
/// in flight; the sends of one batch are one store batch.
void Room::store_ready(Effects& effects) {
    if (queue_.unstored() == 0 || is_being_deleted_ || is_recovering_) return;
    if (stored_by_ != 0 && stored_by_ != effects.batch()) return;
    if (queue_.unstored() == 1 && queue_.back().stage == Stage::ready) return store(queue_.back(), effects);
    for (QueuedEvent& pending : queue_) {
        if (pending.stage == Stage::looking_up) return;
        if (pending.stage == Stage::ready) store(pending, effects);
    }
}

void Room::store(QueuedEvent& pending, Effects& effects) {
    assert(pending.stage == Stage::ready);
    pending.event.seq = last_seq_ + queue_.storing() + 1;
    effects.add(Append{pending.event});
    queue_.set_stage(pending, Stage::storing);
    stored_by_ = effects.batch();
}

/// Moves live and durable events from the head of the queue to the log.
void Room::append_head(Effects& effects) {
    while (!queue_.empty()) {
        const Stage stage = queue_.front().stage;
        if (stage != Stage::live && stage != Stage::durable) return;
        const QueuedEvent pending = queue_.pop();
        const bool proves = pending.arrival != 0 && pending.event.kind != EventKind::leave && prove(pending.arrival);
        // A send has begun the membership, so this join only changed the color.
        const bool is_silent = pending.arrival != 0 && pending.event.kind == EventKind::join && !proves;
        if (!is_silent) append(pending.event, effects);
        confirm(pending, effects);
        if (pending.hold != 0) participants_.release_name(pending.hold);
    }
}

/// An event of a member enters the log, or is refused. Returns whether it is the first one of the membership.
bool Room::prove(std::uint64_t arrival) { return participants_.list_member(arrival) || queue_.count_leave(arrival); }

/// If it throws, nothing is appended: what is in the log must be published, and its seq counts.
void Room::append(const Event& event, Effects& effects) {
    effects.reserve_one();
    const roomlog::Slice frame = log_.append(frame_of(event));
    effects.publish({.room = id(), .slice = frame, .io_threads = participants_.io_threads()}, publish_mark_);
    if (is_durable(event.kind)) {
        assert(event.seq > last_seq_);
        last_seq_ = event.seq;
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

// --- answers of the store --------------------------------------------------------------------------------------------

void Room::resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found, Effects& effects) {
    assert(found.empty() || found.size() == keys.size());
    std::unordered_map<std::string, const std::optional<Event>*, KeyedHash> answers;
    std::vector<std::uint64_t> disproved;  // memberships, by the repeats that were their events
    for (std::size_t i = 0; i < keys.size(); ++i)
        answers.emplace(id_text(keys[i]), found.empty() ? nullptr : &found[i]);
    queue_.remove_if([&](QueuedEvent& pending) {
        if (pending.stage != Stage::looking_up) return false;
        const auto answer = answers.find(id_text(pending.key));
        if (answer == answers.end()) return false;
        if (answer->second != nullptr && !answer->second->has_value()) {
            queue_.set_stage(pending, Stage::ready);
            return false;
        }
        if (answer->second == nullptr) {
            note_not_confirmed(pending, true);
            refuse(pending, effects);
        } else {
            if (pending.arrival != 0) disproved.push_back(pending.arrival);
            answer_repeat(pending.sender, **answer->second, effects);
            for (const ConnectionId repeat : pending.repeats) answer_repeat(repeat, **answer->second, effects);
        }
        return true;
    });
    if (!disproved.empty()) end_disproved(std::move(disproved), effects);
    append_head(effects);  // live events may have waited for these sends only
    store_ready(effects);
}

/// A repeat is not a new send, so it makes no member; the name was taken until that was known. Ends the memberships
/// that have no other event before their leave: nobody has seen these members, so their leaves are refused.
void Room::end_disproved(std::vector<std::uint64_t> arrivals, Effects& effects) {
    std::unordered_set<std::uint64_t, KeyedHash> ended(arrivals.begin(), arrivals.end());
    for (const QueuedEvent& pending : queue_)
        if (pending.event.kind != EventKind::leave) ended.erase(pending.arrival);
    if (ended.empty()) return;
    for (const std::uint64_t arrival : ended)
        if (participants_.withdraw_name(arrival)) --shared_.members;
    queue_.remove_if([&](const QueuedEvent& pending) {
        if (pending.event.kind != EventKind::leave || !ended.contains(pending.arrival)) return false;
        participants_.release_name(pending.hold);
        refuse(pending.sender, pending.event, Error{.code = ErrorCode::user_not_found, .field = "name"}, effects);
        return true;
    });
}

void Room::commit(Effects& effects) {
    assert(stored_by_ != 0 && queue_.storing() > 0);
    note_stored();
    for (auto pending = queue_.begin(); queue_.storing() > 0; ++pending)
        if (pending->stage == Stage::storing) queue_.set_stage(*pending, Stage::durable);
    stored_by_ = 0;
    append_head(effects);
    store_ready(effects);
}

void Room::commit_before(std::uint64_t repeated_seq, Effects& effects) {
    assert(repeated_seq > last_seq_ && repeated_seq <= last_seq_ + queue_.storing());
    if (repeated_seq > last_seq_ + 1) note_stored();
    stored_by_ = 0;
    queue_.remove_if([&](QueuedEvent& pending) {
        if (pending.stage != Stage::storing) return false;
        if (pending.event.seq < repeated_seq) {
            queue_.set_stage(pending, Stage::durable);
            return false;
        }
        if (pending.event.seq == repeated_seq && pending.was_looked_up) {
            // The lookup did not find the id, but the store refuses it as stored. Another lookup would not help.
            refuse(pending, effects);
            return true;
        }
        pending.is_known |= pending.event.seq == repeated_seq;
        pending.event.seq = 0;
        queue_.set_stage(pending, Stage::ready);
        if (!pending.event.client_id.empty() && !pending.was_looked_up) look_up(pending, effects);
        return false;
    });
    append_head(effects);
    store_ready(effects);
}

void Room::fail(bool is_known, Effects& effects) {
    assert(stored_by_ != 0 && queue_.storing() > 0);
    refuse_queued(is_known, effects);
}

void Room::abandon(Effects& effects) {
    run_task(TaskThread::core, [&] {
        const bool is_in_flight = stored_by_ != 0 && stored_by_ != effects.batch();
        if (is_in_flight) return refuse_unstored(effects);  // the answer of the store continues with the others
        effects.drop_appends(id());
        refuse_queued(true, effects);
    });
}

void Room::reread(Effects& effects) {
    run_task(TaskThread::core, [&] {
        effects.drop_appends(id());
        refuse_queued(false, effects);
    });
}

void Room::refuse_unstored(Effects& effects) {
    queue_.remove_if([&](const QueuedEvent& pending) {
        if (pending.stage != Stage::ready && pending.stage != Stage::looking_up) return false;
        refuse_and_forget(pending, true, effects);
        return true;
    });
}

void Room::refuse_queued(bool is_known, Effects& effects) {
    stored_by_ = 0;
    is_recovering_ |= !is_known;
    queue_.remove_if([&](const QueuedEvent& pending) {
        if (pending.stage == Stage::live) return false;
        refuse_and_forget(pending, is_known, effects);
        return true;
    });
    append_head(effects);
    if (is_recovering_) effects.add(Recover{id()});
}

/// Does not throw: the event leaves the queue in any case.
void Room::refuse_and_forget(const QueuedEvent& pending, bool is_outcome_known, Effects& effects) {
    run_task(TaskThread::core, [&] {
        note_not_confirmed(pending, is_outcome_known);
        refuse(pending, effects);
    });
}

void Room::recover(const std::vector<Event>& events, Effects& effects) {
    assert(is_recovering_ && queue_.unstored() == 0 && queue_.storing() == 0);
    note_stored();
    std::unordered_set<std::string, KeyedHash> stored;
    for (const Event& event : events) {
        append(event, effects);
        if (!event.client_id.empty())
            stored.insert(
                id_text({.room = record_.id, .folded_name = fold_case(event.name), .client_id = event.client_id}));
    }
    for (const std::string& id : std::exchange(undecided_ids_, {}))
        if (!stored.contains(id)) shared_.recent_ids.forget(record_.id, id);
    is_recovering_ = false;
}

/// Called before newly stored events count. They end a silence, but the events that it has hidden stay hidden.
void Room::note_stored() {
    floors_.raise_unexpired(visible().first_seq);
    floors_.set_last_stored_at(shared_.clock.steady());
}

/// Forgets the id of a refused send, unless the id may be stored as far as this process knows. The client sends it
/// again, and if that needed a lookup each time, a store that is too slow for lookups would cause refusals forever.
void Room::note_not_confirmed(const QueuedEvent& pending, bool is_outcome_known) {
    if (pending.key.client_id.empty()) return;
    const bool was_storing = pending.stage == Stage::storing;
    const bool may_be_stored = pending.is_known && pending.stage == Stage::looking_up;
    if (was_storing && !is_outcome_known)
        undecided_ids_.push_back(id_text(pending.key));
    else if (!may_be_stored)
        shared_.recent_ids.forget(record_.id, id_text(pending.key));
}

// --- answers to senders ----------------------------------------------------------------------------------------------

/// Tells the sender of a send with an id, and connections that have sent the same id again, that the send is stored.
void Room::confirm(const QueuedEvent& pending, Effects& effects) {
    const Event& event = pending.event;
    if (event.client_id.empty() || !is_durable(event.kind)) return;
    const Participant* sender = participants_.find(pending.sender);
    if (sender != nullptr && sender->resumes)
        effects.add(Acknowledge{sender->io_thread, sender->connection, event.client_id, event.seq, false});
    for (const ConnectionId repeat : pending.repeats) answer_repeat(repeat, event, effects);
}

void Room::answer_repeat(ConnectionId repeat, const Event& original, Effects& effects) {
    const Participant* sender = participants_.find(repeat);
    if (sender == nullptr) return;
    if (sender->resumes) {
        effects.add(Acknowledge{sender->io_thread, repeat, original.client_id, original.seq, true});
    } else if (visible().shows(original.seq, original.time)) {
        effects.add(SendFrames{sender->io_thread, repeat, frame_of(original)});
    } else {
        // The original has expired and is not shown. When it has been purged, the client can send the id again.
        refuse(repeat, original, kUnconfirmed, effects);
    }
}

void Room::refuse(const QueuedEvent& pending, Effects& effects) {
    if (pending.arrival != 0) prove(pending.arrival);
    refuse(pending.sender, pending.event, kUnconfirmed, effects);
    for (const ConnectionId repeat : pending.repeats) refuse(repeat, pending.event, kUnconfirmed, effects);
}

void Room::refuse(ConnectionId sender, const Event& event, const Error& error, Effects& effects) {
    const Participant* participant = participants_.find(sender);
    if (participant == nullptr) return;
    effects.add(Refuse{
        participant->io_thread, sender, id(), {.error = error, .name = event.name, .client_id = event.client_id}});
}

}  // namespace globes::chat
