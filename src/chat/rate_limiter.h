// How many messages one connection may send (docs/protocol.md#limits). One small object a connection, on its
// I/O thread; it does no I/O and is told the time.
#pragma once

#include <chrono>
#include <cstdint>

namespace globes::chat {

/// Shared by all connections and constant. `per_second` 0: no limit, and `burst` doesn't matter; otherwise `burst` ≥ 1.
struct RateLimit {
    std::uint32_t per_second = 20;
    std::uint32_t burst = 60;
};

struct RateVerdict {
    enum class Action : std::uint8_t {
        pass,
        refuse,  ///< Not carried out; the sender is told to wait `retry_after_ms`.
        close,   ///< Refused so often that the connection ends (4009).
    };
    Action action = Action::pass;
    std::uint32_t retry_after_ms = 0;  ///< ≥ 1 unless passed: after that long, one message passes for certain.

    friend bool operator==(const RateVerdict&, const RateVerdict&) = default;
};

/// A token bucket: `burst` messages pass at once, and `per_second` each second after that; a refused one costs nothing.
/// Refusals are counted in windows of 10 s, each beginning with the first refusal after the last one ended: the 100th
/// within a window says close.
class RateLimiter {
public:
    static constexpr std::uint32_t kRefusalsToClose = 100;
    static constexpr std::chrono::seconds kRefusalWindow{10};

    RateVerdict ask(const RateLimit& limit, std::chrono::steady_clock::time_point now);

private:
    using TimePoint = std::chrono::steady_clock::time_point;

    // When the bucket is full again; before that, each message still missing in it is one interval.
    TimePoint full_at_{};
    TimePoint window_end_{};
    std::uint32_t refusals_ = 0;
};
static_assert(sizeof(RateLimiter) <= 24, "Every idle connection pays for it.");

}  // namespace globes::chat
