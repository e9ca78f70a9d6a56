#include "store/read_queue.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace globes::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReadQueueTest : public testing::Test {
protected:
    using Queue = ReadQueue<std::string>;

    bool push(const ReadTag& tag, std::string request) { return queue.push(tag, request); }
    bool push_page(std::uint64_t asker, chat::RoomId room, std::string request) {
        return push_page({asker, asker}, room, std::move(request));
    }
    bool push_page(Asker asker, chat::RoomId room, std::string request) {
        return push(ReadTag::page({.room = room, .asker = asker}), std::move(request));
    }
    std::vector<std::string> pop_all(Serves serves = Serves::all) {
        std::vector<std::string> requests;
        while (queue.has(serves)) requests.push_back(queue.pop(serves).value_or("(nothing)"));
        EXPECT_EQ(queue.pop(serves), std::nullopt);
        return requests;
    }

    Queue queue{{.queued_reads = 4, .queued_reads_of_client = 2}};
};

TEST_F(ReadQueueTest, LookupsAndPingsComeBeforePages) {
    push_page(chat::kServerAsks, 1, "replay");
    push_page(5, 1, "page");
    push(ReadTag::ping(), "ping");
    push(ReadTag::lookup(), "lookup");
    EXPECT_THAT(pop_all(), ElementsAre("ping", "lookup", "replay", "page"));
}

TEST_F(ReadQueueTest, LookupsAndPingsAreServedAlternately) {
    for (const char* request : {"l1", "l2", "l3"}) push(ReadTag::lookup(), request);
    push(ReadTag::ping(), "p1");
    push(ReadTag::ping(), "p2");
    EXPECT_THAT(pop_all(), ElementsAre("l1", "p1", "l2", "p2", "l3"));
}

TEST_F(ReadQueueTest, AThreadForShortReadsGetsNoPage) {
    push_page(5, 1, "page");
    push(ReadTag::lookup(), "lookup");
    EXPECT_THAT(pop_all(Serves::short_reads), ElementsAre("lookup"));
    EXPECT_THAT(pop_all(Serves::short_reads), IsEmpty());
    EXPECT_THAT(pop_all(), ElementsAre("page"));
}

TEST_F(ReadQueueTest, AskersAreServedRoundRobinAndSoAreTheRoomsOfOne) {
    push_page(7, 1, "a1");
    push_page(7, 1, "a2");
    push_page(8, 1, "b1");
    EXPECT_EQ(queue.pop(Serves::all), "a1");
    push_page(7, 2, "a of room 2");
    push_page(8, 1, "b2");
    EXPECT_THAT(pop_all(), ElementsAre("b1", "a of room 2", "b2", "a2")) << "the room is new";
}

TEST_F(ReadQueueTest, EverySecondPageIsOneOfTheServerHoweverManyAskersWait) {
    for (std::uint64_t asker = 1; asker <= 4; ++asker) push_page(asker, 1, "page");
    for (const char* request : {"r1", "r2"}) push_page(chat::kServerAsks, 1, request);
    push_page(chat::kServerAsks, 2, "r of room 2");
    EXPECT_THAT(pop_all(), ElementsAre("page", "r1", "page", "r of room 2", "page", "r2", "page"));
}

TEST_F(ReadQueueTest, RefusesMoreReadsOfAKindThanTheLimitAndLeavesThem) {
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(push(ReadTag::lookup(), "lookup"));
        EXPECT_TRUE(push(ReadTag::ping(), "ping"));
        EXPECT_TRUE(push_page(chat::kServerAsks, 1, "replay"));
        EXPECT_TRUE(push_page(10 + static_cast<std::uint64_t>(i), 1, "page"));
    }
    std::string request = "one more";
    for (const ReadTag& tag : {ReadTag::lookup(), ReadTag::ping(), ReadTag::page({.room = 2}),
                               ReadTag::page({.room = 2, .asker = {99, 99}})}) {
        EXPECT_FALSE(queue.push(tag, request));
        EXPECT_EQ(request, "one more");
    }
    EXPECT_EQ(pop_all().size(), 16);
    EXPECT_TRUE(push(ReadTag::lookup(), "there is space again"));
}

TEST_F(ReadQueueTest, RefusesMorePagesOfAnAskerThanItsLimit) {
    EXPECT_TRUE(push_page(7, 1, "a"));
    EXPECT_TRUE(push_page(7, 2, "b"));
    EXPECT_FALSE(push_page(7, 3, "c"));
    EXPECT_TRUE(push_page(8, 1, "of another"));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(push_page(chat::kServerAsks, 1, "of the server, which has no such limit"));
    EXPECT_EQ(queue.pop(Serves::all), "a");
    EXPECT_TRUE(push_page(7, 3, "c"));
}

TEST(ReadQueueOfNetworks, NetworksAreServedRoundRobinAndHaveALimit) {
    ReadQueue<std::string> queue{{.queued_reads_of_client = 2, .queued_reads_of_network = 3}};
    const auto push = [&](Asker asker, std::string request) {
        return queue.push(ReadTag::page({.room = 1, .asker = asker}), request);
    };
    EXPECT_TRUE(push({1, 1}, "a"));
    EXPECT_TRUE(push({1, 1}, "a"));
    EXPECT_TRUE(push({1, 2}, "b"));
    EXPECT_FALSE(push({1, 3}, "c"));
    EXPECT_TRUE(push({2, 4}, "x"));
    EXPECT_TRUE(push({2, 4}, "x"));
    std::string order;
    while (queue.has(Serves::all)) order += queue.pop(Serves::all).value_or("?");
    EXPECT_EQ(order, "axbxa");
}

}  // namespace
}  // namespace globes::store
