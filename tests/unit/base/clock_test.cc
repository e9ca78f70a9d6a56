#include "base/clock.h"

#include <gtest/gtest.h>

namespace globes {
namespace {

TEST(Clock, WritesTimesInUtcWithSixDigitsOfFraction) {
    EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(format_rfc3339(1), "1970-01-01T00:00:00.000001Z");
    EXPECT_EQ(format_rfc3339(1'607'030'634'421'318), "2020-12-03T21:23:54.421318Z");
    EXPECT_EQ(format_rfc3339(1'709'251'199'999'999), "2024-02-29T23:59:59.999999Z");
    EXPECT_EQ(format_rfc3339(1'709'251'200'000'000), "2024-03-01T00:00:00.000000Z");
    EXPECT_EQ(format_rfc3339(253'402'300'799'999'999), "9999-12-31T23:59:59.999999Z");
}

TEST(Clock, WritesTimesBeforeTheEpoch) {
    EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_rfc3339(-86'400'000'000), "1969-12-31T00:00:00.000000Z");
}

TEST(Clock, ReadsTheTimesThatItWrites) {
    for (const UnixMicros time :
         {UnixMicros{0}, UnixMicros{1}, UnixMicros{1'607'030'634'421'318}, UnixMicros{1'709'251'199'999'999},
          UnixMicros{253'402'300'799'999'999}, UnixMicros{-1}})
        EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
}

TEST(Clock, RefusesOtherFormsOfTimes) {
    for (const char* text :
         {"", "2020", "2020-12-03T21:23:54Z", "2020-12-03T21:23:54.421318", "2020-12-03T21:23:54.421318z",
          "2020-12-03 21:23:54.421318Z", "2020-12-03T21:23:54.421318+00:00", "2020-12-03T21:23:54.4213180Z",
          "2020-13-03T21:23:54.421318Z", "2020-02-30T21:23:54.421318Z", "2020-12-03T24:00:00.000000Z",
          "2020-12-03T21:60:54.421318Z", "2020-12-03T21:23:60.421318Z", "2020-12-03T21:23:-1.421318Z",
          "2020-1x-03T21:23:54.421318Z", "x020-12-03T21:23:54.421318Z"})
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Clock, SystemClockReturnsTheTimeOfDayInMicroseconds) {
    const SystemClock clock;
    const UnixMicros now = clock.now_us();
    EXPECT_GT(now, 1'700'000'000'000'000) << "later than 2023";
    EXPECT_LT(now, 4'102'444'800'000'000) << "earlier than 2100";
}

TEST(Clock, SteadyTimeNeverGoesBack) {
    const SystemClock clock;
    auto last = clock.steady();
    for (int i = 0; i < 1000; ++i) {
        const auto now = clock.steady();
        EXPECT_GE(now, last);
        last = now;
    }
}

}  // namespace
}  // namespace globes
