// Random bytes for secrets, from the operating system (getrandom(2)), in about a microsecond. `std::random_device` uses
// the processor's own source here, which is a hundred times slower. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace globes {

/// Requests up to this size return all bytes or fail (getrandom(2)).
inline constexpr std::size_t kMaxRandomBytes = 256;

/// Fills at most kMaxRandomBytes. Waits for the system's entropy pool right after a boot.
/// Errors: throws std::runtime_error if the system has no such source.
void fill_random(std::span<std::byte> bytes);

/// `bytes` random bytes as lower-case hexadecimal digits, two for each.
std::string random_hex(std::size_t bytes);

/// A source for the distributions of <random>.
struct SystemRandom {
    using result_type = std::uint64_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return UINT64_MAX; }
    result_type operator()() const;
};

}  // namespace globes
