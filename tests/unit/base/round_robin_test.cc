#include "base/round_robin.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
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

TEST(RoundRobin, ANewKeyIsServedBeforeTheOtherItemsOfAKeyWithMany) {
    RoundRobin<Fifo<std::string>> queue;
    for (const char* item : {"a1", "a2", "a3", "a4", "a5"}) queue.push(std::string(item), 1);
    for (const char* item : {"b1", "b2", "b3"}) queue.push(std::string(item), 2);
    for (const char* item : {"a1", "b1", "a2"}) EXPECT_EQ(queue.pop(), item);
    queue.push(std::string("c1"), 3);
    EXPECT_EQ(queue.pop(), "c1");
    queue.push(std::string("c2"), 3);
    queue.push(std::string("d1"), 4);
    EXPECT_THAT(pop_all(queue), ElementsAre("d1", "b2", "a3", "c2", "b3", "a4", "a5"));
}

TEST(RoundRobin, OtherKeysAreServedWhileNewOnesCome) {
    RoundRobin<Fifo<std::string>> queue;
    for (int i = 0; i < 100; ++i) queue.push(std::string("a"), 0);
    int served = 0;
    for (std::uint64_t key = 1; key <= 500; ++key) {
        for (int i = 0; i < 2; ++i) queue.push(std::string("new"), 2 * key + static_cast<std::uint64_t>(i));
        served += queue.pop() == "a" ? 1 : 0;
    }
    EXPECT_GT(served, 50);
    EXPECT_LT(served, 60);
}

/// What any callers do: nothing is lost or repeated, the items of a key keep their order, each key is served soon, and
/// its size is right.
TEST(RoundRobin, EachKeyIsServedSoonWhateverComes) {
    constexpr std::uint64_t kKeys = 20;
    std::mt19937 random(1);
    RoundRobin<Fifo<std::pair<std::uint64_t, int>>> queue;
    std::vector<std::deque<int>> expected(kKeys);
    std::vector<int> waited(kKeys);
    for (int step = 0; step < 100'000; ++step) {
        const bool grows = step / 1000 % 2 == 0;
        if (random() % 100 < (grows ? 52U : 45U)) {
            const std::uint64_t key = std::min(random() % kKeys, random() % kKeys);
            queue.push(std::pair(key, step), key);
            expected[key].push_back(step);
        } else if (!queue.empty()) {
            const auto [key, item] = queue.pop();
            ASSERT_FALSE(expected[key].empty());
            ASSERT_EQ(expected[key].front(), item);
            expected[key].pop_front();
            for (std::uint64_t other = 0; other < kKeys; ++other) {
                waited[other] = other == key || expected[other].empty() ? 0 : waited[other] + 1;
                ASSERT_LE(waited[other], 2 * kKeys);
            }
        }
        for (std::uint64_t key = 0; key < kKeys; ++key) ASSERT_EQ(queue.size_of(key), expected[key].size());
    }
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
