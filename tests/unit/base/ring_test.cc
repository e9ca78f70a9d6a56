#include "base/ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace globes {
namespace {

TEST(Ring, KeepsTheOrderOfADequeForAnyOperations) {
    std::mt19937 random(1);
    Ring<int> ring;
    std::deque<int> deque;
    for (int step = 0; step < 20'000; ++step) {
        const auto dice = random() % 10;
        if (dice < 5) {
            ring.push_back(step);
            deque.push_back(step);
        } else if (dice < 6) {
            ring.push_front(step);
            deque.push_front(step);
        } else if (dice < 7 && !deque.empty()) {
            ring.pop_back();
            deque.pop_back();
        } else if (dice < 9 && !deque.empty()) {
            ring.pop_front();
            deque.pop_front();
        } else if (random() % 50 == 0) {
            const auto matches = [](int value) { return value % 3 == 0; };
            ring.remove_if(matches);
            std::erase_if(deque, matches);
        }
        ASSERT_EQ(ring.size(), deque.size());
        ASSERT_TRUE(std::ranges::equal(ring, deque));
        if (deque.empty()) continue;
        ASSERT_EQ(ring.front(), deque.front());
        ASSERT_EQ(ring.back(), deque.back());
    }
}

TEST(Ring, ReleasesItemsThatWereTakenOut) {
    const auto value = std::make_shared<int>(1);
    Ring<std::shared_ptr<int>> ring;
    for (int i = 0; i < 8; ++i) ring.push_back(value);
    ring.pop_front();
    ring.pop_back();
    ring.remove_if([n = 0](const std::shared_ptr<int>&) mutable { return n++ % 2 == 0; });
    EXPECT_EQ(ring.size(), 3U);
    EXPECT_EQ(value.use_count(), 4);
}

TEST(Ring, SupportsBinarySearch) {
    Ring<int> ring;
    for (int i = 0; i < 5; ++i) ring.push_back(-1);
    for (int i = 0; i < 5; ++i) ring.pop_front();
    for (int i = 0; i < 8; ++i) ring.push_back(10 * i);
    EXPECT_EQ(*std::ranges::lower_bound(ring, 35), 40);
    EXPECT_EQ(std::ranges::lower_bound(ring, 35) - ring.begin(), 4);
}

}  // namespace
}  // namespace globes
