#include "bench/histogram.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>

using globes::bench::Histogram;

TEST(Histogram, IsExactBelow256) {
    Histogram histogram;
    for (std::int64_t value = 1; value <= 100; ++value) histogram.record(value);
    EXPECT_EQ(histogram.quantile(0.5), 50u);
    EXPECT_EQ(histogram.quantile(0.99), 99u);
    EXPECT_EQ(histogram.quantile(0.001), 1u);
    EXPECT_EQ(histogram.quantile(1), 100u);
}

TEST(Histogram, IsExactWithinOnePercentAtEveryMagnitude) {
    for (std::uint64_t value = 255; value < std::uint64_t{1} << 62; value = value * 3 / 2 + 1) {
        Histogram histogram;
        histogram.record(static_cast<std::int64_t>(value));
        histogram.record(static_cast<std::int64_t>(value * 2));  // So that the quantile is not limited by the maximum.
        const std::uint64_t found = histogram.quantile(0.5);
        EXPECT_GE(found, value);
        EXPECT_LE(static_cast<double>(found), static_cast<double>(value) * 1.008) << value;
        EXPECT_EQ(histogram.max(), value * 2);
    }
}

TEST(Histogram, NeighboringValuesKeepTheirOrder) {
    std::uint64_t last = 0;
    for (std::int64_t value = 0; value < 100'000; ++value) {
        Histogram histogram;
        histogram.record(value);
        histogram.record(1'000'000);
        const std::uint64_t found = histogram.quantile(0.5);
        ASSERT_GE(found, last);
        ASSERT_GE(found, static_cast<std::uint64_t>(value));
        last = found;
    }
}

TEST(Histogram, AQuantileIsTheValueThatThatShareDoesNotExceed) {
    Histogram histogram;
    for (int i = 0; i < 999; ++i) histogram.record(10);
    histogram.record(200);
    EXPECT_EQ(histogram.quantile(0.999), 10u);
    EXPECT_EQ(histogram.quantile(0.9991), 200u);
}

TEST(Histogram, MergesCountsAndMaximum) {
    Histogram low;
    Histogram high;
    for (int i = 0; i < 3; ++i) low.record(1);
    high.record(1'000'000);
    low.merge(high);
    EXPECT_EQ(low.count(), 4u);
    EXPECT_EQ(low.quantile(0.75), 1u);
    EXPECT_EQ(low.max(), 1'000'000u);
    EXPECT_EQ(low.quantile(1), 1'000'000u);
}

TEST(Histogram, CountsNegativeDurationsAsZero) {
    Histogram histogram;
    histogram.record(-5);
    EXPECT_EQ(histogram.quantile(1), 0u);
    EXPECT_EQ(histogram.count(), 1u);
}

TEST(Histogram, IsZeroWithoutValues) { EXPECT_EQ(Histogram().quantile(0.99), 0u); }
