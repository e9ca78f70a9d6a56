#include "chat/visible_range.h"

#include <gtest/gtest.h>

namespace globes::chat {
namespace {

using std::chrono::seconds;

constexpr UnixMicros kSecond = 1'000'000;
constexpr RetentionNow kNow{.wall = 1'000 * kSecond, .steady = std::chrono::steady_clock::time_point(seconds(500))};

/// For a room whose newest event, number 100, was stored just now.
VisibilityFloors floors() {
    VisibilityFloors floors(1);
    floors.set_last_stored_at(kNow.steady);
    return floors;
}

TEST(RetentionOf, ARoomsOwnLimitsTakePrecedenceOverTheDefaults) {
    const RetentionLimits defaults{.seconds = 10, .events = 20};
    EXPECT_EQ(retention_of({}, defaults, 0).seconds, 10U);
    EXPECT_EQ(retention_of({}, defaults, 0).events, 20U);
    EXPECT_EQ(retention_of({.retention_s = 3, .max_events = 4}, defaults, 0).seconds, 3U);
    EXPECT_EQ(retention_of({.retention_s = 3, .max_events = 4}, defaults, 0).events, 4U);
    EXPECT_FALSE(retention_of({}, {}, 0).any());
}

TEST(RetentionOf, AStoreThatKeepsFewerEventsLimitsEveryRoom) {
    EXPECT_EQ(retention_of({}, {}, 7).events, 7U);
    EXPECT_EQ(retention_of({.max_events = 100}, {}, 7).events, 7U);
    EXPECT_EQ(retention_of({.max_events = 5}, {}, 7).events, 5U);
}

TEST(VisibilityFloors, WithoutLimitsEverythingThatIsStoredIsVisible) {
    VisibilityFloors stored(41);
    const VisibleRange range = stored.range(100, {}, kNow);
    EXPECT_EQ(range.first_seq, 41U);
    EXPECT_EQ(range.last_seq, 100U);
    EXPECT_FALSE(range.expiry.is_on());
    EXPECT_FALSE(range.empty());
    EXPECT_TRUE(VisibilityFloors(101).range(100, {}, kNow).empty());
}

TEST(VisibilityFloors, TheHighestFloorDecidesAndFloorsNeverDecrease) {
    const RetentionLimits limits{.seconds = 10, .events = 80};
    VisibilityFloors floors = globes::chat::floors();
    EXPECT_EQ(floors.range(100, limits, kNow).first_seq, 21U) << "80 events";
    floors.raise_stored(30);
    floors.raise_stored(2);
    EXPECT_EQ(floors.range(100, limits, kNow).first_seq, 30U);
    floors.raise_shown(40);
    floors.raise_shown(1);
    EXPECT_EQ(floors.range(100, limits, kNow).first_seq, 40U);
    floors.raise_unexpired(50);
    floors.raise_unexpired(1);
    EXPECT_EQ(floors.range(100, limits, kNow).first_seq, 50U);
    EXPECT_EQ(floors.range(100, {.events = 80}, kNow).first_seq, 40U) << "nothing expires by time";
}

TEST(VisibilityFloors, ASilenceOfThePeriodHidesEverythingWhateverTheWallClock) {
    const RetentionLimits limits{.seconds = 10};
    RetentionNow now = kNow;
    now.wall = 0;
    now.steady += seconds(10) - std::chrono::microseconds(1);
    EXPECT_FALSE(floors().range(100, limits, now).empty());
    now.steady += std::chrono::microseconds(1);
    EXPECT_TRUE(floors().range(100, limits, now).empty());
    EXPECT_EQ(floors().range(100, limits, now).first_seq, 101U);
}

TEST(VisibleRange, ShowsNeitherEventsBeforeItNorThoseThatHaveExpired) {
    const VisibleRange range = floors().range(100, {.seconds = 10, .events = 50}, kNow);
    EXPECT_FALSE(range.shows(50, kNow.wall));
    EXPECT_TRUE(range.shows(51, kNow.wall));
    EXPECT_TRUE(range.shows(51, kNow.wall - 10 * kSecond));
    EXPECT_FALSE(range.shows(51, kNow.wall - 10 * kSecond - 1));
    EXPECT_TRUE(range.shows(51, 0)) << "a time in 1970 is wrong and proves nothing";
}

}  // namespace
}  // namespace globes::chat
