// Limits how often the password of one room is checked, by all addresses together: a client with many addresses could
// try without end otherwise, and each check costs a hash. It only delays, so nobody can lock others out of a room for
// longer than that. A state machine without I/O; the caller waits. Thread: any; each call holds a lock for a short
// time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/keyed_hash.h"
#include "base/mutex.h"
#include "chat/room_record.h"

namespace globes::chat {

struct PasswordPaceLimits {
    std::uint32_t at_once = 60;                      ///< Checks without a delay.
    std::chrono::milliseconds interval{200};         ///< Between the further ones.
    std::chrono::milliseconds longest_delay{5'000};  ///< Checks that would wait longer are refused.
    std::size_t rooms = 10'000;                      ///< That are remembered.
};

class PasswordPace {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit PasswordPace(PasswordPaceLimits limits = {}) : limits_(limits) {}

    /// Reserves a check and returns how long to wait before it. Nothing, and no reservation, if that would be longer
    /// than `longest_delay`. `has_failed`: the client has sent a wrong password lately (PasswordThrottle). These
    /// clients have a pace of their own, so that they do not delay one who comes for the first time.
    std::optional<std::chrono::milliseconds> reserve(RoomId room, bool has_failed, TimePoint now);

    /// Gives a reservation back, because the password was right: a crowd that enters a room does not have to wait.
    void give_back(RoomId room, bool has_failed);

    std::chrono::milliseconds longest_delay() const { return limits_.longest_delay; }

private:
    /// When a room may be asked at once again: now plus one interval for each check. By `has_failed`.
    using FreeAt = std::array<TimePoint, 2>;

    void forget_idle(TimePoint now) REQUIRES(mutex_);

    const PasswordPaceLimits limits_;
    Mutex mutex_;
    std::unordered_map<RoomId, FreeAt, KeyedHash> rooms_ GUARDED_BY(mutex_);
};

}  // namespace globes::chat
