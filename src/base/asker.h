// The client that asks for work, for queues that serve round-robin (round_robin.h). A value; equal for the same client,
// in this process only.
#pragma once

#include <cstdint>

namespace globes {

/// A queue serves networks round-robin, and the clients of one network round-robin: a subscriber with a thousand IPv6
/// subnets gets as many turns as one with a single IPv4 address.
struct Asker {
    std::uint64_t network = 0;  ///< Of an IPv4 address alone, or of the /48 of an IPv6 address.
    std::uint64_t client = 0;   ///< Of an IPv4 address, or of the /64 of an IPv6 address.

    friend bool operator==(const Asker&, const Asker&) = default;
};

}  // namespace globes
