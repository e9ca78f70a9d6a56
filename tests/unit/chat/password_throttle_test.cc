#include "chat/password_throttle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace globes::chat {
namespace {

using namespace std::chrono_literals;

class PasswordThrottleTest : public testing::Test {
protected:
    /// True if the wrong try was answered as such, false if it was refused.
    bool try_wrong(std::string_view address = "::1", RoomId room = 2) {
        return !throttle_.refused(address, room, now_) && !throttle_.note_wrong(address, room, now_);
    }
    bool try_right(std::string_view address = "::1", RoomId room = 2) {
        return !throttle_.refused(address, room, now_);
    }

    PasswordThrottle throttle_;
    PasswordThrottle::TimePoint now_{1h};
};

TEST_F(PasswordThrottleTest, TenWrongTriesAreAnswered) {
    for (int i = 1; i <= 10; ++i) EXPECT_TRUE(try_wrong()) << i;
    EXPECT_TRUE(try_right());
}

TEST_F(PasswordThrottleTest, TheEleventhAndAllLaterOnesAreRefused) {
    for (int i = 1; i <= 10; ++i) try_wrong();
    EXPECT_EQ(throttle_.note_wrong("::1", 2, now_), 60s);
    EXPECT_FALSE(try_right());
    EXPECT_FALSE(try_wrong());
}

TEST_F(PasswordThrottleTest, TheMinuteBeginsWithTheFirstWrongTry) {
    try_wrong();
    now_ += 59s;
    for (int i = 2; i <= 11; ++i) try_wrong();
    EXPECT_EQ(throttle_.refused("::1", 2, now_), 1s);
    now_ += 1s - 1ns;
    EXPECT_EQ(throttle_.refused("::1", 2, now_), 1s);
    now_ += 1ns;
    for (int i = 1; i <= 10; ++i) EXPECT_TRUE(try_wrong()) << i;
    EXPECT_FALSE(try_wrong());
}

TEST_F(PasswordThrottleTest, TriesWhileRefusedDontProlongIt) {
    for (int i = 1; i <= 11; ++i) try_wrong();
    now_ += 59s;
    try_wrong();
    now_ += 1s;
    EXPECT_TRUE(try_right());
}

TEST_F(PasswordThrottleTest, OtherAddressesAndRoomsAreFree) {
    for (int i = 1; i <= 11; ++i) try_wrong();
    EXPECT_TRUE(try_right("::2", 2));
    EXPECT_TRUE(try_right("::1", 3));
    EXPECT_FALSE(try_right());
}

TEST_F(PasswordThrottleTest, RightTriesAreNotCounted) {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(try_right());
    for (int i = 1; i <= 10; ++i) EXPECT_TRUE(try_wrong()) << i;
}

TEST(PasswordThrottle, ForgetsTheOldestWhenFull) {
    PasswordThrottle throttle({.wrong_tries = 0, .window = 60s, .entries = 2});
    const PasswordThrottle::TimePoint now{1h};
    for (RoomId room = 1; room <= 3; ++room) EXPECT_TRUE(throttle.note_wrong("::1", room, now));
    EXPECT_FALSE(throttle.refused("::1", 1, now));
    EXPECT_TRUE(throttle.refused("::1", 2, now));
    EXPECT_TRUE(throttle.refused("::1", 3, now));
    // What has ended makes room first.
    EXPECT_TRUE(throttle.note_wrong("::1", 4, now + 60s));
    EXPECT_TRUE(throttle.note_wrong("::1", 5, now + 60s));
    EXPECT_TRUE(throttle.refused("::1", 4, now + 60s));
}

TEST(PasswordThrottle, ALateClockReadingChangesNothing) {
    PasswordThrottle throttle({.wrong_tries = 0, .window = 60s, .entries = 10});
    const PasswordThrottle::TimePoint now{1h};
    EXPECT_FALSE(throttle.refused("::1", 1, now));
    EXPECT_EQ(throttle.note_wrong("::1", 2, now - 5s), 60s);
    EXPECT_EQ(throttle.refused("::1", 2, now), 60s);
}

TEST(PasswordThrottle, CountsEveryParallelTry) {
    PasswordThrottle throttle;
    const PasswordThrottle::TimePoint now{1h};
    std::atomic<int> answered = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 4; ++i)
            workers.emplace_back([&] {
                for (int n = 0; n < 100; ++n) {
                    throttle.refused("::1", 2, now);
                    if (!throttle.note_wrong("::1", 2, now)) ++answered;
                }
            });
    }
    EXPECT_EQ(answered, 10);
}

}  // namespace
}  // namespace globes::chat
