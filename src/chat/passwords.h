// Room passwords: bcrypt hashes, and the limit of wrong passwords (docs/protocol.md#limits).
#pragma once

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

/// `$2b$`, cost 10, fresh random salt. `password`: at most `kMaxPasswordBytes`, without U+0000 (the request checks see
/// to it). Throws std::runtime_error where crypt(3) can't do it.
std::string hash_password(std::string_view password);

/// Whether `text` is a bcrypt hash, `$2a$`, `$2b$` or `$2y$` and 60 characters in all. Any thread, at once.
bool is_password_hash(std::string_view text);

/// Whether `hash` is that of `password`. False for everything else: another or a broken hash, a password that could not
/// have been set. Compares in constant time.
bool verify_password(std::string_view password, const std::string& hash);

struct PasswordThrottleLimits {
    std::uint32_t wrong_tries = 10;
    std::chrono::seconds window{60};
    std::size_t entries = 100'000;
};

/// For each pair of address and room a window begins with the first wrong try. Up to `wrong_tries` wrong ones are
/// answered as such; the one after that exceeds, and from then on every try is refused unheard until the window ends.
/// At `entries` pairs the one whose window began first is forgotten. Any thread; each call is one short lock.
class PasswordThrottle {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit PasswordThrottle(PasswordThrottleLimits limits = {}) : limits_(limits) {}

    /// The time to wait, in whole seconds (≥ 1), if a try must be refused. To be asked on the worker, right before it
    /// hashes: asked any earlier, tries made in parallel would all pass before the first of them is counted.
    std::optional<std::chrono::seconds> refused(std::string_view address, RoomId room, TimePoint now);

    /// Counts a wrong try. The time to wait if this one exceeds: it is answered as refused too.
    std::optional<std::chrono::seconds> note_wrong(std::string_view address, RoomId room, TimePoint now);

private:
    struct Key {
        std::string address;
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
    std::optional<std::chrono::seconds> wait_of(const Window& window) const REQUIRES(mutex_);

    // Constant after construction.
    const PasswordThrottleLimits limits_;

    // Any thread.
    Mutex mutex_;
    Windows windows_ GUARDED_BY(mutex_);
    // All windows are equally long: the order of their making.
    std::deque<Windows::const_pointer> by_end_ GUARDED_BY(mutex_);
    TimePoint now_ GUARDED_BY(mutex_){};  // Never goes back, although the threads' clock readings arrive in any order.
};

}  // namespace globes::chat
