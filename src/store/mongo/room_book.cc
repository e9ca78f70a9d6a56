#include "store/mongo/room_book.h"

#include <algorithm>
#include <utility>

namespace globes::store::mongo {

CommittedCatalogue::ActiveRead::ActiveRead(CommittedCatalogue& catalogue) : catalogue_(catalogue) {
    const std::lock_guard lock(catalogue_.mutex_);
    epoch_ = catalogue_.next_epoch_++;
    catalogue_.active_reads_.insert(epoch_);
}

CommittedCatalogue::ActiveRead::~ActiveRead() {
    const std::lock_guard lock(catalogue_.mutex_);
    catalogue_.active_reads_.erase(epoch_);
}

CommittedCatalogue::Part CommittedCatalogue::ActiveRead::part(chat::RoomId room) const {
    const std::lock_guard lock(catalogue_.mutex_);
    Part part{.is_settled = !catalogue_.in_doubt_.contains(room)};
    if (const auto found = catalogue_.rooms_.find(room); found != catalogue_.rooms_.end()) {
        part.purged_seq = found->second.purged_seq;
        part.last_seq = found->second.last_seq;
    }
    return part;
}

// Only the committer writes, so it reads without the lock.
const RoomState* CommittedCatalogue::find(chat::RoomId room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? nullptr : &found->second;
}

void CommittedCatalogue::put(chat::RoomId room, RoomState state) {
    const std::lock_guard lock(mutex_);
    const RoomState* before = find(room);
    if (state.last_seq > (before != nullptr ? before->last_seq : 0)) newest_event_ = {room, state.last_seq};
    rooms_.insert_or_assign(room, std::move(state));
}

void CommittedCatalogue::erase(chat::RoomId room) {
    const std::lock_guard lock(mutex_);
    rooms_.erase(room);
}

void CommittedCatalogue::mark_in_doubt(chat::RoomId room) {
    const std::lock_guard lock(mutex_);
    in_doubt_.insert(room);
}

void CommittedCatalogue::clear_in_doubt(std::span<const chat::RoomId> rooms) {
    const std::lock_guard lock(mutex_);
    for (const chat::RoomId room : rooms) in_doubt_.erase(room);
}

void CommittedCatalogue::raise_next_room_id(chat::RoomId next) {
    const std::lock_guard lock(mutex_);
    next_room_id_ = std::max(next_room_id_, next);
}

std::optional<CommittedCatalogue::EventPosition> CommittedCatalogue::newest_event() const {
    const std::lock_guard lock(mutex_);
    const RoomState* room = find(newest_event_.room);
    // A room that was made again under its id begins anew.
    if (room == nullptr || room->purged_seq >= newest_event_.seq || room->last_seq < newest_event_.seq)
        return std::nullopt;
    return newest_event_;
}

chat::StoredRooms CommittedCatalogue::rooms() const {
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

std::uint64_t CommittedCatalogue::next_epoch() const {
    const std::lock_guard lock(mutex_);
    return next_epoch_;
}

bool CommittedCatalogue::has_reads_before(std::uint64_t epoch) const {
    const std::lock_guard lock(mutex_);
    return !active_reads_.empty() && *active_reads_.begin() < epoch;
}

}  // namespace globes::store::mongo
