#include "chat/password_pace.h"

#include <algorithm>
#include <cassert>

namespace globes::chat {

using std::chrono::milliseconds;

std::optional<PasswordPace::Check> PasswordPace::reserve(const Guesser& guesser, RoomId room, bool has_failed,
                                                         TimePoint now) {
    const MutexLock lock(mutex_);
    if (rooms_.size() >= limits_.rooms && !rooms_.contains(room)) forget_idle(now);
    Check::Try made{.address = std::string(guesser.address),
                    .network = std::string(guesser.network),
                    .room = room,
                    .is_first = false};
    const bool is_of_network = made.network != made.address;
    made.is_first = !has_failed && has_first_try(made.address, room, limits_.first_tries) &&
                    (!is_of_network || has_first_try(made.network, room, limits_.first_tries * limits_.network_factor));
    TimePoint& free_at = rooms_[room][made.is_first ? 0 : 1];
    const TimePoint after = std::max(free_at, now) + limits_.interval;
    const auto delay = std::chrono::ceil<milliseconds>(after - now) - limits_.at_once * limits_.interval;
    if (delay > limits_.longest_delay) return std::nullopt;
    if (made.is_first) {
        std::uint32_t& of_address = first_tries_[Key{made.address, room}];
        if (is_of_network) ++first_tries_[Key{made.network, room}];
        ++of_address;
    }
    free_at = after;
    return Check(*this, std::move(made), std::max(delay, milliseconds(0)));
}

/// Whether another try counts as a first one.
bool PasswordPace::has_first_try(const std::string& address, RoomId room, std::uint32_t most) const {
    const auto tries = first_tries_.find(Key{address, room});
    return tries == first_tries_.end() || tries->second < most;
}

void PasswordPace::end(const Check::Try& made, bool is_kept) {
    const MutexLock lock(mutex_);
    if (made.is_first) {
        end_first_try(made.address, made.room);
        if (made.network != made.address) end_first_try(made.network, made.room);
    }
    if (is_kept) return;
    if (const auto found = rooms_.find(made.room); found != rooms_.end())
        found->second[made.is_first ? 0 : 1] -= limits_.interval;
}

void PasswordPace::end_first_try(const std::string& address, RoomId room) {
    const auto tries = first_tries_.find(Key{address, room});
    assert(tries != first_tries_.end());
    if (--tries->second == 0) first_tries_.erase(tries);
}

/// Above the limit, all rooms are forgotten: a client with so many rooms gains little by that.
void PasswordPace::forget_idle(TimePoint now) {
    std::erase_if(rooms_, [now](const auto& room) {
        return std::ranges::all_of(room.second, [now](TimePoint free_at) { return free_at <= now; });
    });
    if (rooms_.size() >= limits_.rooms) rooms_.clear();
}

}  // namespace globes::chat
