#include "base/text.h"

#include <gtest/gtest.h>
#include <unicode/utf8.h>

#include <string>
#include <vector>

namespace globes {
namespace {

using namespace std::string_literals;

TEST(Unicode, AcceptsEveryLengthOfUtf8) {
    for (const std::string& text :
         {""s, "plain"s, "\0"s, "\x7F"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
          "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s, "zażółć 日本 🦄"s})
        EXPECT_TRUE(is_valid_utf8(text)) << text;
}

TEST(Unicode, RefusesInvalidUtf8) {
    const std::vector<std::string> malformed = {
        "\x80",
        "a\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3",
        "\xE2\x82",
        "\xF0\x9F\xA6",
        "\xC3(",
        "ok \xE2\x82 x",
    };
    for (const std::string& text : malformed) EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
}

TEST(Unicode, CountsCodePointsNotBytes) {
    EXPECT_EQ(count_code_points(""), 0U);
    EXPECT_EQ(count_code_points("abc"), 3U);
    EXPECT_EQ(count_code_points("żó"), 2U);
    EXPECT_EQ(count_code_points("日本🦄"), 3U);
    EXPECT_EQ(count_code_points("e\xCC\x81"), 2U) << "a combining accent is a code point of its own";
    EXPECT_EQ(count_code_points("a\0b"s), 3U);
}

TEST(Unicode, FindsBothRangesOfControlCharacters) {
    for (const std::string& text : {"\0"s, "a\nb"s, "\x1F"s, "\x7F"s, "\xC2\x80"s, "a\xC2\x9F"s})
        EXPECT_TRUE(has_control_character(text)) << testing::PrintToString(text);
    for (const std::string& text : {""s, " ~"s, "\xC2\xA0"s, "日本🦄"s, "\xE2\x80\x8B"s})
        EXPECT_FALSE(has_control_character(text)) << testing::PrintToString(text);
}

TEST(Unicode, TrimsUnicodeWhiteSpaceAtBothEndsOnly) {
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim(" \t\r\n "), "");
    EXPECT_EQ(trim("plain"), "plain");
    EXPECT_EQ(trim(" \ttwo words\n"), "two words");
    EXPECT_EQ(trim("\xC2\xA0"
                   "a"
                   "\xE3\x80\x80"),
              "a")
        << "no-break and ideographic space";
    EXPECT_EQ(trim(" 🦄 "), "🦄");
    EXPECT_EQ(trim("\xE2\x80\x8B"), "\xE2\x80\x8B") << "a zero width space is not White_Space";
}

TEST(Ascii, TrimsWhiteSpaceAtBothEndsOnly) {
    EXPECT_EQ(trim_ascii(""), "");
    EXPECT_EQ(trim_ascii(" \t\r\n "), "");
    EXPECT_EQ(trim_ascii(" \ttwo words\r\n"), "two words");
    EXPECT_EQ(trim_ascii("\n\xFF\xC2\xA0\n"), "\xFF\xC2\xA0") << "other bytes stay, valid or not";
    EXPECT_EQ(trim_blanks(" \t\n \t"), "\n");
}

TEST(Unicode, FoldsCaseOneCharacterToOne) {
    EXPECT_EQ(fold_case("Public Chat 2"), "public chat 2");
    EXPECT_EQ(fold_case("@[`{"), "@[`{") << "characters next to the letters do not change";
    EXPECT_EQ(fold_case("ŻÓŁĆ"), fold_case("żółć"));
    EXPECT_EQ(fold_case("ΣΑΣ"), fold_case("σας"));
    EXPECT_EQ(fold_case("ДАВИД"), "давид");
    EXPECT_EQ(fold_case("\xE2\x84\xAA"
                        "elvin"),
              "kelvin")
        << "the Kelvin sign is a K";
    EXPECT_EQ(fold_case("ß"), "ß") << "simple folding never turns one character into two";
    EXPECT_NE(fold_case("e"), fold_case("é"));
}

TEST(Unicode, AByteOrderMarkIsRemovedOnce) {
    EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBFtext"), "text");
    EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBF\xEF\xBB\xBF"), "\xEF\xBB\xBF");
    EXPECT_EQ(without_byte_order_mark("\xEF\xBB"), "\xEF\xBB");
    EXPECT_EQ(without_byte_order_mark(""), "");
}

TEST(Unicode, NamesEncodingsOfWideCharacters) {
    EXPECT_EQ(wide_encoding("\xFF\xFE{\0"s), "UTF-16");
    EXPECT_EQ(wide_encoding("\xFE\xFF\0{"s), "UTF-16");
    EXPECT_EQ(wide_encoding("{\0}\0"s), "UTF-16");
    EXPECT_EQ(wide_encoding("\0{\0}"s), "UTF-16");
    EXPECT_EQ(wide_encoding("\xFF\xFE\0\0{\0\0\0"s), "UTF-32");
    EXPECT_EQ(wide_encoding("\0\0\xFE\xFF\0\0\0{"s), "UTF-32");
    EXPECT_EQ(wide_encoding("{\0\0\0"s), "UTF-32");
    EXPECT_EQ(wide_encoding("\0\0\0{"s), "UTF-32");
    for (const std::string& text : {""s, "{"s, "{}"s, "\xEF\xBB\xBF{}"s, "\0"s, "{}\0\0"s, "zażółć"s})
        EXPECT_EQ(wide_encoding(text), "") << text;
}

/// ICU's verdict, which does not share code with ours.
bool is_utf8_for_icu(std::string_view text) {
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
        UChar32 point = 0;
        U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), at, size, point);
        if (point < 0) return false;
    }
    return true;
}

TEST(Utf8Check, AcceptsTheEmptyText) { EXPECT_TRUE(is_valid_utf8("")); }

TEST(Utf8Check, AgreesWithUnicodeOnEveryThreeBytes) {
    std::string text(3, '\0');
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            for (const unsigned third : {0x00u, 0x7Fu, 0x80u, 0x8Fu, 0x90u, 0x9Fu, 0xA0u, 0xBFu, 0xC0u, 0xFFu}) {
                text = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
                ASSERT_EQ(is_valid_utf8(text), is_utf8_for_icu(text)) << first << ' ' << second << ' ' << third;
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
                    ASSERT_EQ(is_valid_utf8(text), is_utf8_for_icu(text)) << first << ' ' << second << ' ' << third;
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
        ASSERT_EQ(check.is_complete(), is_utf8_for_icu(std::string_view(text).substr(0, cut))) << cut;
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
}  // namespace globes
