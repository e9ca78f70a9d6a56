#include "base/round_robin.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace globes {
namespace {

using testing::ElementsAre;

template <class Queue>
std::vector<std::string> pop_all(Queue& queue) {
    std::vector<std::string> items;
    while (!queue.empty()) items.push_back(queue.pop());
    return items;
}

TEST(RoundRobin, ItemsOfOneKeyKeepTheirOrder) {
    RoundRobin<Fifo<std::string>> queue;
    for (const char* item : {"a", "b", "c"}) queue.push(std::string(item), 7);
    EXPECT_THAT(pop_all(queue), ElementsAre("a", "b", "c"));
}

TEST(RoundRobin, ServesEachKeyHoweverManyItemsAnotherHas) {
    RoundRobin<Fifo<std::string>> queue;
    for (const char* item : {"a1", "a2", "a3", "a4"}) queue.push(std::string(item), 1);
    queue.push(std::string("b1"), 2);
    queue.push(std::string("c1"), 0);
    queue.push(std::string("b2"), 2);
    EXPECT_EQ(queue.size(), 7);
    EXPECT_EQ(queue.size_of(1), 4);
    EXPECT_EQ(queue.size_of(3), 0);
    EXPECT_THAT(pop_all(queue), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3", "a4"));
    EXPECT_EQ(queue.size_of(1), 0);
}

TEST(RoundRobin, AKeyThatComesBackIsLast) {
    RoundRobin<Fifo<std::string>> queue;
    queue.push(std::string("a1"), 1);
    queue.push(std::string("b1"), 2);
    queue.push(std::string("c1"), 3);
    EXPECT_EQ(queue.pop(), "a1");
    queue.push(std::string("a2"), 1);
    EXPECT_THAT(pop_all(queue), ElementsAre("b1", "c1", "a2"));
}

TEST(RoundRobin, ServesTheInnerKeysOfEachOuterKey) {
    RoundRobin<RoundRobin<Fifo<std::string>>> queue;
    for (const char* item : {"a1x", "a1y", "a1z"}) queue.push(std::string(item), 1, 1);
    queue.push(std::string("a2x"), 1, 2);
    queue.push(std::string("b1x"), 2, 1);
    queue.push(std::string("b1y"), 2, 1);
    EXPECT_EQ(queue.size_of(1), 4);
    EXPECT_EQ(queue.size_of(1, 1), 3);
    EXPECT_EQ(queue.size_of(3, 1), 0);
    EXPECT_THAT(pop_all(queue), ElementsAre("a1x", "b1x", "a2x", "b1y", "a1y", "a1z"));
}

TEST(RoundRobin, HoldsItemsThatCanOnlyBeMoved) {
    RoundRobin<Fifo<std::unique_ptr<int>>> queue;
    queue.push(std::make_unique<int>(5), 1);
    EXPECT_EQ(*queue.pop(), 5);
    EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace globes
