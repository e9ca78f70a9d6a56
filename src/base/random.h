// Random bytes for what must not be guessed: from the operating system (getrandom(2)), a microsecond for a few of them.
// `std::random_device` reads the processor's own source here, a hundred times slower. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace globes {

/// They come whole or not at all (getrandom(2)).
inline constexpr std::size_t kMostRandomBytes = 256;

/// At most kMostRandomBytes. Waits for the system's pool in the first moments after it has started.
/// Errors: throws std::runtime_error where the system has no such source.
void fill_random(std::span<std::byte> bytes);

/// `bytes` of them as twice as many lower-case hexadecimal digits.
std::string random_hex(std::size_t bytes);

/// A source for the distributions of <random>.
struct SystemRandom {
    using result_type = std::uint64_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return UINT64_MAX; }
    result_type operator()() const;
};

}  // namespace globes
