#include "base/log_once.h"

#include <algorithm>

namespace globes {

bool LogOnce::note(std::string_view key, Time now) {
    const MutexLock lock(mutex_);
    if (now >= first_end_) {
        std::erase_if(until_, [now](const auto& entry) { return entry.second <= now; });
        first_end_ = Time::max();
        for (const auto& [logged, until] : until_) first_end_ = std::min(first_end_, until);
    }
    if (until_.contains(key) || until_.size() >= most_) return false;
    const Time until = now + interval_;
    until_.emplace(key, until);
    first_end_ = std::min(first_end_, until);
    return true;
}

}  // namespace globes
