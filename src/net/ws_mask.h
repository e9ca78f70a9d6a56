// The masking of a client's frames (RFC 6455, 5.3). Masking and unmasking are the same operation.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace globes::net {

using MaskKey = std::array<char, 4>;

/// Unmasks `bytes` in place. `key[0]` belongs to the first of them; any length and alignment.
void unmask(std::span<char> bytes, MaskKey key);

/// The key as it stands `count` bytes further on, for the rest of a payload that arrives in pieces.
MaskKey advance_key(MaskKey key, std::size_t count);

}  // namespace globes::net
