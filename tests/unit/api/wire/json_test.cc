#include "api/wire/json.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace globes::api {
namespace {

using namespace std::string_literals;
using Type = JsonField::Type;

/// What the field "key" of `text` is. The text must be readable.
JsonField read_key(std::string_view text) {
    std::array<JsonField, 1> fields{{{"key"}}};
    EXPECT_TRUE(read_json_object(text, fields)) << text;
    return fields[0];
}

bool is_readable(std::string_view text) {
    std::array<JsonField, 1> fields{{{"key"}}};
    return read_json_object(text, fields);
}

std::string written(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    EXPECT_EQ(json_string_size(text), out.size());
    return out;
}

TEST(ReadJsonObject, PassesOverAByteOrderMark) {
    EXPECT_EQ(read_key("\xEF\xBB\xBF{\"key\":\"x\"}").text, "x");
    EXPECT_FALSE(is_readable("\xEF\xBB\xBF\xEF\xBB\xBF{}"));
    EXPECT_FALSE(is_readable("\xEF\xBB\xBF"));
    EXPECT_FALSE(is_readable("\xFF\xFE{\0}\0"s));
    EXPECT_FALSE(is_readable("{\0}\0"s));
}

TEST(ReadJsonObject, TellsTheTypeOfAField) {
    const std::vector<std::pair<std::string, Type>> cases = {
        {R"({})", Type::absent},
        {R"({"other":"x"})", Type::absent},
        {R"({"Key":"x"})", Type::absent},
        {R"({"key":null})", Type::absent},
        {R"({"key":""})", Type::string},
        {R"({"key":"x"})", Type::string},
        {R"({"key":true})", Type::boolean},
        {R"({"key":false})", Type::boolean},
        {R"({"key":0})", Type::integer},
        {R"({"key":-1})", Type::integer},
        {R"({"key":9223372036854775807})", Type::integer},
        {R"({"key":18446744073709551615})", Type::integer},
        {R"({"key":18446744073709551616})", Type::other},
        {R"({"key":1.0})", Type::other},
        {R"({"key":1e400})", Type::other},
        {R"({"key":[]})", Type::other},
        {R"({"key":["x"]})", Type::other},
        {R"({"key":{}})", Type::other},
        {R"({"key":{"key":"x"}})", Type::other},
    };
    for (const auto& [text, type] : cases) EXPECT_EQ(read_key(text).type, type) << text;
}

TEST(ReadJsonObject, UnescapesTexts) {
    EXPECT_EQ(read_key(R"({"key":"plain"})").text, "plain");
    EXPECT_EQ(read_key(R"({"key":"a\"\\\/\b\f\n\r\tb"})").text, "a\"\\/\b\f\n\r\tb");
    EXPECT_EQ(read_key(R"({"key":"\u0041\u017c\ud83e\udd84"})").text, "Aż🦄");
    EXPECT_EQ(read_key(R"({"key":"a\u0000b"})").text, "a\0b"s);
    EXPECT_EQ(read_key(R"({"k\u0065y":"x"})").text, "x");
}

TEST(ReadJsonObject, ReadsLongTextsWithManyEscapesWhole) {
    std::string sent;
    std::string meant;
    for (int i = 0; i < 5000; ++i) {
        sent += "ab\\n\\u017c🦄";
        meant += "ab\nż🦄";
    }
    EXPECT_EQ(read_key(R"({"key":")" + sent + R"("})").text, meant);
}

TEST(ReadJsonObject, ReadsBooleans) {
    EXPECT_TRUE(read_key(R"({"key":true})").flag);
    EXPECT_FALSE(read_key(R"({"key":false})").flag);
}

TEST(ReadJsonObject, LastOfEqualKeysCounts) {
    EXPECT_EQ(read_key(R"({"key":"first","key":"last"})").text, "last");
    EXPECT_EQ(read_key(R"({"key":1,"key":"last"})").type, Type::string);

    const JsonField dropped = read_key(R"({"key":"first","key":null})");
    EXPECT_EQ(dropped.type, Type::absent);
    EXPECT_EQ(dropped.text, "");

    const JsonField retyped = read_key(R"({"key":true,"key":[]})");
    EXPECT_EQ(retyped.type, Type::other);
    EXPECT_FALSE(retyped.flag);
}

TEST(ReadJsonObject, LooksOnlyAtTheOutermostObject) {
    EXPECT_EQ(read_key(R"({"a":{"key":"inner"},"key":"outer","b":[{"key":"inner"}]})").text, "outer");
    EXPECT_EQ(read_key(R"({"a":["key","inner"]})").type, Type::absent);
    EXPECT_EQ(read_key(R"({"key":["inner"]})").text, "");
}

