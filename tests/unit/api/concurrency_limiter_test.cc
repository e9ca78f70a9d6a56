#include "api/concurrency_limiter.h"

#include <gmock/gmock.h>

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace globes::api {
namespace {

using Permit = ConcurrencyLimiter::Permit;

class ConcurrencyLimiterTest : public testing::Test {
protected:
    Handler acquire(ConcurrencyLimiter& limiter, char name, Asker asker = {}) {
        auto permit = co_await limiter.acquire(asker);
        begun += name;
        permits.push_back(std::move(permit));
    }
    Handler fail(ConcurrencyLimiter& limiter) {
        const auto permit = co_await limiter.acquire({});
        throw std::runtime_error("broken");
    }

    std::string begun;
    std::deque<Permit> permits;  // of those that run
};

TEST_F(ConcurrencyLimiterTest, AFewAtOnceAndTheOthersInLine) {
    ConcurrencyLimiter limiter(2);
    for (const char name : {'a', 'b', 'c', 'd'}) acquire(limiter, name);
    EXPECT_EQ(begun, "ab");
    permits.pop_front();
    EXPECT_EQ(begun, "abc");
    acquire(limiter, 'e');
    permits.pop_front();
    permits.pop_front();
    EXPECT_EQ(begun, "abcde");
}

TEST_F(ConcurrencyLimiterTest, AskersAreServedRoundRobin) {
    ConcurrencyLimiter limiter(1);
    for (const char name : {'a', 'b', 'c', 'd'}) acquire(limiter, name, {1, name == 'c' ? 2U : 1U});
    acquire(limiter, 'x', {2, 3});
    acquire(limiter, 'y', {2, 3});
    while (!permits.empty()) permits.pop_front();
    EXPECT_EQ(begun, "abxcyd") << "two clients of one network, and another network";
}

TEST_F(ConcurrencyLimiterTest, PermitsThatNobodyWaitsForAreKept) {
    ConcurrencyLimiter limiter(1);
    for (int round = 0; round < 3; ++round) {
        acquire(limiter, 'a');
        permits.pop_front();
    }
    EXPECT_EQ(begun, "aaa");
    // Given back once for each that was taken: there is still only one.
    acquire(limiter, 'b');
    acquire(limiter, 'c');
    EXPECT_EQ(begun, "aaab");
}

TEST_F(ConcurrencyLimiterTest, AnOperationThatThrowsGivesItsPermitBack) {
    ConcurrencyLimiter limiter(1);
    fail(limiter);
    acquire(limiter, 'a');
    fail(limiter);
    acquire(limiter, 'b');
    permits.pop_front();
    EXPECT_EQ(begun, "ab") << "the one between them has thrown";
}

TEST_F(ConcurrencyLimiterTest, HandlersThatWaitEndWithTheLimiter) {
    std::optional<ConcurrencyLimiter> limiter(std::in_place, 1);
    acquire(*limiter, 'a');
    acquire(*limiter, 'b');
    limiter.reset();
    permits.clear();
    EXPECT_EQ(begun, "a") << "the other was destroyed, as the leak check of ASan confirms";
}

TEST_F(ConcurrencyLimiterTest, APermitMayOutliveTheLimiter) {
    std::optional<ConcurrencyLimiter> limiter(std::in_place, 1);
    acquire(*limiter, 'a');
    limiter.reset();
    permits.clear();
}

}  // namespace
}  // namespace globes::api
