// How long a topic lingers after a fan-out, so that messages coalesce and the next fan-out sends them all with the same
// number of sends. Pure arithmetic. Source of the numbers: docs/adr/0004-fan-out-linger.md
#pragma once

#include <chrono>
#include <cstddef>

namespace globes::net {

/// The work of one fan-out, from its first cursor to its last.
struct FanOutWork {
    std::chrono::steady_clock::duration took{};
    std::size_t cursors = 0;  ///< Visited.
    std::size_t bytes = 0;    ///< Sent to each cursor that was not blocked.
};

struct LingerPolicy {
    std::chrono::steady_clock::duration short_fan_out =
        std::chrono::microseconds{2500};  ///< A fan-out up to this long is followed by no linger.
    std::chrono::steady_clock::duration longest = std::chrono::milliseconds{30};
    /// The longest time that counts for each cursor. If a fan-out took longer, the thread was preempted.
    std::chrono::steady_clock::duration longest_send = std::chrono::microseconds{5};
    std::size_t message_bytes = 256;  ///< The assumed size of a message.
    // A fan-out that took d and sent n messages lingers for factor * d / (1 + n)^2, at most growth * (d -
    // short_fan_out).
    std::size_t factor = 40;
    std::size_t growth = 15;
};

/// Returns the delay between a fan-out and the next one of the same topic, zero to `policy.longest`. Thread: any.
std::chrono::steady_clock::duration linger_after(const FanOutWork& work, const LingerPolicy& policy);

}  // namespace globes::net
