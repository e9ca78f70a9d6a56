// The rooms whose last batch may or may not be in the database: its COMMIT failed, and the outcome could not be
// determined. Until a later commit settles it, reads of these rooms are refused, because a crash could still restore
// the batch from the WAL. The writer adds and clears rooms, readers query them.
#pragma once

#include <atomic>
#include <unordered_set>

#include "base/mutex.h"
#include "chat/store.h"

namespace globes::store {

class UnsettledRooms {
public:
    /// The writer only.
    void add(const chat::StoreBatch& batch);
    /// The writer only.
    void clear();
    /// Any thread.
    bool any() const { return any_.load(std::memory_order_acquire); }
    /// Any thread.
    bool contains(chat::RoomId room) const;

private:
    std::atomic<bool> any_ = false;  // avoids the lock in the normal case
    mutable Mutex mutex_;
    std::unordered_set<chat::RoomId> rooms_ GUARDED_BY(mutex_);
};

}  // namespace globes::store
