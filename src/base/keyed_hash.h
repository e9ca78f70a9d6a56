// The hash of tables whose keys come from clients: SipHash-1-3 with a random key for each process. Without a secret
// key, as in std::hash, a client can choose thousands of keys with one hash, and every access to the table becomes a
// search through all of them. Thread: any. Source: https://www.aumasson.jp/siphash/siphash.pdf
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace globes {

using SipKey = std::array<std::uint64_t, 2>;

/// SipHash with one round for each 8 bytes and three at the end.
std::uint64_t siphash(const SipKey& key, std::string_view bytes);

/// For std::unordered_map and std::unordered_set. A table with `std::equal_to<>` also finds a string by a string_view.
/// It has no value outside this process: never store or send it.
struct KeyedHash {
    // NOLINTNEXTLINE(readability-identifier-naming): the name is the library's.
    using is_transparent = void;

    // Not noexcept: libstdc++ then keeps the hash of each key, instead of hashing the neighbors of a key at each
    // access.
    std::size_t operator()(std::string_view text) const;
    std::size_t operator()(std::integral auto number) const {
        return (*this)(std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
    }
};

}  // namespace globes
