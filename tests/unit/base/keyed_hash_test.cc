#include "base/keyed_hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

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

}  // namespace
}  // namespace globes
