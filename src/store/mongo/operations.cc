#include "store/mongo/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/text.h"
#include "store/mongo/documents.h"

namespace globes::store::mongo {

void OperationBuilder::begin_group() {
    planned_.clear();
    sent_ids_.clear();
}

std::optional<BatchOperations> OperationBuilder::plan(const chat::StoreBatch& batch, std::size_t number,
                                                      const std::function<bool(chat::RoomId)>& is_free) {
    number_ = number;
    operations_.clear();
    touched_.clear();
    new_ids_.clear();
    BatchOperations plan;
    for (const chat::StoreWrite& one : batch) {
        const chat::RoomId id = chat::room_of(one);
        if (!is_free(id)) {
            if (std::ranges::find(plan.refused, id) == plan.refused.end()) plan.refused.push_back(id);
        } else if (!std::visit([this](const auto& known) { return write(known); }, one)) {
            return std::nullopt;
        }
    }
    plan.operations = std::move(operations_);
    plan.changes.reserve(touched_.size());
    for (auto& [room, state] : touched_) {
        plan.changes.push_back({room, state});
        planned_.insert_or_assign(room, std::move(state));
    }
    for (auto& [key, sent] : new_ids_) sent_ids_.insert_or_assign(key, sent);
    return plan;
}

const RoomState* OperationBuilder::find(chat::RoomId room) const {
    for (const auto* layer : {&touched_, &planned_})
        if (const auto found = layer->find(room); found != layer->end())
            return found->second ? &*found->second : nullptr;
    return catalogue_.find(room);
}

template <class What>
void OperationBuilder::add_operation(chat::RoomId room, What what) {
    operations_.push_back({.room = room, .batch = number_, .what = std::move(what)});
}

bool OperationBuilder::write(const chat::PutRoom& put) {
    const chat::RoomId id = put.room.id;
    const RoomState* before = find(id);
    RoomState after;
    if (before != nullptr)
        after = *before;
    else
        after.incarnation = next_incarnation_++;
    const auto record_before = after.record;
    after.record = std::make_shared<const chat::RoomRecord>(put.room);
    ++after.version;
    add_operation(id, PutRoomDocument{after.record, record_before, after.version, after.purged_seq});
    set(id, std::move(after));
    return true;
}

bool OperationBuilder::write(const chat::DeleteRoom& deletion) {
    const RoomState* room = find(deletion.room);
    if (room == nullptr) return true;
    add_operation(deletion.room, DeleteRoomDocument{room->record, room->version, room->purged_seq});
    set(deletion.room, std::nullopt);
    return true;
}

bool OperationBuilder::write(const chat::AppendEvent& append) {
    const chat::Event& event = append.event;
    const RoomState* room = find(event.room);
    // Seqs ascend: a lower one is stored, or was purged.
    if (room == nullptr || event.seq <= room->last_seq) return false;
    if (!event.client_id.empty()) {
        std::string key = fmt::format("{}:{}", event.room, dedupe_key(fold_case(event.name), event.client_id));
        if (is_taken(new_ids_, key, *room) || is_taken(sent_ids_, key, *room)) return false;
        new_ids_.insert_or_assign(std::move(key), SentId{room->incarnation, event.seq});
    }
    add_operation(event.room, InsertEvent{&event, room->purged_seq});
    RoomState after = *room;
    after.last_seq = event.seq;
    set(event.room, std::move(after));
    return true;
}

bool OperationBuilder::write(const chat::PurgeEvents& purge) {
    const RoomState* room = find(purge.room);
    if (room == nullptr) return true;
    const std::uint64_t through_seq = std::min(purge.through_seq, room->last_seq);
    assert(room->purged_seq <= room->last_seq);
    if (through_seq <= room->purged_seq) return true;
    add_operation(purge.room, MarkPurged{through_seq});
    RoomState after = *room;
    after.purged_seq = through_seq;
    set(purge.room, std::move(after));
    return true;
}

/// Whether the group has a send with this id already. The server's index refuses ids that are stored.
bool OperationBuilder::is_taken(const SentIds& ids, const std::string& key, const RoomState& room) const {
    const auto sent = ids.find(key);
    return sent != ids.end() && sent->second.incarnation == room.incarnation && sent->second.seq > room.purged_seq;
}

}  // namespace globes::store::mongo
