#include "net/utf8_check.h"

#include <gtest/gtest.h>

#include <string>

#include "base/unicode.h"

namespace globes::net {
namespace {

bool is_accepted(std::string_view text) {
    Utf8Check check;
    return check.consume(text) && check.is_complete();
}

TEST(Utf8Check, AcceptsTheEmptyText) { EXPECT_TRUE(is_accepted("")); }

TEST(Utf8Check, AgreesWithUnicodeOnEveryThreeBytes) {
    std::string text(3, '\0');
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            for (const unsigned third : {0x00u, 0x7Fu, 0x80u, 0x8Fu, 0x90u, 0x9Fu, 0xA0u, 0xBFu, 0xC0u, 0xFFu}) {
                text = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
                ASSERT_EQ(is_accepted(text), is_valid_utf8(text)) << first << ' ' << second << ' ' << third;
            }
        }
    }
}

TEST(Utf8Check, AgreesWithUnicodeOnTheEdgesOfFourBytes) {
    const auto edges = {0x7F, 0x80, 0x8F, 0x90, 0xBF, 0xC0};
    for (int first = 0xEF; first < 0x100; ++first)
        for (const int second : edges)
            for (const int third : edges)
                for (const int fourth : edges) {
                    const std::string text{static_cast<char>(first), static_cast<char>(second),
                                           static_cast<char>(third), static_cast<char>(fourth)};
                    ASSERT_EQ(is_accepted(text), is_valid_utf8(text)) << first << ' ' << second << ' ' << third;
                }
}

TEST(Utf8Check, FindsABadByteAnywhereInLongAscii) {
    for (std::size_t size = 1; size < 100; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'a');
            text[at] = '\x80';
            Utf8Check check;
            ASSERT_FALSE(check.consume(text)) << size << ' ' << at;
        }
    }
}

TEST(Utf8Check, TakesCharactersCutAnywhere) {
    const std::string text = "a\xC3\xBC\xE2\x82\xAC\xED\x9F\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBFz";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Utf8Check check;
        ASSERT_TRUE(check.consume(std::string_view(text).substr(0, cut)));
        ASSERT_EQ(check.is_complete(), is_valid_utf8(std::string_view(text).substr(0, cut))) << cut;
        ASSERT_TRUE(check.consume(std::string_view(text).substr(cut)));
        ASSERT_TRUE(check.is_complete());
    }
}

TEST(Utf8Check, FailsAtTheByteThatNoTextContinuesWith) {
    for (const std::string_view text :
         {"\x80", "\xC1", "\xF5", "\xE0\x9F", "\xED\xA0", "\xF0\x8F", "\xF4\x90", "\xC3z"}) {
        Utf8Check check;
        EXPECT_TRUE(check.consume(text.substr(0, text.size() - 1)));
        EXPECT_FALSE(check.consume(text.substr(text.size() - 1)));
    }
}

}  // namespace
}  // namespace globes::net
