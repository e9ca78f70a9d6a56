// A secret as it is kept: 128 bits of its SHA-256, from which nobody gets the secret back. Immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace globes::chat {

struct Credential {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// The empty secret, which is none, gives the empty credential.
    static Credential of(std::string_view secret);
    bool empty() const { return high == 0 && low == 0; }

    friend bool operator==(const Credential&, const Credential&) = default;
    struct Hash {
        std::size_t operator()(const Credential& credential) const { return credential.low; }
    };
};

}  // namespace globes::chat
