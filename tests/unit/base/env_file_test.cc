#include "base/env_file.h"

#include <gmock/gmock.h>

#include "base/config_error.h"

namespace globes {
namespace {

std::string value_of(std::string_view line) {
    const auto entries = parse_env_file(line, ".env");
    return entries.size() == 1 && entries[0].key == "KEY" ? entries[0].value : "(no entry)";
}

std::string error_of(std::string_view text) {
    try {
        parse_env_file(text, ".env");
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "(accepted)";
}

TEST(EnvFile, ReadsOneEntryALine) {
    const auto entries = parse_env_file("# first\n\nPORT=5000\r\n  SECRET_KEY = s \nexport A_1=b", ".env");
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].key, "PORT");
    EXPECT_EQ(entries[0].value, "5000");
    EXPECT_EQ(entries[1].key, "SECRET_KEY");
    EXPECT_EQ(entries[1].value, "s");
    EXPECT_EQ(entries[2].key, "A_1");
    EXPECT_EQ(entries[2].value, "b");
}

TEST(EnvFile, EmptyFilesHaveNoEntries) {
    EXPECT_TRUE(parse_env_file("", ".env").empty());
    EXPECT_TRUE(parse_env_file("\n \t\n#KEY=value\n", ".env").empty());
}

TEST(EnvFile, IgnoresAByteOrderMark) { EXPECT_EQ(value_of("\xEF\xBB\xBFKEY=value"), "value"); }

TEST(EnvFile, UnquotedValuesEndAtACommentBehindABlank) {
    EXPECT_EQ(value_of("KEY=value # why"), "value");
    EXPECT_EQ(value_of("KEY= # nothing"), "");
    EXPECT_EQ(value_of("KEY=pa#ss=word"), "pa#ss=word");
    EXPECT_EQ(value_of("KEY=two words"), "two words");
    EXPECT_EQ(value_of("KEY="), "");
    EXPECT_EQ(value_of("KEY=#1"), "#1");
}

TEST(EnvFile, SingleQuotedValuesAreLiteral) {
    EXPECT_EQ(value_of(R"(KEY=' a # "b" \n ' # comment)"), R"( a # "b" \n )");
    EXPECT_EQ(value_of("KEY=''"), "");
}

TEST(EnvFile, DoubleQuotedValuesKnowEscapes) {
    EXPECT_EQ(value_of(R"(KEY="a \"b\" \\ c\nd#")"), "a \"b\" \\ c\nd#");
    EXPECT_EQ(value_of(R"(KEY="\$a \`b\` $c")"), "$a `b` $c");
}

TEST(EnvFile, BrokenQuotesAreErrorsThatDontShowTheValue) {
    for (const auto* line : {R"(KEY="topsecret)", R"(KEY='topsecret)", R"(KEY="topsecret" more)",
                             R"(KEY="topsecret\q")", R"(KEY="topsecret\)"}) {
        EXPECT_THAT(error_of(line), testing::AllOf(testing::HasSubstr(".env: KEY: "), testing::HasSubstr("line 1"),
                                                   testing::Not(testing::HasSubstr("topsecret"))))
            << line;
    }
}

TEST(EnvFile, LinesWithoutAKeyAreErrorsThatDontShowTheLine) {
    EXPECT_EQ(error_of("A=1\ntopsecret\n"), ".env: line 2: must be KEY=VALUE");
    EXPECT_EQ(error_of("=value"), ".env: line 1: must be KEY=VALUE");
    EXPECT_EQ(error_of("1KEY=value"), ".env: line 1: must be KEY=VALUE");
    EXPECT_EQ(error_of("A KEY=value"), ".env: line 1: must be KEY=VALUE");
    EXPECT_EQ(error_of("export"), ".env: line 1: must be KEY=VALUE");
}

}  // namespace
}  // namespace globes
