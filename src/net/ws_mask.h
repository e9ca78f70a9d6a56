// The masking of a client's frames (RFC 6455, 5.3). Masking and unmasking are the same operation. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace globes::net {

using MaskKey = std::array<char, 4>;

/// Unmasks `bytes` in place, with `key[0]` for the first byte. Any length, any alignment.
void unmask(std::span<char> bytes, MaskKey key);

/// Returns the key rotated by `count` bytes, for the rest of a payload that arrives in pieces.
MaskKey advance_key(MaskKey key, std::size_t count);

}  // namespace globes::net
