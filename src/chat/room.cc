#include "chat/room.h"

#include <utility>

namespace globes::chat {
namespace {

std::size_t size_of(const Event& event) {
    return sizeof event + event.name.size() + event.color.size() + event.text.size() + event.client_id.size();
}

std::unexpected<Error> name_error(ErrorCode code) { return std::unexpected(Error{code, "name"}); }

}  // namespace

Room::Room(RoomRecord record, std::uint64_t last_seq, std::size_t lanes, RoomLimits limits, const EventEncoder& encoder)
    : record_(std::move(record)), limits_(limits), encoder_(encoder), people_(lanes), last_seq_(last_seq) {}

Result<void> Room::accept(ConnectionId sender, ClientEvent event, UnixMicros now) {
    Person* person = people_.find(sender);
    if (person == nullptr) return {};
    if (event.kind == EventKind::leave) {
        if (!person->is_member) return name_error(ErrorCode::user_not_found);
        if (event.name != person->name) return name_error(ErrorCode::client_unauthorized);
        leave(*person, std::move(event.color), std::move(event.client_id), now);
        return {};
    }
    if (auto checked = check_name(*person, event.name); !checked) return checked;
    if (waiting_bytes_ >= limits_.waiting_bytes) return std::unexpected(Error{ErrorCode::unavailable});
    return event.kind == EventKind::join ? join(*person, std::move(event), now) : send(*person, std::move(event), now);
}

Result<void> Room::check_name(const Person& person, const std::string& name) const {
    const bool is_bound = record_.visibility != Visibility::public_room && !person.entry.token_name.empty();
    const bool is_own = person.is_member ? name == person.name : !is_bound || name == person.entry.token_name;
    if (!is_own) return name_error(ErrorCode::client_unauthorized);
    return {};
}

Result<void> Room::join(Person& person, ClientEvent event, UnixMicros now) {
    const bool is_new = !person.is_member;
    if (is_new) {
        if (auto taken = people_.take_name(person, event.name); !taken) return taken;
    }
    person.last_activity = now;
    if (is_new || !event.color.empty()) person.color = event.color;
    if (!is_new) return {};
    std::string text = event.name + " entered the room.";
    enqueue({.event = {.kind = EventKind::join,
                       .room = record_.id,
                       .name = std::move(event.name),
                       .color = std::move(event.color),
                       .text = std::move(text),
                       .client_id = std::move(event.client_id),
                       .time = now},
             .sender = person.entry.connection});
    return {};
}

Result<void> Room::send(Person& person, ClientEvent event, UnixMicros now) {
    if (is_recovering_) return std::unexpected(Error{ErrorCode::unavailable});
    if (!person.is_member) {
        if (auto taken = people_.take_name(person, event.name); !taken) return taken;
        person.color = event.color;
    }
    person.last_activity = now;
    enqueue({.event = {.kind = event.kind,
                       .room = record_.id,
                       .name = std::move(event.name),
                       .color = std::move(event.color),
                       .text = std::move(event.text),
                       .client_id = std::move(event.client_id),
                       .time = now},
             .sender = person.entry.connection});
    return {};
}

void Room::leave(Person& person, std::string color, std::string client_id, UnixMicros now) {
    std::string name = person.name;
    if (color.empty()) color = person.color;
    std::string text = name + " has left the room.";
    const std::uint64_t hold = people_.give_up_name(person);
    person.last_activity = now;
    enqueue({.event = {.kind = EventKind::leave,
                       .room = record_.id,
                       .name = std::move(name),
                       .color = std::move(color),
                       .text = std::move(text),
                       .client_id = std::move(client_id),
                       .time = now},
             .sender = person.entry.connection,
             .hold = hold});
}

void Room::depart(ConnectionId connection, UnixMicros now) {
    Person* person = people_.find(connection);
    if (person == nullptr) return;
    if (person->is_member) leave(*person, {}, {}, now);
    people_.remove(connection);
}

void Room::enqueue(Waiting waiting) {
    waiting_bytes_ += size_of(waiting.event);
    if (is_durable(waiting.event.kind)) ++waiting_sends_;
    waiting_.push_back(std::move(waiting));
    append_ready(false);
}

void Room::submit(StoreBatch& batch) {
    std::uint64_t seq = last_seq_;
    for (Waiting& waiting : waiting_) {
        if (!is_durable(waiting.event.kind)) continue;
        waiting.event.seq = ++seq;
        waiting.submitted = true;
        batch.push_back(AppendEvent{waiting.event});
    }
    waiting_sends_ = 0;
    in_flight_ = true;
}

void Room::commit() {
    in_flight_ = false;
    append_ready(true);
}

std::vector<Room::Refused> Room::fail(bool is_known) {
    in_flight_ = false;
    is_recovering_ = !is_known;
    std::vector<Refused> refused;
    std::erase_if(waiting_, [&](Waiting& waiting) {
        if (!is_durable(waiting.event.kind)) return false;
        waiting_bytes_ -= size_of(waiting.event);
        refused.push_back({.sender = waiting.sender, .client_id = std::move(waiting.event.client_id)});
        return true;
    });
    waiting_sends_ = 0;
    append_ready(false);
    return refused;
}

void Room::recover(const std::vector<Event>& events) {
    for (const Event& event : events) {
        last_seq_ = event.seq;
        append(event);
    }
    is_recovering_ = false;
}

/// Moves what waits for nothing any more from the head of the line into the log: live events, and what is stored.
void Room::append_ready(bool submitted_is_stored) {
    while (!waiting_.empty()) {
        if (is_durable(waiting_.front().event.kind)) {
            if (!submitted_is_stored || !waiting_.front().submitted) return;
            last_seq_ = waiting_.front().event.seq;
        }
        const Waiting waiting = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= size_of(waiting.event);
        append(waiting.event);
        if (waiting.hold != 0) people_.release_name(waiting.event.name, waiting.hold);
    }
}

void Room::append(const Event& event) {
    frame_.clear();
    encoder_.append_frame(frame_, event);
    log_.append(frame_);
}

}  // namespace globes::chat
