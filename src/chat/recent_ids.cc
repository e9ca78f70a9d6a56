#include "chat/recent_ids.h"

#include <cassert>

#include "base/keyed_hash.h"

namespace globes::chat {

RecentIds::IdHash RecentIds::hash_of(RoomId room, std::string_view id) { return KeyedHash()(KeyedHash()(id) ^ room); }

bool RecentIds::add(RoomId room, std::string_view id) {
    const IdHash hash = hash_of(room, id);
    if (max_ids_ == 0) return false;
    if (!known_.insert(hash).second) return true;
    assert(oldest_first_.size() <= max_ids_ && known_.size() <= oldest_first_.size() + 1);
    if (oldest_first_.size() == max_ids_) {
        known_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    try {
        oldest_first_.push_back(hash);
    } catch (...) {
        known_.erase(hash);
        throw;
    }
    return false;
}

/// The entry in `oldest_first_` stays. If the id is added again before this entry is dropped, the id is dropped too
/// early; at worst the store refuses a repeat once.
void RecentIds::forget(RoomId room, std::string_view id) { known_.erase(hash_of(room, id)); }

}  // namespace globes::chat
