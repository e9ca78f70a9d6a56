#include "base/log_once.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace globes {
namespace {

using namespace std::chrono_literals;

TEST(LogOnce, EachKeyIsLoggedOnceInAnInterval) {
    LogOnce lines(10s, 16);
    const LogOnce::Time start{};
    EXPECT_TRUE(lines.note("a", start));
    EXPECT_FALSE(lines.note("a", start + 1s));
    EXPECT_TRUE(lines.note("b", start + 1s));
    EXPECT_FALSE(lines.note("a", start + 9s));
    EXPECT_TRUE(lines.note("a", start + 10s));
    EXPECT_FALSE(lines.note("b", start + 10s));
    EXPECT_TRUE(lines.note("b", start + 11s));
}

TEST(LogOnce, OnlySoManyKeysAreLoggedInAnInterval) {
    LogOnce lines(10min, 16);
    const LogOnce::Time start{};
    std::size_t logged = 0;
    for (int i = 0; i < 1000; ++i) logged += lines.note(std::to_string(i), start + i * 1ms) ? 1 : 0;
    EXPECT_EQ(logged, 16);
    EXPECT_TRUE(lines.note("later", start + 10min)) << "the first has been forgotten";
}

}  // namespace
}  // namespace globes
