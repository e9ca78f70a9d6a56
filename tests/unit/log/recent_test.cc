#include "log/recent.h"

#include <gmock/gmock.h>

#include "log/tail.h"

namespace globes::log {
namespace {

class RecentTest : public testing::Test {
protected:
    void say(std::string_view text) {
        ++seq;
        recent.add(seq, static_cast<UnixMicros>(seq) * 10, tail.append(text));
    }
    void announce(std::string_view text) { recent.add_live(tail.append(text)); }
    std::string durable(std::uint64_t after, std::uint64_t until) const {
        const auto frames = recent.durable(after, until);
        return frames ? text_of(*frames) : "none";
    }
    static std::string text_of(const std::vector<Slice>& frames) {
        std::string text;
        for (const Slice& frame : frames) text += frame.bytes();
        return text;
    }

    RecentBudget budget;
    Tail tail;
    std::uint64_t seq = 0;
    Recent recent{budget, 0, std::nullopt};
};

TEST_F(RecentTest, GivesWhatIsDurableAfterASeq) {
    say("a");
    announce("+");
    say("b");
    announce("-");
    say("c");
    EXPECT_EQ(durable(0, 3), "abc");
    EXPECT_EQ(durable(1, 3), "bc");
    EXPECT_EQ(durable(1, 2), "b");
    EXPECT_EQ(durable(3, 3), "");
}

TEST_F(RecentTest, GivesEverythingFromAPlaceInTheLog) {
    say("a");
    const Position from = tail.end();
    EXPECT_EQ(text_of(recent.since(from)), "");
    announce("+");
    say("b");
    ASSERT_TRUE(recent.reaches(from));
    EXPECT_EQ(text_of(recent.since(from)), "+b");
    EXPECT_EQ(text_of(recent.since(0)), "a+b");
}

TEST_F(RecentTest, NeighboursAreOneSlice) {
    say("a");
    say("b");
    announce("+");
    say("c");
    EXPECT_EQ(recent.durable(0, 3)->size(), 2U);
    EXPECT_EQ(recent.since(0).size(), 1U);
}

TEST_F(RecentTest, KnowsNothingOfWhatWasSaidBeforeItsTime) {
    Recent younger(budget, 41, 410);
    EXPECT_EQ(younger.durable(40, 41), std::nullopt);
    EXPECT_TRUE(younger.durable(41, 41)->empty());
    younger.add(42, 0, tail.append("x"));
    EXPECT_EQ(younger.durable(40, 42), std::nullopt);
    EXPECT_EQ(text_of(*younger.durable(41, 42)), "x");
}

TEST_F(RecentTest, KnowsTheTimesFromTheNewestOneThatItDroppedOn) {
    Recent younger(budget, 41, 410);
    EXPECT_EQ(younger.time_of(40), std::nullopt);
    EXPECT_EQ(younger.time_of(41), 410);
    EXPECT_EQ(younger.time_of(42), std::nullopt);
    younger.add(42, 420, tail.append("x"));
    younger.add_live(tail.append("+"));
    younger.add(43, 400, tail.append("y"));
    EXPECT_EQ(younger.time_of(41), 410);
    EXPECT_EQ(younger.time_of(42), 420);
    EXPECT_EQ(younger.time_of(43), 400);
    budget.room_bytes = 1;
    younger.add_live(tail.append("-"));
    EXPECT_EQ(younger.time_of(42), std::nullopt);
    EXPECT_EQ(younger.time_of(43), 400) << "all frames are gone";
    EXPECT_EQ(recent.time_of(0), std::nullopt) << "nothing was said";
}

TEST_F(RecentTest, GivesUpItsOldestFramesAtTheLimitOfTheRoom) {
    budget.room_bytes = 10'000;
    for (int i = 0; i < 20; ++i) say(std::string(1'000, 'x'));
    EXPECT_LE(budget.used, 10'000U);
    EXPECT_EQ(durable(0, 20), "none");
    EXPECT_EQ(durable(15, 20).size(), 5'000U);
    EXPECT_FALSE(recent.reaches(0));
    EXPECT_TRUE(recent.reaches(15'000));
}

TEST_F(RecentTest, TheRoomThatGrowsGivesWayToTheOthers) {
    budget.total_bytes = 10'000;
    Recent other(budget, 0, std::nullopt);
    Tail others_tail;
    other.add(1, 0, others_tail.append(std::string(6'000, 'o')));
    for (int i = 0; i < 20; ++i) say(std::string(1'000, 'x'));
    EXPECT_LE(budget.used, 10'000U);
    EXPECT_TRUE(other.reaches(0));
    EXPECT_FALSE(recent.reaches(0));
}

TEST_F(RecentTest, ARoomThatEndsLeavesItsShareToTheOthers) {
    {
        Recent other(budget, 0, std::nullopt);
        Tail others_tail;
        other.add(1, 0, others_tail.append("o"));
        EXPECT_GT(budget.used, 0U);
    }
    EXPECT_EQ(budget.used, 0U);
}

}  // namespace
}  // namespace globes::log
