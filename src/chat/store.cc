#include "chat/store.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace globes::chat {
namespace {

std::size_t text_bytes(const PutRoom& put) {
    const RoomRecord& room = put.room;
    return room.title.size() + room.description.size() + room.password_hash.size() + room.salt.size();
}

std::size_t text_bytes(const DeleteRoom&) { return 0; }

std::size_t text_bytes(const PurgeEvents&) { return 0; }

std::size_t text_bytes(const Event& event) {
    return event.name.size() + event.color.size() + event.text.size() + event.client_id.size();
}

std::size_t text_bytes(const AppendEvent& append) { return text_bytes(append.event); }

struct RoomOf {
    RoomId operator()(const PutRoom& put) const { return put.room.id; }
    RoomId operator()(const DeleteRoom& deletion) const { return deletion.room; }
    RoomId operator()(const AppendEvent& append) const { return append.event.room; }
    RoomId operator()(const PurgeEvents& purge) const { return purge.room; }
};

}  // namespace

BatchOutcome::BatchOutcome(std::vector<Part> parts)
    : whole_(parts.empty() ? CommitOutcome::committed : parts.front().outcome) {
    assert(std::ranges::all_of(
        parts, [](const Part& part) { return part.repeated_seq == 0 || part.outcome == CommitOutcome::failed; }));
    const bool is_alike = std::ranges::all_of(parts, [this](const Part& part) { return part.outcome == whole_; });
    const bool has_repeat = std::ranges::any_of(parts, [](const Part& part) { return part.repeated_seq != 0; });
    if (is_alike && !has_repeat) return;
    if (!is_alike) whole_ = CommitOutcome::unknown;
    parts_ = std::move(parts);
}

CommitOutcome BatchOutcome::of(RoomId room) const {
    const auto part = std::ranges::find(parts_, room, &Part::room);
    return part == parts_.end() ? whole_ : part->outcome;
}

CommitOutcome BatchOutcome::without_repeats() const {
    const auto outcome_of = [](const Part& part) {
        return part.repeated_seq != 0 ? CommitOutcome::committed : part.outcome;
    };
    if (parts_.empty()) return whole_;
    const CommitOutcome first = outcome_of(parts_.front());
    const bool is_alike = std::ranges::all_of(parts_, [&](const Part& part) { return outcome_of(part) == first; });
    return is_alike ? first : CommitOutcome::unknown;
}

std::uint64_t BatchOutcome::repeated_seq(RoomId room) const {
    const auto part = std::ranges::find(parts_, room, &Part::room);
    return part == parts_.end() ? 0 : part->repeated_seq;
}

bool PageBytes::take(const Event& event) {
    const std::size_t bytes = text_bytes(event);
    const bool is_first = bytes_ == 0;
    if (max_bytes_ != 0 && !is_first && bytes > max_bytes_ - std::min(bytes_, max_bytes_)) return false;
    bytes_ += std::max<std::size_t>(bytes, 1);
    return true;
}

RoomId room_of(const StoreWrite& write) { return std::visit(RoomOf{}, write); }

std::size_t queued_bytes(const StoreBatch& batch) {
    std::size_t bytes = sizeof(StoreBatch) + batch.size() * sizeof(StoreWrite);
    for (const StoreWrite& write : batch) bytes += std::visit([](const auto& one) { return text_bytes(one); }, write);
    return bytes;
}

}  // namespace globes::chat
