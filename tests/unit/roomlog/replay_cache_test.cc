#include "roomlog/replay_cache.h"

#include <gmock/gmock.h>

#include "roomlog/log_writer.h"

namespace globes::roomlog {
namespace {

class ReplayCacheTest : public testing::Test {
protected:
    void say(std::string_view text) {
        ++seq;
        cache.add(seq, static_cast<UnixMicros>(seq) * 10, writer.append(text));
    }
    void announce(std::string_view text) { cache.add_live(writer.append(text)); }
    std::string durable(std::uint64_t after, std::uint64_t until) const {
        const auto frames = cache.durable(after, until);
        return frames ? text_of(*frames) : "none";
    }
    static std::string text_of(const std::vector<Slice>& frames) {
        std::string text;
        for (const Slice& frame : frames) text += frame.bytes();
        return text;
    }

    ReplayCacheBudget budget;
    LogWriter writer;
    std::uint64_t seq = 0;
    ReplayCache cache{budget, writer, 0, std::nullopt};
};

TEST_F(ReplayCacheTest, ReturnsDurableFramesAfterASeq) {
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

TEST_F(ReplayCacheTest, ReturnsAllFramesFromAPosition) {
    say("a");
    const Position from = writer.end();
    EXPECT_EQ(text_of(cache.since(from)), "");
    announce("+");
    say("b");
    ASSERT_TRUE(cache.reaches(from));
    EXPECT_EQ(text_of(cache.since(from)), "+b");
    EXPECT_EQ(text_of(cache.since(0)), "a+b");
}

TEST_F(ReplayCacheTest, AdjacentFramesAreOneSlice) {
    say("a");
    say("b");
    announce("+");
    say("c");
    EXPECT_EQ(cache.durable(0, 3)->size(), 2U);
    EXPECT_EQ(cache.since(0).size(), 1U);
}

TEST_F(ReplayCacheTest, HasNoFramesFromBeforeItsCreation) {
    ReplayCache younger(budget, writer, 41, 410);
    EXPECT_EQ(younger.durable(40, 41), std::nullopt);
    EXPECT_TRUE(younger.durable(41, 41)->empty());
    younger.add(42, 0, writer.append("x"));
    EXPECT_EQ(younger.durable(40, 42), std::nullopt);
    EXPECT_EQ(text_of(*younger.durable(41, 42)), "x");
}

TEST_F(ReplayCacheTest, HasTheTimesFromTheNewestDroppedFrameOn) {
    ReplayCache younger(budget, writer, 41, 410);
    EXPECT_EQ(younger.time_of(40), std::nullopt);
    EXPECT_EQ(younger.time_of(41), 410);
    EXPECT_EQ(younger.time_of(42), std::nullopt);
    younger.add(42, 420, writer.append("x"));
    younger.add_live(writer.append("+"));
    younger.add(43, 400, writer.append("y"));
    EXPECT_EQ(younger.time_of(41), 410);
    EXPECT_EQ(younger.time_of(42), 420);
    EXPECT_EQ(younger.time_of(43), 400);
    budget.room_bytes = 1;
    younger.add_live(writer.append("-"));
    EXPECT_EQ(younger.time_of(42), std::nullopt);
    EXPECT_EQ(younger.time_of(43), 400) << "all frames were dropped";
    EXPECT_EQ(cache.time_of(0), std::nullopt) << "no event exists";
}

TEST_F(ReplayCacheTest, DropsItsOldestFramesAtTheLimitOfTheRoom) {
    budget.room_bytes = 10'000;
    for (int i = 0; i < 20; ++i) say(std::string(1'000, 'x'));
    EXPECT_LE(budget.used, 10'000U);
    EXPECT_EQ(durable(0, 20), "none");
    EXPECT_EQ(durable(15, 20).size(), 5'000U);
    EXPECT_FALSE(cache.reaches(0));
    EXPECT_TRUE(cache.reaches(15'000));
}

/// Another room with one durable event.
struct OtherRoom {
    explicit OtherRoom(ReplayCacheBudget& budget) : cache(budget, writer, 0, std::nullopt) {
        const Slice frame = writer.append(std::string(3'000, 'o'));
        block = frame.block;
        cache.add(1, 0, frame);
    }
    bool has_frames() const { return cache.reaches(0); }

    LogWriter writer;
    ReplayCache cache;
    std::weak_ptr<const char[]> block;
};

TEST_F(ReplayCacheTest, RoomsThatWereNotUsedLatelyDropTheirFramesAtTheTotalLimit) {
    budget.total_bytes = 10'000;
    OtherRoom first(budget);
    OtherRoom second(budget);
    say(std::string(1'000, 'x'));
    first.cache.note_use();
    for (int i = 0; i < 3; ++i) say(std::string(1'000, 'x'));
    EXPECT_LE(budget.used, 10'000U);
    EXPECT_TRUE(first.has_frames()) << "a client needed them after the second room had grown";
    EXPECT_FALSE(second.has_frames());
    EXPECT_EQ(second.cache.time_of(1), 0) << "of the newest dropped event";
    EXPECT_TRUE(second.block.expired()) << "the log has released its block";
    EXPECT_EQ(durable(0, 4).size(), 4'000U);
}

TEST_F(ReplayCacheTest, ARoomWithoutFramesGrowsAgain) {
    budget.total_bytes = 10'000;
    OtherRoom other(budget);
    for (int i = 0; i < 8; ++i) say(std::string(1'000, 'x'));
    ASSERT_FALSE(other.has_frames());
    const Position from = other.writer.end();
    other.cache.add(2, 20, other.writer.append("again"));
    EXPECT_TRUE(other.cache.reaches(from));
    EXPECT_EQ(text_of(*other.cache.durable(1, 2)), "again");
    EXPECT_TRUE(cache.reaches(0)) << "there is enough room for both";
}

TEST_F(ReplayCacheTest, TheOnlyRoomDropsItsOldestFramesAtTheTotalLimit) {
    budget.total_bytes = 10'000;
    for (int i = 0; i < 20; ++i) say(std::string(1'000, 'x'));
    EXPECT_LE(budget.used, 10'000U);
    EXPECT_EQ(durable(15, 20).size(), 5'000U);
    EXPECT_FALSE(cache.reaches(0));
}

TEST_F(ReplayCacheTest, ARoomThatEndsReleasesItsShare) {
    {
        const OtherRoom other(budget);
        EXPECT_GT(budget.used, 0U);
        EXPECT_EQ(budget.by_use.size(), 1U);
    }
    EXPECT_EQ(budget.used, 0U);
    EXPECT_TRUE(budget.by_use.empty());
}

}  // namespace
}  // namespace globes::roomlog
