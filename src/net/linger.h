// How long a feed rests after a sweep, so that messages gather and the next sweep takes them all with the same number
// of sends. Plain arithmetic; why these numbers: docs/adr/0004-fan-out-linger.md
#pragma once

#include <chrono>
#include <cstddef>

namespace globes::net {

/// What a sweep was, from its first cursor to its last.
struct FanOutWork {
    std::chrono::steady_clock::duration took{};
    std::size_t cursors = 0;  ///< Looked at.
    std::size_t bytes = 0;    ///< Brought to each cursor that was not behind.
};

struct LingerPolicy {
    std::chrono::steady_clock::duration short_fan_out =
        std::chrono::microseconds{2500};  ///< Up to that no rest follows.
    std::chrono::steady_clock::duration longest = std::chrono::milliseconds{30};
    /// More than that for each cursor was not the sweep's own work: the thread was held up.
    std::chrono::steady_clock::duration dearest_send = std::chrono::microseconds{5};
    std::size_t message_bytes = 256;  ///< Taken for one message.
    std::size_t factor = 40;          ///< A sweep of d that brought n messages' bytes rests for factor * d / (1 + n)^2,
    std::size_t growth = 15;          ///< and at most for growth * (d - short_fan_out).
};

std::chrono::steady_clock::duration linger_after(const FanOutWork& work, const LingerPolicy& policy);

}  // namespace globes::net
