#include "api/concurrency_limiter.h"

#include <gmock/gmock.h>

#include <string>

namespace globes::api {
namespace {

TEST(ConcurrencyLimiter, AFewAtOnceAndTheOthersInLine) {
    ConcurrencyLimiter limiter(2);
    std::string begun;
    for (const char name : {'a', 'b', 'c', 'd'}) limiter.acquire([&begun, name] { begun += name; });
    EXPECT_EQ(begun, "ab");
    limiter.release();
    EXPECT_EQ(begun, "abc");
    limiter.acquire([&begun] { begun += 'e'; });
    limiter.release();
    limiter.release();
    EXPECT_EQ(begun, "abcde");
}

TEST(ConcurrencyLimiter, TurnsThatNobodyWaitsForAreKept) {
    ConcurrencyLimiter limiter(1);
    int begun = 0;
    for (int round = 0; round < 3; ++round) {
        limiter.acquire([&begun] { ++begun; });
        limiter.release();
    }
    EXPECT_EQ(begun, 3);
    // Given back once for each that was taken: there is still only one.
    limiter.acquire([&begun] { ++begun; });
    limiter.acquire([&begun] { ++begun; });
    EXPECT_EQ(begun, 4);
}

}  // namespace
}  // namespace globes::api
