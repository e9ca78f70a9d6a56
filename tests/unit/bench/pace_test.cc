#include "bench/pace.h"

#include <gtest/gtest.h>

using globes::bench::Pace;

TEST(Pace, NothingIsDueBeforeItsTime) {
    Pace pace(1000, 1e6);  // Every 1000 ns.
    EXPECT_FALSE(pace.take(999));
    EXPECT_EQ(pace.take(1000), 1000);
    EXPECT_FALSE(pace.take(1999));
    EXPECT_EQ(pace.next_ns(), 2000);
}

TEST(Pace, WhoeverIsLateCatchesUpWithTheIntendedTimes) {
    Pace pace(0, 1e6);
    EXPECT_EQ(pace.take(3500), 0);
    EXPECT_EQ(pace.take(3500), 1000);
    EXPECT_EQ(pace.take(3500), 2000);
    EXPECT_EQ(pace.take(3500), 3000);
    EXPECT_FALSE(pace.take(3500));
}

TEST(Pace, RoundingDoesNotAddUp) {
    Pace pace(0, 3);
    for (int i = 0; i < 3'000'000; ++i) pace.take(Pace::kNever);
    EXPECT_EQ(pace.next_ns(), 1'000'000'000'000'000);
}

TEST(Pace, WithoutARateIsNeverDue) {
    Pace pace;
    EXPECT_FALSE(pace.take(Pace::kNever - 1));
    EXPECT_EQ(pace.next_ns(), Pace::kNever);
}
