#include "base/env_file.h"

#include <gmock/gmock.h>

#include "base/config_values.h"

namespace globes {
namespace {

std::string value_of(std::string_view line) {
    const auto entries = parse_env_file(line, ".env");
    if (entries.size() != 1 || entries[0].key != "KEY") return "(no entry)";
    return entries[0].fault.empty() ? entries[0].value : entries[0].fault;
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

TEST(EnvFile, OtherEncodingsAreNamed) {
    using namespace std::string_literals;
    EXPECT_EQ(error_of("\xFF\xFEK\0=\0v\0"s), ".env: is UTF-16, must be UTF-8");
    EXPECT_EQ(error_of("K\0=\0v\0"s), ".env: is UTF-16, must be UTF-8");
}

// Values that a shell (`. ./.env`), docker compose, the dotenv of Node and that of Python all read in the same way.
// Lines that the shell takes for a command and not for an assignment are compared without the shell.
TEST(EnvFile, ValuesAreThoseThatAllProgramsRead) {
    constexpr struct {
        std::string_view line;
        std::string_view value;
    } kCases[] = {
        {"KEY=value", "value"},
        {"KEY=", ""},
        {"KEY=\r", ""},
        {"KEY=value\r", "value"},
        {"KEY=value \t ", "value"},
        {"KEY = value", "value"},
        {"\tKEY= value", "value"},
        {"export KEY=value", "value"},
        {"export\tKEY=value", "value"},
        {"KEY=value # why", "value"},
        {"KEY=value   # it's \"$HOME\"", "value"},
        {"KEY=a=b", "a=b"},
        {"KEY=mongodb://u:p@h:1/?retryWrites=true&w=majority", "mongodb://u:p@h:1/?retryWrites=true&w=majority"},
        {"KEY=a*b?c[d]{e,f}!g^h%i@j,k/l+m-n.o:p", "a*b?c[d]{e,f}!g^h%i@j,k/l+m-n.o:p"},
        {"KEY=a~b", "a~b"},
        {"KEY=zażółć", "zażółć"},
        {"KEY=''", ""},
        {"KEY=\"\"", ""},
        {R"(KEY=' a # "b" $c \n `d` \\e;f ' # comment)", R"( a # "b" $c \n `d` \\e;f )"},
        {R"(KEY=" a # 'b';c " # comment)", " a # 'b';c "},
        {"KEY='tab\there'", "tab\there"},
        {"KEY='value' ", "value"},
        {"KEY='value'\r", "value"},
        {"KEY='value'\t# comment", "value"},
        {"KEY='one\n\ntwo' # comment", "one\n\ntwo"},
        {"KEY=\"one\n# two\"", "one\n# two"},
    };
    for (const auto& [line, value] : kCases) EXPECT_EQ(value_of(line), value) << line;
}

TEST(EnvFile, ValuesThatProgramsReadDifferentlyHaveAFault) {
    for (const auto* line : {
             R"(KEY=ab"topsecret"d)",   R"(KEY=ab'topsecret'd)",
             R"(KEY=topsecret")",       R"(KEY=it's)",  // quotes inside
             R"(KEY=top\ secret)",      R"(KEY=topsecret\)",
             R"(KEY=\topsecret)",  // escapes
             "KEY=top secret",          "KEY=top\tsecret",
             "KEY=topsecret OTHER=1",  // blanks
             "KEY=$topsecret",          "KEY=${topsecret}",
             "KEY=$(topsecret)",        "KEY=topsecret$",
             "KEY=`topsecret`",         "KEY=~/topsecret",
             "KEY=topsecret:~/x",  // the home folder
             "KEY=top#secret",          "KEY=#topsecret",
             "KEY= # topsecret",        "KEY=topsecret\t# comment",  // comments
             "KEY=top;secret",          "KEY=top|secret",
             "KEY=<topsecret>",         "KEY=(topsecret)",  // special characters of the shell
             R"(KEY="top$secret")",     R"(KEY="topsecret$")",
             R"(KEY="`topsecret`")",  // expansion in double quotes
             R"(KEY="top\"secret")",    R"(KEY="top\\secret")",
             R"(KEY="top\nsecret")",    R"(KEY="top\$secret")",
             R"(KEY='topsecret\')",     R"(KEY='top\'secret')",  // escapes in single quotes
             R"(KEY="topsecret" more)", R"(KEY="topsecret"more)",
             R"(KEY='top''secret')",    R"(KEY='topsecret'#comment)",
             "KEY='top\r\nsecret'",     "KEY=top\rsecret",
             "KEY=top\x01secret",       "KEY='top\x1Bsecret'",  // control
         }) {
        const auto entries = parse_env_file(line, ".env");
        ASSERT_EQ(entries.size(), 1u) << line;
        EXPECT_EQ(entries[0].value, "") << line;
        EXPECT_NE(entries[0].fault, "") << line;
        EXPECT_THAT(entries[0].fault, testing::Not(testing::HasSubstr("secret"))) << line;
    }
}

TEST(EnvFile, AFaultLeavesTheOtherEntriesReadable) {
    const auto entries = parse_env_file("A=a b\nB=\"x\" y\nC='1\n2'\nexport my.key-1=$X\r\nD=4", ".env");
    ASSERT_EQ(entries.size(), 5u);
    EXPECT_EQ(entries[2].value, "1\n2");
    EXPECT_EQ(entries[3].key, "my.key-1");
    EXPECT_EQ(entries[4].value, "4");
    const std::vector<std::size_t> lines{entries[0].line, entries[1].line, entries[2].line, entries[3].line,
                                         entries[4].line};
    EXPECT_THAT(lines, testing::ElementsAre(1, 2, 3, 5, 6));
}

TEST(EnvFile, AnOpenQuoteIsAnErrorThatDoesntShowTheValue) {
    EXPECT_EQ(error_of("A=1\nKEY=\"topsecret"), ".env: KEY: the quote on line 2 is not closed");
    EXPECT_EQ(error_of("KEY='topsecret\nB=2"), ".env: KEY: the quote on line 1 is not closed");
    EXPECT_EQ(error_of("KEY=\"topsecret\\\""), ".env: KEY: the quote on line 1 is not closed");
    // The first quote of the next value looks like the end of this one.
    EXPECT_EQ(error_of("KEY='topsecret\nB='2'"), ".env: KEY: the quote on line 1 is not closed");
}

TEST(EnvFile, ValuesAreUtf8) {
    for (const char* text : {"KEY=topsecret\xE9", "KEY='\xC3'", "KEY=\"\xED\xA0\x80\""})
        EXPECT_EQ(value_of(text), "must be UTF-8") << text;
    EXPECT_EQ(value_of("KEY='\xC3\xA9'"), "\xC3\xA9");
}

TEST(EnvFile, LinesWithoutAKeyAreErrorsThatDontShowTheLine) {
    EXPECT_EQ(error_of("A=1\ntopsecret\n"), ".env: line 2: must be KEY=VALUE");
    EXPECT_EQ(error_of("A='1\n2'\n=value"), ".env: line 3: must be KEY=VALUE");
    EXPECT_EQ(error_of("A KEY=value"), ".env: line 1: must be KEY=VALUE");
    EXPECT_EQ(error_of("A$KEY=value"), ".env: line 1: must be KEY=VALUE");
    EXPECT_EQ(error_of("export"), ".env: line 1: must be KEY=VALUE");
}

}  // namespace
}  // namespace globes
