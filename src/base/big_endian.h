// Integers in network byte order, for wire formats and keys. Pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace globes {

/// `bytes`: at most eight.
constexpr std::uint64_t read_big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

/// Appends the lowest `count` bytes of `value`, at most eight.
constexpr void append_big_endian(std::string& out, std::uint64_t value, int count = sizeof(std::uint64_t)) {
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace globes
