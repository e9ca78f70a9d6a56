#include "chat/password_pace.h"

#include <algorithm>

namespace globes::chat {

using std::chrono::milliseconds;

std::optional<milliseconds> PasswordPace::reserve(RoomId room, bool has_failed, TimePoint now) {
    const MutexLock lock(mutex_);
    if (rooms_.size() >= limits_.rooms && !rooms_.contains(room)) forget_idle(now);
    TimePoint& free_at = rooms_[room][has_failed ? 1 : 0];
    const TimePoint after = std::max(free_at, now) + limits_.interval;
    const auto delay = std::chrono::ceil<milliseconds>(after - now) - limits_.at_once * limits_.interval;
    if (delay > limits_.longest_delay) return std::nullopt;
    free_at = after;
    return std::max(delay, milliseconds(0));
}

void PasswordPace::give_back(RoomId room, bool has_failed) {
    const MutexLock lock(mutex_);
    if (const auto found = rooms_.find(room); found != rooms_.end())
        found->second[has_failed ? 1 : 0] -= limits_.interval;
}

/// Above the limit, all rooms are forgotten: a client with so many rooms gains little by that.
void PasswordPace::forget_idle(TimePoint now) {
    std::erase_if(rooms_, [now](const auto& room) {
        return std::ranges::all_of(room.second, [now](TimePoint free_at) { return free_at <= now; });
    });
    if (rooms_.size() >= limits_.rooms) rooms_.clear();
}

}  // namespace globes::chat
