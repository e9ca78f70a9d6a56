#include "base/keyed_hash.h"

#include <bit>
#include <cstring>

#include "base/random.h"

namespace globes {
namespace {

struct SipState {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = std::rotl(v1, 17) ^ v2;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 = std::rotl(v2, 32);
    }
    void add(std::uint64_t word) {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

/// At most 8 bytes, the first one the lowest.
std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t word = 0;
    if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
    return std::endian::native == std::endian::little ? word : std::byteswap(word);
}

const SipKey& process_key() {
    static const SipKey key{SystemRandom()(), SystemRandom()()};
    return key;
}

}  // namespace

std::uint64_t siphash(const SipKey& key, std::string_view bytes) {
    SipState state{key[0] ^ 0x736F6D6570736575U, key[1] ^ 0x646F72616E646F6DU, key[0] ^ 0x6C7967656E657261U,
                   key[1] ^ 0x7465646279746573U};
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    const std::uint64_t size = bytes.size();
    for (; bytes.size() >= kWord; bytes.remove_prefix(kWord)) state.add(little_endian(bytes.substr(0, kWord)));
    state.add(little_endian(bytes) | size << 56);
    state.v2 ^= 0xFF;
    state.round();
    state.round();
    state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::size_t KeyedHash::operator()(std::string_view text) const noexcept { return siphash(process_key(), text); }

}  // namespace globes
