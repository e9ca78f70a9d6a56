#include "net/direct_queue.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace globes::net {
namespace {

using enum DirectQueue::Limit;

/// Pops all bytes, at most `most` at a time, and returns them.
std::string pop_all(DirectQueue& queue, std::size_t most = SIZE_MAX) {
    std::string sent;
    while (!queue.empty()) {
        const std::string_view bytes = queue.next().substr(0, most);
        sent += bytes;
        queue.pop(bytes.size());
    }
    return sent;
}

TEST(DirectQueue, IsOnePointerWhileItIsEmpty) {
    EXPECT_EQ(sizeof(DirectQueue), sizeof(void*));
    const DirectQueue queue;
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.is_half_sent());
    EXPECT_EQ(queue.counted_bytes(), 0U);
}

TEST(DirectQueue, ReturnsFramesInTheOrderOfPushes) {
    for (const std::size_t most : {1U, 2U, 3U, 100U}) {
        DirectQueue queue;
        queue.push(roomlog::make_slice("one"), counted);
        queue.push(roomlog::make_slice("two"), exempt);
        queue.push(roomlog::make_slice("three"), counted);
        EXPECT_EQ(pop_all(queue, most), "onetwothree");
        EXPECT_TRUE(queue.empty());
    }
}

TEST(DirectQueue, StartsAfterTheBytesThatWereSentBeforeThePush) {
    DirectQueue queue;
    queue.push(roomlog::make_slice("half sent"), counted, 5);
    queue.push(roomlog::make_slice("whole"), counted);
    EXPECT_TRUE(queue.is_half_sent());
    EXPECT_EQ(queue.next(), "sent");
    EXPECT_EQ(pop_all(queue), "sentwhole");
}

TEST(DirectQueue, IsHalfSentFromTheFirstByteOfAPartToItsLast) {
    DirectQueue queue;
    queue.push(roomlog::make_slice("ab"), counted);
    EXPECT_FALSE(queue.is_half_sent());
    queue.pop(1);
    EXPECT_TRUE(queue.is_half_sent());
    queue.pop(1);
    EXPECT_FALSE(queue.is_half_sent());
}

TEST(DirectQueue, CountsAPartInFullUntilItIsSentAndNeverCountsExemptParts) {
    DirectQueue queue;
    queue.push(roomlog::make_slice("12345"), counted, 4);
    queue.push(roomlog::make_slice("exempt"), exempt);
    queue.push(roomlog::make_slice("123"), counted);
    EXPECT_EQ(queue.counted_bytes(), 8U);
    queue.pop(1);
    EXPECT_EQ(queue.counted_bytes(), 3U);
    queue.pop(6);
    EXPECT_EQ(queue.counted_bytes(), 3U);
    queue.pop(2);
    EXPECT_EQ(queue.counted_bytes(), 3U);
    queue.pop(1);
    EXPECT_EQ(queue.counted_bytes(), 0U);
}

TEST(DirectQueue, TheRestOfAHalfSentFrameComesFirstAndIsExempt) {
    DirectQueue queue;
    queue.push(roomlog::make_slice("direct"), counted);
    queue.push_rest(roomlog::make_slice("rest,"));
    EXPECT_EQ(queue.counted_bytes(), 6U);
    EXPECT_EQ(pop_all(queue), "rest,direct");

    DirectQueue empty;
    empty.push_rest(roomlog::make_slice("rest"));
    EXPECT_EQ(empty.counted_bytes(), 0U);
    EXPECT_EQ(pop_all(empty), "rest");
}

TEST(DirectQueue, ReturnsTheNewestCallbackOnce) {
    DirectQueue queue;
    EXPECT_FALSE(queue.finish());
    int calls = 0;
    queue.push(roomlog::make_slice("frames"), exempt);
    queue.when_empty([&] { calls += 1; });
    queue.when_empty([&] { calls += 10; });
    pop_all(queue);
    EXPECT_EQ(calls, 0);
    DirectQueue::Callback then = queue.finish();
    ASSERT_TRUE(then);
    then();
    EXPECT_EQ(calls, 10);
    EXPECT_FALSE(queue.finish());
}

TEST(DirectQueue, ReleasesFramesAsSoonAsTheyAreSent) {
    roomlog::Slice slice = roomlog::make_slice("held");
    const std::weak_ptr<const char[]> block = slice.block;
    DirectQueue queue;
    queue.push(std::move(slice), exempt);
    queue.push(roomlog::make_slice("next"), exempt);
    queue.pop(3);
    EXPECT_FALSE(block.expired());
    queue.pop(1);
    EXPECT_TRUE(block.expired());
}

// Property: against a plain string and a plain sum.
TEST(DirectQueue, LosesNoByteAndCountsCorrectly) {
    std::mt19937 random(7);
    DirectQueue queue;
    std::string expected;
    std::string sent;
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 2 == 0) {
            const std::string frames(1 + random() % 9, static_cast<char>('a' + step % 26));
            const std::size_t before = queue.empty() ? random() % frames.size() : 0;
            queue.push(roomlog::make_slice(frames), random() % 2 == 0 ? counted : exempt, before);
            sent += frames.substr(0, before);
            expected += frames;
        } else if (!queue.empty()) {
            const std::string_view bytes = queue.next().substr(0, random() % 12);
            sent += bytes;
            queue.pop(bytes.size());
        } else {
            ASSERT_FALSE(queue.finish());
        }
        ASSERT_EQ(sent, expected.substr(0, sent.size()));
        ASSERT_EQ(queue.empty(), sent.size() == expected.size());
        ASSERT_LE(queue.counted_bytes(), expected.size() - sent.size() + 8);
        ASSERT_TRUE(!queue.empty() || queue.counted_bytes() == 0);
    }
}

}  // namespace
}  // namespace globes::net
