// Different keys with one std::hash, as a client would choose them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace globes {

/// Returns 2^bits texts of the same length that have one std::hash in libstdc++: MurmurHash64A with a constant seed.
///
/// It mixes each 8 bytes alone before it adds them to its state and multiplies. Two words whose mixed values differ
/// only in the highest bit change only the highest bit of the state, and multiplication with an odd number keeps that
/// difference. So the hash of words of these two kinds depends on whether the number of the second kind is even.
inline std::vector<std::string> keys_of_one_hash(unsigned bits) {
    constexpr std::uint64_t kFactor = 0xC6A4'A793'5BD1'E995;
    std::uint64_t inverse = kFactor;
    for (int i = 0; i < 5; ++i) inverse *= 2 - kFactor * inverse;
    const auto text_of = [](std::uint64_t word) {
        std::string text(sizeof word, '\0');
        std::memcpy(text.data(), &word, sizeof word);
        return text;
    };
    constexpr std::uint64_t kWord = 0x6B65'7920'7465'7874;
    // The mixing XORs the 47 bits on the right with the 17 on the left: bit 16 undoes what bit 63 does there.
    const std::uint64_t other = inverse * ((kWord * kFactor) ^ (std::uint64_t{1} << 63) ^ (std::uint64_t{1} << 16));
    const std::string words[] = {text_of(kWord), text_of(other)};
    std::vector<std::string> keys;
    for (std::size_t number = 0; number < std::size_t{1} << bits; ++number) {
        std::string key;
        std::size_t parity = 0;
        for (unsigned bit = 0; bit < bits; ++bit) {
            const std::size_t which = number >> bit & 1;
            key += words[which];
            parity ^= which;
        }
        keys.push_back(key + words[parity]);
    }
    return keys;
}

}  // namespace globes
