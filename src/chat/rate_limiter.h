// Limits how many messages one connection may send, or all connections of a room together (docs/protocol.md#limits). A
// state machine without I/O; the caller supplies the time. Each connection and each room owns one. Thread: that of its
// owner.
#pragma once

#include <chrono>
#include <cstdint>

namespace globes::chat {

/// Shared by all connections, or all rooms, and constant. If `per_second` is 0, there is no limit; otherwise `burst`
/// MUST be ≥ 1.
struct RateLimit {
    std::uint32_t per_second = 20;
    std::uint32_t burst = 60;
};

struct RateVerdict {
    enum class Action : std::uint8_t {
        pass,
        refuse,  ///< The message is refused, and the sender is told `retry_after_ms`.
        close,   ///< Too many messages were refused: the connection closes with 4009.
    };
    Action action = Action::pass;
    std::uint32_t retry_after_ms = 0;  ///< ≥ 1 unless passed. After this time, the next message passes.

    friend bool operator==(const RateVerdict&, const RateVerdict&) = default;
};

/// A token bucket: `burst` messages pass at once, then `per_second` in each second. A refused message takes no token.
/// Refusals are counted in windows of 10 s: the first refusal after a window has ended starts the next one, and the
/// 100th refusal in a window returns `close`.
class RateLimiter {
public:
    static constexpr std::uint32_t kRefusalsToClose = 100;
    static constexpr std::chrono::seconds kRefusalWindow{10};

    using TimePoint = std::chrono::steady_clock::time_point;

    RateVerdict ask(const RateLimit& limit, TimePoint now);
    /// Counts a message that was refused for another reason, with the time after which it may pass.
    RateVerdict refuse(TimePoint now, std::chrono::milliseconds wait);

private:
    // When the bucket is full again: now plus one interval for each missing token.
    TimePoint full_at_{};
    TimePoint window_end_{};
    std::uint32_t refusals_ = 0;
};
static_assert(sizeof(RateLimiter) <= 24, "every idle connection has one");

}  // namespace globes::chat
