#include "base/keyed_hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "unit/base/colliding_keys.h"

namespace globes {
namespace {

constexpr SipKey kKey{0x0706050403020100U, 0x0F0E0D0C0B0A0908U};

/// The same by OpenSSL, with one and three rounds.
std::uint64_t reference(const SipKey& key, const std::string& bytes) {
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                                EVP_MAC_free);
    const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(mac.get()),
                                                                            EVP_MAC_CTX_free);
    unsigned compression = 1;
    unsigned finalization = 3;
    std::size_t size = sizeof(std::uint64_t);
    std::array<OSSL_PARAM, 4> parameters{OSSL_PARAM_construct_uint("c-rounds", &compression),
                                         OSSL_PARAM_construct_uint("d-rounds", &finalization),
                                         OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_construct_end()};
    std::uint64_t hash = 0;
    std::size_t written = 0;
    EXPECT_EQ(
        EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()), sizeof key, parameters.data()),
        1);
    EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    EXPECT_EQ(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(&hash), &written, sizeof hash), 1);
    return hash;
}

TEST(KeyedHash, IsSipHash13ForTextsOfEveryLength) {
    std::string text;
    for (int length = 0; length < 70; ++length) {
        EXPECT_EQ(siphash(kKey, text), reference(kKey, text)) << length;
        text += static_cast<char>(length * 7);
    }
}

TEST(KeyedHash, DependsOnTheKey) { EXPECT_NE(siphash(kKey, "room"), siphash({kKey[0], kKey[1] + 1}, "room")); }

TEST(KeyedHash, FindsAStringByItsView) {
    std::unordered_map<std::string, int, KeyedHash, std::equal_to<>> table{{"tea", 1}, {"coffee", 2}};
    EXPECT_EQ(table.find(std::string_view("coffee"))->second, 2);
    EXPECT_EQ(KeyedHash()(std::uint64_t{5}), KeyedHash()(std::string_view("\5\0\0\0\0\0\0\0", 8)));
}

/// The number of keys in the fullest bucket of a table with this hash.
template <class Hash>
std::size_t fullest_bucket(const std::vector<std::string>& keys) {
    const std::unordered_set<std::string, Hash> table(keys.begin(), keys.end());
    EXPECT_EQ(table.size(), keys.size());
    std::size_t most = 0;
    for (std::size_t bucket = 0; bucket < table.bucket_count(); ++bucket)
        most = std::max(most, table.bucket_size(bucket));
    return most;
}

TEST(KeyedHash, SpreadsKeysThatHaveOneHashWithoutAKey) {
    const std::vector<std::string> keys = keys_of_one_hash(12);
    ASSERT_EQ(keys.size(), 4096);
    EXPECT_EQ(fullest_bucket<std::hash<std::string>>(keys), keys.size());
    EXPECT_LT(fullest_bucket<KeyedHash>(keys), 32U);
}

}  // namespace
}  // namespace globes
