#include "chat/password_throttle.h"

#include <algorithm>
#include <functional>

namespace globes::chat {

std::optional<std::chrono::seconds> PasswordThrottle::refused(std::string_view address, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    const auto found = windows_.find(Key{std::string(address), room});
    return found == windows_.end() ? std::nullopt : wait_of(found->second);
}

std::optional<std::chrono::seconds> PasswordThrottle::note_wrong(std::string_view address, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    const auto [entry, is_new] = windows_.try_emplace(Key{std::string(address), room}, now_ + limits_.window);
    if (is_new) {
        by_end_.push_back(&*entry);
        if (windows_.size() > limits_.entries) {
            windows_.erase(windows_.find(by_end_.front()->first));
            by_end_.pop_front();
        }
    }
    ++entry->second.wrong;
    return wait_of(entry->second);
}

void PasswordThrottle::forget_ended(TimePoint now) {
    now_ = std::max(now_, now);
    while (!by_end_.empty() && by_end_.front()->second.end <= now_) {
        windows_.erase(windows_.find(by_end_.front()->first));
        by_end_.pop_front();
    }
}

std::optional<std::chrono::seconds> PasswordThrottle::wait_of(const Window& window) const {
    if (window.wrong <= limits_.wrong_tries) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(window.end - now_);
}

std::size_t PasswordThrottle::KeyHash::operator()(const Key& key) const {
    return std::hash<std::string_view>{}(key.address) ^ (std::hash<RoomId>{}(key.room) * 0x9E3779B97F4A7C15U);
}

}  // namespace globes::chat