TEST(ReadJsonObject, FillsSeveralFieldsInAnyOrder) {
    std::array<JsonField, 3> fields{{{"a"}, {"b"}, {"c"}}};
    ASSERT_TRUE(read_json_object(R"( {"c" : true , "x":1, "a":"one"} )", fields));
    const auto& [a, b, c] = fields;
    EXPECT_EQ(a.text, "one");
    EXPECT_EQ(b.type, Type::absent);
    EXPECT_TRUE(c.flag);
}

TEST(ReadJsonObject, RefusesValuesOtherThanObjects) {
    for (const char* text : {"", " ", "null", "true", "1", "\"key\"", "[]", R"(["key","x"])", R"([{"key":"x"}])"})
        EXPECT_FALSE(is_readable(text)) << text;
}

TEST(ReadJsonObject, RefusesBrokenJson) {
    for (const std::string& text : {R"({)"s,
                                    R"(})"s,
                                    R"({"key")"s,
                                    R"({"key":)"s,
                                    R"({"key":"x")"s,
                                    R"({"key":"x)"s,
                                    R"({"key":"x",})"s,
                                    R"({,})"s,
                                    R"({key:"x"})"s,
                                    R"({'key':'x'})"s,
                                    R"({"key":'x'})"s,
                                    R"({"key":"x"}})"s,
                                    R"({} {})"s,
                                    R"({}x)"s,
                                    R"({"key":01})"s,
                                    R"({"key":+1})"s,
                                    R"({"key":1.})"s,
                                    R"({"key":NaN})"s,
                                    R"({"key":"\x41"})"s,
                                    R"({"key":"\u12"})"s,
                                    R"({"key":"x" /* no */})"s,
                                    "{\"key\":\"a\nb\"}"s,
                                    "{\"key\":\"a\0b\"}"s,
                                    "{}\0"s})
        EXPECT_FALSE(is_readable(text)) << testing::PrintToString(text);
}

TEST(ReadJsonObject, RefusesLoneSurrogates) {
    for (const char* text : {R"({"key":"\ud800"})", R"({"key":"\udc00"})", R"({"key":"\ud800x"})",
                             R"({"key":"\ud800\n"})", R"({"key":"\ud800\ud800"})", R"({"key":"\udc00\ud800"})",
                             R"({"other":"\ud800"})", R"({"\ud800":1})", R"({"a":[{"b":"\udfff"}]})"})
        EXPECT_FALSE(is_readable(text)) << text;
}

TEST(ReadJsonObject, RefusesInvalidUtf8Anywhere) {
    for (const char* bytes : {"\x80", "\xC0\x80", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
        const std::string text = bytes;
        EXPECT_FALSE(is_readable(R"({"key":")" + text + R"("})")) << testing::PrintToString(text);
        EXPECT_FALSE(is_readable(R"({"other":"a)" + text + R"(b"})")) << testing::PrintToString(text);
        EXPECT_FALSE(is_readable(R"({")" + text + R"(":1})")) << testing::PrintToString(text);
    }
}

TEST(ReadJsonObject, NestsToADepthOf500) {
    const auto nested = [](std::size_t arrays) {
        return R"({"key":)" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
    };
    EXPECT_TRUE(is_readable(nested(499)));
    EXPECT_FALSE(is_readable(nested(500)));
    EXPECT_FALSE(is_readable(nested(60'000)));
}

TEST(AppendJsonString, EscapesOnlyRequiredCharacters) {
    EXPECT_EQ(written(""), R"("")");
    EXPECT_EQ(written("plain / text"), R"("plain / text")");
    EXPECT_EQ(written("say \"hi\""), R"("say \"hi\"")");
    EXPECT_EQ(written("C:\\"), R"("C:\\")");
    EXPECT_EQ(written("\b\f\n\r\t"), R"("\b\f\n\r\t")");
    EXPECT_EQ(written("\0\x01\x0B\x1F"s), R"("\u0000\u0001\u000b\u001f")");
    EXPECT_EQ(written("\x7F <&> ż日🦄 \xE2\x80\xA8"), "\"\x7F <&> ż日🦄 \xE2\x80\xA8\"");
}

TEST(AppendJsonString, IsReadBackAsItWas) {
    std::string text;
    for (int byte = 0; byte < 0x80; ++byte) text += static_cast<char>(byte);
    text += "ż日🦄";
    EXPECT_EQ(read_key("{\"key\":" + written(text) + "}").text, text);
}

TEST(AppendJsonInteger, WritesEveryWidth) {
    std::string out;
    append_json_integer(out, 0);
    out += ' ';
    append_json_integer(out, std::numeric_limits<std::int64_t>::min());
    out += ' ';
    append_json_integer(out, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(out, "0 -9223372036854775808 18446744073709551615");
}

TEST(AppendJsonTime, WritesTheTimeInQuotes) {
    std::string out;
    append_json_time(out, 1'607'030'634'421'318);
    EXPECT_EQ(out, R"("2020-12-03T21:23:54.421318Z")");
}

}  // namespace
}  // namespace globes::api
