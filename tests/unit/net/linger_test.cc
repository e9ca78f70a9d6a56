#include "net/linger.h"

#include <gtest/gtest.h>

namespace globes::net {
namespace {

using namespace std::chrono_literals;

constexpr LingerPolicy kPolicy;

TEST(Linger, AShortFanOutDoesNotLinger) {
    EXPECT_EQ(linger_after({.took = 2ms, .cursors = 1000, .bytes = 200}, kPolicy), 0ms);
    EXPECT_GT(linger_after({.took = 3ms, .cursors = 1000, .bytes = 200}, kPolicy), 0ms);
}

TEST(Linger, APreemptedThreadIsNotALongFanOut) {
    EXPECT_EQ(linger_after({.took = 30ms, .cursors = 100, .bytes = 200}, kPolicy), 0ms);
    EXPECT_EQ(linger_after({.took = 300ms, .cursors = 1000, .bytes = 2560}, kPolicy),
              linger_after({.took = 5ms, .cursors = 1000, .bytes = 2560}, kPolicy));
}

TEST(Linger, FullerSendsLingerShorter) {
    const auto linger_with = [](std::size_t bytes) {
        return linger_after({.took = 3ms, .cursors = 1000, .bytes = bytes}, kPolicy);
    };
    EXPECT_EQ(linger_with(4 * kPolicy.message_bytes), 3000us * 40 / 25);
    EXPECT_EQ(linger_with(9 * kPolicy.message_bytes), 3000us * 40 / 100);
    EXPECT_LT(linger_with(1 << 20), 1us);
}

TEST(Linger, GrowsFromZero) {
    const auto linger_with = [](std::chrono::steady_clock::duration took) {
        return linger_after({.took = took, .cursors = 1000, .bytes = 200}, kPolicy);
    };
    EXPECT_EQ(linger_with(kPolicy.short_fan_out + 100us), 100us * kPolicy.growth);
    EXPECT_EQ(linger_with(kPolicy.short_fan_out + 1ms), 1ms * kPolicy.growth);
}

TEST(Linger, IsNeverLongerThanTheLongest) {
    EXPECT_EQ(linger_after({.took = 40ms, .cursors = 10'000, .bytes = 200}, kPolicy), kPolicy.longest);
}

}  // namespace
}  // namespace globes::net
