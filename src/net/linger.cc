#include "net/linger.h"

#include <algorithm>

namespace globes::net {

std::chrono::steady_clock::duration linger_after(const FanOutWork& work, const LingerPolicy& policy) {
    const auto cost =
        std::min<double>(static_cast<double>(work.took.count()),
                         static_cast<double>(policy.longest_send.count()) * static_cast<double>(work.cursors));
    const double excess = cost - static_cast<double>(policy.short_fan_out.count());
    if (excess <= 0) return {};
    // With n messages in a send, one more saves 1/n - 1/(n + 1) of a send for each message: fuller sends gain less.
    const double messages = 1 + static_cast<double>(work.bytes) / static_cast<double>(policy.message_bytes);
    const double linger = std::min(cost * static_cast<double>(policy.factor) / (messages * messages),
                                   excess * static_cast<double>(policy.growth));
    return std::min(std::chrono::steady_clock::duration(static_cast<std::chrono::steady_clock::rep>(linger)),
                    policy.longest);
}

}  // namespace globes::net
