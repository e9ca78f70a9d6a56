#include "net/ws_mask.h"

#include <cstdint>
#include <cstring>

namespace globes::net {

void unmask(std::span<char> bytes, MaskKey key) {
    std::uint32_t half = 0;
    std::memcpy(&half, key.data(), sizeof half);
    // Both halves are equal, so the result does not depend on the byte order.
    const std::uint64_t word_key = std::uint64_t{half} << 32 | half;

    char* const data = bytes.data();
    std::size_t at = 0;
    // memcpy instead of casts: unaligned access is defined, and the compiler vectorises the loop.
    for (; at + sizeof word_key <= bytes.size(); at += sizeof word_key) {
        std::uint64_t word = 0;
        std::memcpy(&word, data + at, sizeof word);
        word ^= word_key;
        std::memcpy(data + at, &word, sizeof word);
    }
    for (; at < bytes.size(); ++at) data[at] = static_cast<char>(data[at] ^ key[at % key.size()]);
}

MaskKey advance_key(MaskKey key, std::size_t count) {
    MaskKey advanced{};
    for (std::size_t i = 0; i < key.size(); ++i) advanced[i] = key[(i + count) % key.size()];
    return advanced;
}

}  // namespace globes::net
