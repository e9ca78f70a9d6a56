#include "store/mongo/room_book.h"

#include <algorithm>
#include <utility>

namespace globes::store::mongo {

RoomBook::Reading::Reading(RoomBook& book) : book_(book) {
    const std::lock_guard lock(book_.mutex_);
    ticket_ = book_.next_ticket_++;
    book_.readings_.insert(ticket_);
}

RoomBook::Reading::~Reading() {
    const std::lock_guard lock(book_.mutex_);
    book_.readings_.erase(ticket_);
}

RoomBook::Part RoomBook::Reading::part(chat::RoomId room) const {
    const std::lock_guard lock(book_.mutex_);
    Part part{.is_settled = !book_.unsettled_.contains(room)};
    if (const auto found = book_.rooms_.find(room); found != book_.rooms_.end()) {
        part.purged_seq = found->second.purged_seq;
        part.last_seq = found->second.last_seq;
    }
    return part;
}

// Only the committer writes, so it reads without the lock.
const RoomState* RoomBook::find(chat::RoomId room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? nullptr : &found->second;
}

void RoomBook::put(chat::RoomId room, RoomState state) {
    const std::lock_guard lock(mutex_);
    const RoomState* before = find(room);
    if (state.last_seq > (before != nullptr ? before->last_seq : 0)) newest_event_ = {room, state.last_seq};
    rooms_.insert_or_assign(room, std::move(state));
}

void RoomBook::erase(chat::RoomId room) {
    const std::lock_guard lock(mutex_);
    rooms_.erase(room);
}

void RoomBook::add_unsettled(chat::RoomId room) {
    const std::lock_guard lock(mutex_);
    unsettled_.insert(room);
}

void RoomBook::settle(std::span<const chat::RoomId> rooms) {
    const std::lock_guard lock(mutex_);
    for (const chat::RoomId room : rooms) unsettled_.erase(room);
}

void RoomBook::raise_next_room_id(chat::RoomId next) {
    const std::lock_guard lock(mutex_);
    next_room_id_ = std::max(next_room_id_, next);
}

std::optional<RoomBook::EventPlace> RoomBook::newest_event() const {
    const std::lock_guard lock(mutex_);
    const RoomState* room = find(newest_event_.room);
    // A room that was made again under its id begins anew.
    if (room == nullptr || room->purged_seq >= newest_event_.seq || room->last_seq < newest_event_.seq)
        return std::nullopt;
    return newest_event_;
}

chat::StoredRooms RoomBook::rooms() const {
    const std::lock_guard lock(mutex_);
    chat::StoredRooms stored{.rooms = {}, .next_room_id = next_room_id_};
    stored.rooms.reserve(rooms_.size());
    for (const auto& [id, state] : rooms_)
        stored.rooms.push_back({.record = *state.record,
                                .last_seq = state.last_seq,
                                .first_seq = state.purged_seq + 1,
                                .last_time = state.opening_time});
    std::ranges::sort(stored.rooms, {}, [](const chat::StoredRoom& room) { return room.record.id; });
    return stored;
}

std::uint64_t RoomBook::next_ticket() const {
    const std::lock_guard lock(mutex_);
    return next_ticket_;
}

bool RoomBook::has_readings_before(std::uint64_t ticket) const {
    const std::lock_guard lock(mutex_);
    return !readings_.empty() && *readings_.begin() < ticket;
}

}  // namespace globes::store::mongo
