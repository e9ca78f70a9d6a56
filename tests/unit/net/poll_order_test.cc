#include "net/poll_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace globes::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr PollOrder::Duration kLong = PollOrder::kNetworkTime;

/// Two networks of one client each: `a` with the sockets 0 to 2 and `b` with 3 and 4.
class PollOrderTest : public testing::Test {
protected:
    void begin() {
        order.begin();
        for (const PollOrder::Index index : std::to_array<PollOrder::Index>({0, 1, 2})) order.add(*a, index);
        for (const PollOrder::Index index : std::to_array<PollOrder::Index>({3, 4})) order.add(b, index);
    }
    std::vector<int> serve(PollOrder::Duration each = {}, std::size_t most = 9) {
        std::vector<int> served;
        while (served.size() < most) {
            const auto index = order.next();
            if (!index) break;
            served.push_back(*index);
            order.charge(each);
        }
        return served;
    }

    PollOrder order;
    std::optional<PollOrder::Connection> a = order.open_connection({1, 1});
    PollOrder::Connection b = order.open_connection({2, 2});
};

TEST_F(PollOrderTest, ClientsAreServedRoundRobin) {
    begin();
    EXPECT_THAT(serve(), ElementsAre(0, 3, 1, 4, 2));
    EXPECT_THAT(serve(), IsEmpty());
}

TEST_F(PollOrderTest, ANetworkThatHasUsedItsTimeWaitsForTheNextPoll) {
    begin();
    EXPECT_THAT(serve(kLong), ElementsAre(0, 3));
    begin();
    EXPECT_THAT(serve(kLong / 2), ElementsAre(0, 3, 1, 4));
}

TEST_F(PollOrderTest, APollBeginsWithTheClientsThatWaitedLongest) {
    begin();
    EXPECT_THAT(serve({}, 1), ElementsAre(0));
    begin();
    EXPECT_THAT(serve({}, 1), ElementsAre(3)) << "not with the same client again";
    PollOrder::Connection quiet = order.open_connection({3, 3});
    begin();
    order.add(quiet, 5);
    EXPECT_THAT(serve({}, 2), ElementsAre(5, 0));
    begin();
    order.add(quiet, 5);
    EXPECT_THAT(serve({}, 1), ElementsAre(3));
}

TEST_F(PollOrderTest, TheConnectionsOfAClientAreServedOneAfterAnother) {
    PollOrder::Connection second = order.open_connection({1, 1});
    PollOrder::Connection third = order.open_connection({1, 1});
    std::vector<int> served;
    for (int poll = 0; poll < 6; ++poll) {
        order.begin();
        order.add(*a, 0);
        order.add(second, 1);
        order.add(third, 2);
        for (const int index : serve(kLong)) served.push_back(index);
    }
    ASSERT_EQ(served.size(), 6U);
    EXPECT_TRUE(std::ranges::is_permutation(std::span(served).first(3), std::array{0, 1, 2}));
    EXPECT_TRUE(std::ranges::equal(std::span(served).first(3), std::span(served).last(3))) << "in the same order again";
}

TEST_F(PollOrderTest, TheClientsOfANetworkShareItsTime) {
    std::vector<PollOrder::Connection> many;
    for (std::uint64_t client = 10; client < 30; ++client) many.push_back(order.open_connection({9, client}));
    std::vector<int> served;
    for (int poll = 0; poll < 20; ++poll) {
        order.begin();
        for (std::size_t i = 0; i < many.size(); ++i) order.add(many[i], static_cast<PollOrder::Index>(i));
        order.add(b, 100);
        for (const int index : serve(kLong, 2)) served.push_back(index);
        EXPECT_THAT(serve(kLong), IsEmpty()) << "one socket of the network has used its time";
    }
    EXPECT_EQ(std::ranges::count(served, 100), 20);
    std::erase(served, 100);
    std::ranges::sort(served);
    EXPECT_EQ(std::ranges::adjacent_find(served), served.end()) << "each of its clients was served";
}

TEST_F(PollOrderTest, APollThatIsNotFinishedLeavesNothingForTheNextOne) {
    begin();
    EXPECT_THAT(serve(kLong / 2, 3), ElementsAre(0, 3, 1));
    order.begin();
    order.add(*a, 7);
    EXPECT_THAT(serve(), ElementsAre(7));
}

TEST_F(PollOrderTest, AClientWithoutConnectionsIsForgotten) {
    begin();
    EXPECT_THAT(serve(), ElementsAre(0, 3, 1, 4, 2));
    a.reset();
    order.forget_clients();
    EXPECT_EQ(order.clients(), 1U);
    EXPECT_THAT(serve(), IsEmpty());
}

TEST_F(PollOrderTest, AClientIsForgottenWhileItsSocketsWait) {
    begin();
    a.reset();
    order.forget_clients();
    EXPECT_THAT(serve(), IsEmpty());
}

TEST_F(PollOrderTest, AClientThatHasConnectedAgainIsKept) {
    a.reset();
    a.emplace(order.open_connection({1, 1}));
    order.forget_clients();
    EXPECT_EQ(order.clients(), 2U);
    a.reset();
    order.forget_clients();
    EXPECT_EQ(order.clients(), 1U);
}

}  // namespace
}  // namespace globes::net
