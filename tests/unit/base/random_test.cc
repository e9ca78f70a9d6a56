#include "base/random.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace globes {
namespace {

TEST(Random, HexHasTwoDigitsForEachByte) {
    EXPECT_EQ(random_hex(0), "");
    const std::string hex = random_hex(16);
    EXPECT_EQ(hex.size(), 32u);
    EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(Random, NothingIsRepeated) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random_hex(8));
    EXPECT_EQ(seen.size(), 1000u);
}

TEST(Random, EveryBitOfANumberIsSetSometimes) {
    std::uint64_t ever_set = 0;
    std::uint64_t always_set = SystemRandom::max();
    for (int i = 0; i < 200; ++i) {
        const std::uint64_t number = SystemRandom{}();
        ever_set |= number;
        always_set &= number;
    }
    EXPECT_EQ(ever_set, SystemRandom::max());
    EXPECT_EQ(always_set, 0u);
}

TEST(Random, WorksWithStandardDistributions) {
    SystemRandom source;
    std::uniform_int_distribution<int> digits(0, 9);
    std::set<int> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(digits(source));
    EXPECT_EQ(seen.size(), 10u);
}

}  // namespace
}  // namespace globes
