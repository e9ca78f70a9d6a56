#include "base/logging.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace globes {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

/// The lines that `write` logs on stderr.
template <class Write>
std::string logged(LogLevel level, Write write) {
    testing::internal::CaptureStderr();
    {
        const Logging logging(level);
        write();
    }
    return testing::internal::GetCapturedStderr();
}

TEST(Log, AccessLinesHaveEverythingInKeyValueForm) {
    EXPECT_EQ(format_access_line({"GET", "/chats", 200, 1234, std::chrono::microseconds(81), "127.0.0.1"}),
              "event=request method=GET path=/chats status=200 bytes=1234 duration_us=81 peer=127.0.0.1");
}

TEST(Log, AccessLinesEndWithTheNote) {
    EXPECT_THAT(
        format_access_line({.method = "POST", .target = "/chats", .status = 429, .peer = "::1", .note = "limit=rooms"}),
        testing::EndsWith(" peer=::1 limit=rooms"));
}

TEST(Log, AccessLinesHaveNoQueryAndNoUserInfo) {
    for (const auto* target :
         {"/chats/2/ws?session=topsecret", "/chats/2/ws#topsecret", "http://u:topsecret@host/chats/2/ws",
          "http://u:topsecret@host", "u:topsecret@host:443"}) {
        EXPECT_THAT(format_access_line({.method = "GET", .target = target, .peer = "::1"}), Not(HasSubstr("topsecret")))
            << target;
    }
    EXPECT_THAT(format_access_line({.method = "GET", .target = "http://host/chats?limit=1", .peer = "::1"}),
                HasSubstr(" path=/chats status="));
}

TEST(Log, AccessLinesCannotBeForged) {
    const auto line = format_access_line({.method = "GET\n", .target = "/a\r\nb c\"\x1b[2J\xc3\xa9\\", .peer = "x y"});
    EXPECT_THAT(line, HasSubstr(R"(method="GET\x0a" path="/a\x0d\x0ab c\"\x1b[2J\xc3\xa9\\" status=)"));
    EXPECT_THAT(line, HasSubstr("peer=\"x y\""));
}

TEST(Log, AccessLinesHaveALimitedLength) {
    const auto line =
        format_access_line({.method = std::string(100, 'M'), .target = "/" + std::string(100'000, 'p'), .peer = "::1"});
    EXPECT_LT(line.size(), 400u);
    EXPECT_THAT(line, HasSubstr("ppp... status="));
}

TEST(Log, LinesHaveTimeAndLevel) {
    EXPECT_THAT(logged(LogLevel::info, [] { spdlog::warn("event=x n={}", 1); }),
                MatchesRegex("time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z level=warning event=x n=1\n"));
}

TEST(Log, AccessLinesAreOfLevelInfo) {
    const auto write = [] { access_log({.method = "GET", .target = "/health", .peer = "::1"}); };
    EXPECT_THAT(logged(LogLevel::info, write), HasSubstr("level=info event=request method=GET path=/health"));
    EXPECT_EQ(logged(LogLevel::warn, write), "");
}

TEST(Log, QueuedLinesAreWrittenAtTheEnd) {
    const auto lines = logged(LogLevel::info, [] {
        for (int i = 0; i < 1000; ++i) spdlog::info("event=x n={}", i);
    });
    EXPECT_EQ(std::ranges::count(lines, '\n'), 1000);
    EXPECT_THAT(lines, HasSubstr("event=x n=999\n"));
}

TEST(Log, ThePreviousLoggerIsRestored) {
    const auto before = spdlog::default_logger();
    logged(LogLevel::info, [&] { EXPECT_NE(spdlog::default_logger(), before); });
    EXPECT_EQ(spdlog::default_logger(), before);
}

TEST(Log, LevelOffIsSilent) {
    EXPECT_EQ(logged(LogLevel::off, [] { spdlog::critical("event=x"); }), "");
}

TEST(Log, ALineBreakInAValueStartsNoLine) {
    EXPECT_THAT(logged(LogLevel::info, [] { spdlog::info("event=x value={}", "a\ntime=forged\x7f"); }),
                HasSubstr("value=a\\x0atime=forged\\x7f\n"));
}

}  // namespace
}  // namespace globes
