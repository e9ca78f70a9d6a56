#include "net/sweep_rest.h"

#include <gtest/gtest.h>

namespace globes::net {
namespace {

using namespace std::chrono_literals;

constexpr RestPolicy kPolicy;

TEST(SweepRest, AShortSweepNeedsNone) {
    EXPECT_EQ(rest_after({.took = 2ms, .cursors = 1000, .bytes = 200}, kPolicy), 0ms);
    EXPECT_GT(rest_after({.took = 3ms, .cursors = 1000, .bytes = 200}, kPolicy), 0ms);
}

TEST(SweepRest, AThreadThatWasHeldUpIsNoLongSweep) {
    EXPECT_EQ(rest_after({.took = 30ms, .cursors = 100, .bytes = 200}, kPolicy), 0ms);
    EXPECT_EQ(rest_after({.took = 300ms, .cursors = 1000, .bytes = 2560}, kPolicy),
              rest_after({.took = 5ms, .cursors = 1000, .bytes = 2560}, kPolicy));
}

TEST(SweepRest, TheFullerTheSendsTheShorterItIs) {
    const auto rest_with = [](std::size_t bytes) {
        return rest_after({.took = 3ms, .cursors = 1000, .bytes = bytes}, kPolicy);
    };
    EXPECT_EQ(rest_with(4 * kPolicy.message_bytes), 3000us * 40 / 25);
    EXPECT_EQ(rest_with(9 * kPolicy.message_bytes), 3000us * 40 / 100);
    EXPECT_LT(rest_with(1 << 20), 1us);
}

TEST(SweepRest, GrowsFromNothing) {
    const auto rest_with = [](std::chrono::steady_clock::duration took) {
        return rest_after({.took = took, .cursors = 1000, .bytes = 200}, kPolicy);
    };
    EXPECT_EQ(rest_with(kPolicy.short_sweep + 100us), 100us * kPolicy.growth);
    EXPECT_EQ(rest_with(kPolicy.short_sweep + 1ms), 1ms * kPolicy.growth);
}

TEST(SweepRest, NoneIsLongerThanTheLongest) {
    EXPECT_EQ(rest_after({.took = 40ms, .cursors = 10'000, .bytes = 200}, kPolicy), kPolicy.longest);
}

}  // namespace
}  // namespace globes::net
