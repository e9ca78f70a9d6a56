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

/// 8 bytes, the first one the lowest.
std::uint64_t word_at(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
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
    const char* at = bytes.data();
    const std::size_t rest = bytes.size() % kWord;
    for (const char* const end = at + (bytes.size() - rest); at != end; at += kWord) state.add(word_at(at));
    std::uint64_t last = std::uint64_t{bytes.size()} << 56;
    if (rest > 0 && bytes.size() > kWord)
        last |= word_at(at + rest - kWord) >> 8 * (kWord - rest);  // faster than a copy of `rest` bytes
    else
        for (std::size_t i = 0; i < rest; ++i) last |= std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i;
    state.add(last);
    state.v2 ^= 0xFF;
    state.round();
    state.round();
    state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::size_t KeyedHash::operator()(std::string_view text) const { return siphash(process_key(), text); }

}  // namespace globes
