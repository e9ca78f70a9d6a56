#include "chat/expiry.h"

#include <gmock/gmock.h>

#include "unit/chat/fakes.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;

constexpr UnixMicros kSecond = 1'000'000;

/// The first unexpired seq of events 1, 2, 3 … with these times, in seconds, at the time `now`; events are kept for 100
/// s.
std::uint64_t first_at(UnixMicros now, const std::vector<UnixMicros>& times, int* looked_at = nullptr) {
    const auto times_at = [&](const std::vector<std::uint64_t>& seqs) {
        std::vector<std::optional<UnixMicros>> found;
        for (const std::uint64_t seq : seqs) found.emplace_back(times.at(seq - 1) * kSecond);
        if (looked_at != nullptr) *looked_at += static_cast<int>(seqs.size());
        return found;
    };
    return first_unexpired({.first = 1, .last = times.size()}, {.now = now * kSecond, .period = 100 * kSecond},
                           times_at);
}

TEST(Expiry, ReadsTheOldestEventsCloselyAndFewerOfLaterOnes) {
    EXPECT_THAT(expiry_samples({.first = 5, .last = 4}), ElementsAre());
    EXPECT_THAT(expiry_samples({.first = 5, .last = 7}), ElementsAre(5, 6, 7));
    const auto seqs = expiry_samples({.first = 1, .last = 100});
    EXPECT_EQ(seqs.size(), kExpiryWindow + 4);
    EXPECT_THAT(std::vector(seqs.end() - 4, seqs.end()), ElementsAre(17, 33, 65, 100));
}

TEST(Expiry, EventsExpireByTheirTimes) {
    const std::vector<UnixMicros> times = {1000, 1010, 1010, 1020};
    EXPECT_EQ(first_at(1100, times), 1U);
    EXPECT_EQ(first_at(1101, times), 2U);
    EXPECT_EQ(first_at(1111, times), 4U);
    EXPECT_EQ(first_at(1121, times), 5U);
    EXPECT_EQ(first_at(99, times), 1U) << "soon after 1970 no event can be that old";
    EXPECT_EQ(first_at(0, times), 1U);
    EXPECT_EQ(first_at(-5, times), 1U);
}

TEST(Expiry, AnEventFromTheFutureExpiresWithALaterOne) {
    const std::vector<UnixMicros> times = {1000, 1050, 1010, 1020};  // ahead by less than the period
    EXPECT_EQ(first_at(1101, times), 2U);
    EXPECT_EQ(first_at(1111, times), 4U);
    EXPECT_EQ(first_at(1111, {1000, 9999, 1010, 1020}), 4U);
    EXPECT_EQ(first_at(1500, {1000, 9999, 1010, 1020}), 5U) << "no check for a long time";
    EXPECT_EQ(first_at(1100, {9999}), 1U) << "its age is unknown";
}

TEST(Expiry, AnEventFromLongAgoExpiresWithTheOnesBeforeIt) {
    const std::vector<UnixMicros> times = {1000, 1010, 0, 1020};
    EXPECT_EQ(first_at(1050, times), 1U);
    EXPECT_EQ(first_at(1101, times), 2U);
    EXPECT_EQ(first_at(1111, times), 4U);
    EXPECT_EQ(first_at(1111, {0, 1020}), 2U) << "no event is before it";
}

TEST(Expiry, FewEventsAreReadHoweverManyExist) {
    std::vector<UnixMicros> times(1'000'000);
    for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<UnixMicros>(i + 1);
    int looked_at = 0;
    EXPECT_EQ(first_at(times.back(), times, &looked_at), times.size() - 100);
    EXPECT_LT(looked_at, 1000);
    looked_at = 0;
    EXPECT_EQ(first_at(50, times, &looked_at), 1U);
    EXPECT_EQ(looked_at, 0);
    EXPECT_EQ(first_at(102, times, &looked_at), 2U);
    EXPECT_LT(looked_at, 100) << "as a purge finds it";
}

TEST(Expiry, AMissingEventProvesNothing) {
    const auto times_at = [](const std::vector<std::uint64_t>& seqs) {
        return std::vector<std::optional<UnixMicros>>(seqs.size());
    };
    EXPECT_EQ(first_unexpired({.first = 7, .last = 90}, {.now = 1000, .period = 1}, times_at), 7U);
}

// --- the clock -------------------------------------------------------------------------------------------------------

TEST(ExpiryClock, FollowsSmallStepsAndStepsBackAtOnce) {
    ManualClock clock;
    ExpiryClock expiry_clock(clock);
    for (const UnixMicros jump : {9 * kSecond, -kSecond, -3600 * kSecond, -clock.now}) {
        clock.jump(jump);
        expiry_clock.observe();
        EXPECT_EQ(expiry_clock.now(), clock.now) << jump;
    }
}

TEST(ExpiryClock, AcceptsAJumpAheadWhenItHasLasted) {
    ManualClock clock;
    ExpiryClock expiry_clock(clock);
    clock.jump(3600 * kSecond);
    expiry_clock.observe();
    EXPECT_EQ(expiry_clock.now(), clock.now - 3600 * kSecond);
    clock.now += 599 * kSecond;
    expiry_clock.observe();
    EXPECT_EQ(expiry_clock.now(), clock.now - 3600 * kSecond) << "it continues from before the jump";
    clock.now += kSecond;
    expiry_clock.observe();
    EXPECT_EQ(expiry_clock.now(), clock.now);
}

TEST(ExpiryClock, ForgetsAJumpThatWasCorrected) {
    ManualClock clock;
    ExpiryClock expiry_clock(clock);
    for (int i = 0; i < 5; ++i) {
        clock.jump(3600 * kSecond);
        expiry_clock.observe();
        clock.now += 300 * kSecond;
        expiry_clock.observe();
        EXPECT_EQ(expiry_clock.now(), clock.now - 3600 * kSecond);
        clock.jump(-3600 * kSecond);
        expiry_clock.observe();
        EXPECT_EQ(expiry_clock.now(), clock.now);
    }
}

}  // namespace
}  // namespace globes::chat
