#include "chat/rate_limiter.h"

#include <gtest/gtest.h>

namespace globes::chat {
namespace {

using namespace std::chrono_literals;
using Action = RateVerdict::Action;

class RateLimiterTest : public testing::Test {
protected:
    RateVerdict ask() { return limiter_.ask(limit_, now_); }
    void spend(std::uint32_t messages) {
        for (std::uint32_t i = 0; i < messages; ++i) ASSERT_EQ(ask().action, Action::pass) << i;
    }

    RateLimit limit_{.per_second = 20, .burst = 60};
    RateLimiter limiter_;
    std::chrono::steady_clock::time_point now_{1h};
};

TEST_F(RateLimiterTest, AllowsABurstAndRefusesTheNext) {
    spend(60);
    EXPECT_EQ(ask(), (RateVerdict{Action::refuse, 50}));
}

TEST_F(RateLimiterTest, RefillsAtItsRate) {
    spend(60);
    now_ += 49ms;
    EXPECT_EQ(ask(), (RateVerdict{Action::refuse, 1}));
    now_ += 1ms;
    spend(1);
    EXPECT_EQ(ask(), (RateVerdict{Action::refuse, 50}));
    now_ += 1s;
    spend(20);
    EXPECT_EQ(ask().action, Action::refuse);
}

TEST_F(RateLimiterTest, NeverSavesMoreThanABurst) {
    now_ += 24h;
    spend(60);
    EXPECT_EQ(ask().action, Action::refuse);
}

TEST_F(RateLimiterTest, AllowsTheRateForever) {
    for (int i = 0; i < 10'000; ++i, now_ += 50ms) spend(1);
}

TEST_F(RateLimiterTest, AllowsTheNextMessageAfterTheWait) {
    limit_ = {.per_second = 3, .burst = 1};
    spend(1);
    const auto verdict = ask();
    EXPECT_EQ(verdict, (RateVerdict{Action::refuse, 334}));
    now_ += std::chrono::milliseconds(verdict.retry_after_ms);
    spend(1);
}

TEST_F(RateLimiterTest, RefusedMessagesDoNotCount) {
    spend(60);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(ask().action, Action::refuse);
    now_ += 50ms;
    spend(1);
}

TEST_F(RateLimiterTest, ZeroMeansUnlimited) {
    limit_ = {.per_second = 0, .burst = 0};
    spend(100'000);
}

TEST_F(RateLimiterTest, TheHundredthRefusalWithinTenSecondsCloses) {
    spend(60);
    for (int i = 1; i < 100; ++i) ASSERT_EQ(ask().action, Action::refuse) << i;
    now_ += 10s - 1ns;
    spend(60);
    EXPECT_EQ(ask().action, Action::close);
}

TEST_F(RateLimiterTest, RefusalsAreForgottenAfterTenSeconds) {
    spend(60);
    for (int i = 1; i < 100; ++i) ASSERT_EQ(ask().action, Action::refuse) << i;
    now_ += 10s;
    spend(60);
    for (int i = 1; i < 100; ++i) ASSERT_EQ(ask().action, Action::refuse) << i;
    EXPECT_EQ(ask().action, Action::close);
}

TEST_F(RateLimiterTest, RefusalsForAnotherReasonCountAsWell) {
    limit_ = {.per_second = 0, .burst = 0};
    for (int i = 1; i < 100; ++i) ASSERT_EQ(limiter_.refuse(now_, 250ms), (RateVerdict{Action::refuse, 250})) << i;
    EXPECT_EQ(limiter_.refuse(now_, 250ms), (RateVerdict{Action::close, 250}));
}

TEST_F(RateLimiterTest, HandlesTheHighestRate) {
    limit_ = {.per_second = 4'000'000'000, .burst = 1};
    spend(1);
    EXPECT_EQ(ask(), (RateVerdict{Action::pass, 0})) << "an interval below one nanosecond means unlimited";
    limit_ = {.per_second = 1, .burst = 4'000'000};
    spend(4'000'000 - 1);
}

}  // namespace
}  // namespace globes::chat
