#include "chat/event.h"

#include <gtest/gtest.h>

#include <string>

namespace globes::chat {
namespace {

using namespace std::string_literals;

std::string repeat(std::string_view character, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += character;
    return text;
}

TEST(EventRules, NameHasOneToThirtyTwoCharacters) {
    EXPECT_FALSE(is_valid_name(""));
    EXPECT_TRUE(is_valid_name("d"));
    EXPECT_TRUE(is_valid_name("my-username"));
    EXPECT_TRUE(is_valid_name(repeat("x", 32)));
    EXPECT_FALSE(is_valid_name(repeat("x", 33)));
    EXPECT_TRUE(is_valid_name(repeat("🦄", 32)));
    EXPECT_FALSE(is_valid_name(repeat("🦄", 33)));
    EXPECT_FALSE(is_valid_name(repeat("ż", 33)));
}

TEST(EventRules, NameHasNoControlCharacter) {
    for (const std::string& name : {"a\0b"s, "a\nb"s, "\x1F"s, "\x7F"s, "\xC2\x85"s})
        EXPECT_FALSE(is_valid_name(name)) << testing::PrintToString(name);
    EXPECT_TRUE(is_valid_name("two words"));
}

TEST(EventRules, TextHasOneTo4096CharactersAndMayHoldLineBreaks) {
    EXPECT_FALSE(is_valid_text(""));
    EXPECT_TRUE(is_valid_text(" "));
    EXPECT_TRUE(is_valid_text("two\nlines\tand\0more"s));
    EXPECT_TRUE(is_valid_text(repeat("x", 4096)));
    EXPECT_FALSE(is_valid_text(repeat("x", 4097)));
    EXPECT_TRUE(is_valid_text(repeat("🦄", 4096)));
    EXPECT_FALSE(is_valid_text(repeat("🦄", 4097)));
    EXPECT_FALSE(is_valid_text(repeat("é", 4097)));
}

TEST(EventRules, ClientIdHasOneTo64Characters) {
    EXPECT_FALSE(is_valid_client_id(""));
    EXPECT_TRUE(is_valid_client_id("c1"));
    EXPECT_TRUE(is_valid_client_id("a\nb"));
    EXPECT_TRUE(is_valid_client_id(repeat("日", 64)));
    EXPECT_FALSE(is_valid_client_id(repeat("日", 65)));
    EXPECT_FALSE(is_valid_client_id(repeat("x", 65)));
}

TEST(EventRules, ColorIsACssNameInAnyCase) {
    for (const char* color : {"red", "Red", "RED", "aliceblue", "yellowgreen", "rebeccapurple", "LightGoldenrodYellow",
                              "darkslategrey", "darkslategray", "pink", "black"})
        EXPECT_TRUE(is_color(color)) << color;
}

TEST(EventRules, ColorIsShortOrLongHex) {
    for (const char* color : {"#000", "#fff", "#09afAF", "#ABCDEF", "#c0ffee"}) EXPECT_TRUE(is_color(color)) << color;
    for (const char* color :
         {"#", "#f", "#ff", "#ffff", "#fffff", "#fffffff", "#ffffffff", "#ggg", "#12 ", "# 12", "fff", "##ff", "#1é"})
        EXPECT_FALSE(is_color(color)) << color;
}

TEST(EventRules, OtherTextIsNotAColor) {
    for (const char* color : {"", " ", "reddish", "re", " red", "red ", "transparent", "currentcolor", "inherit",
                              "canvas", "rgb(1,2,3)", "red;background:url(x)", "lightgoldenrodyellowx"})
        EXPECT_FALSE(is_color(color)) << color;
}

TEST(EventRules, LettersThatOnlyFoldToAsciiAreNotAColor) {
    EXPECT_FALSE(is_color("\xC5\xBFnow")) << "long s";
    EXPECT_FALSE(is_color("blac\xE2\x84\xAA")) << "Kelvin sign";
}

}  // namespace
}  // namespace globes::chat
