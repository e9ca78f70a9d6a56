#include "chat/password_pace.h"

#include <algorithm>
#include <cassert>

namespace globes::chat {

using std::chrono::milliseconds;

std::optional<PasswordPace::Check> PasswordPace::reserve(std::string_view address, RoomId room, bool has_failed,
                                                         TimePoint now) {
    const MutexLock lock(mutex_);
    if (rooms_.size() >= limits_.rooms && !rooms_.contains(room)) forget_idle(now);
    Check::Try made{.address = std::string(address), .room = room, .is_first = false};
    const Key key{made.address, room};
    const auto tries = first_tries_.find(key);
    made.is_first = !has_failed && (tries == first_tries_.end() || tries->second < limits_.first_tries);
    TimePoint& free_at = rooms_[room][made.is_first ? 0 : 1];
    const TimePoint after = std::max(free_at, now) + limits_.interval;
    const auto delay = std::chrono::ceil<milliseconds>(after - now) - limits_.at_once * limits_.interval;
    if (delay > limits_.longest_delay) return std::nullopt;
    if (made.is_first) ++first_tries_[key];
    free_at = after;
    return Check(*this, std::move(made), std::max(delay, milliseconds(0)));
}

void PasswordPace::end(const Check::Try& made, bool is_kept) {
    const MutexLock lock(mutex_);
    if (made.is_first) {
        const auto tries = first_tries_.find(Key{made.address, made.room});
        assert(tries != first_tries_.end());
        if (--tries->second == 0) first_tries_.erase(tries);
    }
    if (is_kept) return;
    if (const auto found = rooms_.find(made.room); found != rooms_.end())
        found->second[made.is_first ? 0 : 1] -= limits_.interval;
}

/// Above the limit, all rooms are forgotten: a client with so many rooms gains little by that.
void PasswordPace::forget_idle(TimePoint now) {
    std::erase_if(rooms_, [now](const auto& room) {
        return std::ranges::all_of(room.second, [now](TimePoint free_at) { return free_at <= now; });
    });
    if (rooms_.size() >= limits_.rooms) rooms_.clear();
}

}  // namespace globes::chat
