#include "store/sqlite/unsettled_rooms.h"

namespace globes::store {
namespace {

chat::RoomId room_of(const chat::PutRoom& put) { return put.room.id; }
chat::RoomId room_of(const chat::DeleteRoom& deletion) { return deletion.room; }
chat::RoomId room_of(const chat::AppendEvent& append) { return append.event.room; }
chat::RoomId room_of(const chat::PurgeEvents& purge) { return purge.room; }

}  // namespace

void UnsettledRooms::add(const chat::StoreBatch& batch) {
    const MutexLock lock(mutex_);
    for (const chat::StoreWrite& write : batch)
        rooms_.insert(std::visit([](const auto& one) { return room_of(one); }, write));
    any_.store(true, std::memory_order_release);
}

void UnsettledRooms::clear() {
    if (!any()) return;
    const MutexLock lock(mutex_);
    rooms_.clear();
    any_.store(false, std::memory_order_release);
}

bool UnsettledRooms::contains(chat::RoomId room) const {
    if (!any()) return false;
    const MutexLock lock(mutex_);
    return rooms_.contains(room);
}

}  // namespace globes::store
