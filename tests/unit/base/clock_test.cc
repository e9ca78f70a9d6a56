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

TEST(Clock, SystemClockTellsTheTimeOfDayInMicroseconds) {
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
