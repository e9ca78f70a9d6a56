#include "base/text.h"

#include <gtest/gtest.h>

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

TEST(Unicode, RefusesWhatIsNoUtf8) {
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
    EXPECT_EQ(trim("\xE2\x80\x8B"), "\xE2\x80\x8B") << "a zero width space is no White_Space";
}

TEST(Unicode, FoldsCaseOneCharacterToOne) {
    EXPECT_EQ(fold_case("Public Chat 2"), "public chat 2");
    EXPECT_EQ(fold_case("@[`{"), "@[`{") << "neighbours of the letters stay";
    EXPECT_EQ(fold_case("ŻÓŁĆ"), fold_case("żółć"));
    EXPECT_EQ(fold_case("ΣΑΣ"), fold_case("σας"));
    EXPECT_EQ(fold_case("ДАВИД"), "давид");
    EXPECT_EQ(fold_case("\xE2\x84\xAA"
                        "elvin"),
              "kelvin")
        << "the Kelvin sign is a K";
    EXPECT_EQ(fold_case("ß"), "ß") << "simple folding never makes two characters of one";
    EXPECT_NE(fold_case("e"), fold_case("é"));
}

TEST(Unicode, AByteOrderMarkIsLeftOutOnce) {
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

}  // namespace
}  // namespace globes
