// Room passwords: bcrypt hashes, and the limit of wrong passwords (docs/protocol.md#limits). Thread: any. Hashing takes
// long and is done on workers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "chat/room_record.h"

namespace globes::chat {

/// Returns a bcrypt hash (`$2b$`, cost 10) with a random salt. `password`: at most `kMaxPasswordBytes`, without U+0000;
/// room_rules.h checks that. Errors: throws std::runtime_error if crypt(3) fails.
std::string hash_password(std::string_view password);

/// Whether `text` has the form of a bcrypt hash: `$2a$`, `$2b$` or `$2y$`, 60 characters in all. Does not hash.
bool is_password_hash(std::string_view text);

/// Whether `hash` is the hash of `password`. False also for a string that is not a bcrypt hash and for an invalid
/// password. Compares in constant time.
bool verify_password(std::string_view password, const std::string& hash);

/// A client that tries passwords.
struct Guesser {
    std::string_view address;  ///< Or the /64 of an IPv6 address.
    std::string_view network;  ///< The /48 of an IPv6 address; otherwise as `address`.
};

struct PasswordThrottleLimits {
    std::uint32_t wrong_tries = 10;    ///< Of an address.
    std::uint32_t network_factor = 8;  ///< A network may have so many times more.
    std::chrono::seconds window{60};
    std::size_t entries = 100'000;
};

/// Limits wrong passwords. For each pair of address and room, the first wrong password opens a window. After more than
/// `wrong_tries` wrong passwords in a window, every try is refused without a check until the window ends. The same
/// holds for each pair of network and room, with a larger limit. Above `entries` pairs, the oldest window is dropped.
/// Thread: any; each call holds a lock for a short time.
class PasswordThrottle {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit PasswordThrottle(PasswordThrottleLimits limits = {}) : limits_(limits) {}

    /// Returns the time to wait, in whole seconds (≥ 1), if a try MUST be refused. Call it on the worker, directly
    /// before the hash: if it is called earlier, many parallel tries pass before the first of them is counted.
    std::optional<std::chrono::seconds> refused(const Guesser& client, RoomId room, TimePoint now);

    /// Whether the address has sent a wrong password lately, or its network more than an address may.
    bool has_failed(const Guesser& client, RoomId room, TimePoint now);

    /// How many tries were refused.
    std::uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

    /// Counts a wrong password. Returns the time to wait if this one exceeds the limit: the try is then refused too.
    std::optional<std::chrono::seconds> note_wrong(const Guesser& client, RoomId room, TimePoint now);

private:
    struct Key {
        std::string address;  // or network
        RoomId room;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    struct Window {
        TimePoint end;
        std::uint32_t wrong = 0;
    };
    using Windows = std::unordered_map<Key, Window, KeyHash>;

    void forget_ended(TimePoint now) REQUIRES(mutex_);
    std::uint32_t wrong_of(std::string_view address, RoomId room) const REQUIRES(mutex_);
    void add_wrong(std::string_view address, RoomId room) REQUIRES(mutex_);
    std::optional<std::chrono::seconds> wait_of(const Guesser& client, RoomId room) REQUIRES(mutex_);

    // Constant after construction.
    const PasswordThrottleLimits limits_;

    // Any thread.
    std::atomic<std::uint64_t> refusals_ = 0;
    Mutex mutex_;
    Windows windows_ GUARDED_BY(mutex_);
    // The windows in the order of their ends, which is the order of their creation: all have the same length.
    std::deque<Windows::const_pointer> by_end_ GUARDED_BY(mutex_);
    TimePoint now_ GUARDED_BY(mutex_){};  // The latest time of any call; threads call out of order.
};

}  // namespace globes::chat
