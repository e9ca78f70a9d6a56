#include "chat/recent_ids.h"

#include <functional>

namespace globes::chat {

bool RecentIds::add(RoomId room, std::string_view id) {
    const std::size_t hash = std::hash<std::string_view>()(id) ^ (std::hash<RoomId>()(room) * 0x9E37'79B9'7F4A'7C15);
    if (max_ids_ == 0) return false;
    if (!known_.insert(hash).second) return true;
    if (oldest_first_.size() == max_ids_) {
        known_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    oldest_first_.push_back(hash);
    return false;
}

}  // namespace globes::chat
