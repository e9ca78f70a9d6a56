// The rooms of which nobody can say whether their last batch is in the database: its COMMIT failed, and so did finding
// out. Until a later commit settles it, no read of them may be believed, because a crash could still bring the batch
// back out of the WAL. The writer adds and clears, readers ask.
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
    std::atomic<bool> any_ = false;  // spares the lock on all good days
    mutable Mutex mutex_;
    std::unordered_set<chat::RoomId> rooms_ GUARDED_BY(mutex_);
};

}  // namespace globes::store
