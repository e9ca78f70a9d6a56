#include "net/ws_mask.h"

#include <gtest/gtest.h>

#include <string>

namespace globes::net {
namespace {

constexpr MaskKey kKey{'\x01', '\x82', '\x7C', '\xF0'};

std::string pattern(std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 37 + 11));
    return bytes;
}

std::string masked_byte_by_byte(std::string bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ kKey[i % 4]);
    return bytes;
}

TEST(WsMask, UnmasksTheExampleOfTheRfc) {
    std::string bytes = "\x7f\x9f\x4d\x51\x58";
    unmask(bytes, {'\x37', '\xfa', '\x21', '\x3d'});
    EXPECT_EQ(bytes, "Hello");
}

TEST(WsMask, UnmasksEveryLengthAtEveryAlignment) {
    for (std::size_t size = 0; size < 100; ++size) {
        for (std::size_t offset = 0; offset < 8; ++offset) {
            std::string bytes = pattern(offset + size + 1);
            const std::string expected =
                bytes.substr(0, offset) + masked_byte_by_byte(bytes.substr(offset, size)) + bytes.back();
            unmask(std::span(bytes).subspan(offset, size), kKey);
            ASSERT_EQ(bytes, expected) << size << ' ' << offset;
        }
    }
}

TEST(WsMask, TheAdvancedKeyContinuesAnywhere) {
    const std::string expected = masked_byte_by_byte(pattern(40));
    for (std::size_t cut = 0; cut <= 40; ++cut) {
        std::string bytes = pattern(40);
        unmask(std::span(bytes).first(cut), kKey);
        unmask(std::span(bytes).subspan(cut), advance_key(kKey, cut));
        ASSERT_EQ(bytes, expected) << cut;
    }
}

}  // namespace
}  // namespace globes::net
