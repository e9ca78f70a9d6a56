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
#include <string>
#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "base/mutex.h"
#include "chat/passwords.h"
#include "chat/room_record.h"

namespace globes::chat {

struct PasswordPaceLimits {
    std::uint32_t at_once = 60;                      ///< Checks without a delay.
    std::chrono::milliseconds interval{200};         ///< Between the further ones.
    std::chrono::milliseconds longest_delay{5'000};  ///< Checks that would wait longer are refused.
    std::size_t rooms = 10'000;                      ///< That are remembered.
    std::uint32_t first_tries = 2;                   ///< Of an address for a room at the same time, if none has failed.
    std::uint32_t network_factor = 4;                ///< A network may have so many times more.
};

class PasswordPace {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit PasswordPace(PasswordPaceLimits limits = {}) : limits_(limits) {}

    /// A reserved check. When it is destroyed, the try has ended, and the check is given back unless `keep` was called:
    /// only a wrong password counts to the end. So a crowd that enters a room waits only for what is not answered yet.
    class Check {
    public:
        Check(Check&& other) noexcept
            : pace_(std::exchange(other.pace_, nullptr)), try_(std::move(other.try_)), delay_(other.delay_) {}
        Check& operator=(Check&&) = delete;
        ~Check() {
            if (pace_ != nullptr) pace_->end(try_, false);
        }

        /// How long to wait before the password is checked.
        std::chrono::milliseconds delay() const { return delay_; }
        /// The password was checked and is wrong.
        void keep() {
            if (auto* const pace = std::exchange(pace_, nullptr)) pace->end(try_, true);
        }

    private:
        friend class PasswordPace;
        struct Try {
            std::string address;
            std::string network;
            RoomId room;
            bool is_first;
        };
        Check(PasswordPace& pace, Try made, std::chrono::milliseconds delay)
            : pace_(&pace), try_(std::move(made)), delay_(delay) {}

        PasswordPace* pace_;  // null if the try has ended
        Try try_;
        std::chrono::milliseconds delay_;
    };

    /// Reserves a check. Nothing if it would wait for longer than `longest_delay`. This object MUST outlive it.
    /// `has_failed`: the client has sent a wrong password lately (PasswordThrottle). These clients have a pace of their
    /// own, so that they do not delay one who comes for the first time. So have further tries of an address or a
    /// network beside `first_tries` that are not answered yet: of a hundred in parallel, none has failed when the last
    /// one arrives.
    std::optional<Check> reserve(const Guesser& guesser, RoomId room, bool has_failed, TimePoint now);

    std::chrono::milliseconds longest_delay() const { return limits_.longest_delay; }

private:
    /// When a room may be asked at once again: now plus one interval for each check. By `has_failed`.
    using FreeAt = std::array<TimePoint, 2>;

    struct Key {
        std::string address;  // or the network
        RoomId room;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return KeyedHash()(KeyedHash()(key.address) ^ key.room); }
    };

    void end(const Check::Try& made, bool is_kept);
    bool has_first_try(const std::string& address, RoomId room, std::uint32_t most) const REQUIRES(mutex_);
    void end_first_try(const std::string& address, RoomId room) REQUIRES(mutex_);
    void forget_idle(TimePoint now) REQUIRES(mutex_);

    const PasswordPaceLimits limits_;
    Mutex mutex_;
    std::unordered_map<RoomId, FreeAt, KeyedHash> rooms_ GUARDED_BY(mutex_);
    std::unordered_map<Key, std::uint32_t, KeyHash> first_tries_ GUARDED_BY(mutex_);  // that are not answered yet
};

}  // namespace globes::chat
