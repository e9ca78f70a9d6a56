#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "chat/passwords.h"

namespace globes::chat {
namespace {

using namespace std::string_literals;

// The published vectors of jBCrypt and of Go's x/crypto/bcrypt, which the original system uses.
constexpr const char* kHashOfA = "$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u";
constexpr const char* kHashOfAllmine = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";

constexpr Guesser kAda{"::1", "::1"};
constexpr Guesser kBen{"::2", "::2"};

TEST(Passwords, VerifyTheirOwnHashes) {
    const auto hash = hash_password("correct horse");
    EXPECT_THAT(hash, testing::StartsWith("$2b$10$"));
    EXPECT_EQ(hash.size(), 60u);
    EXPECT_TRUE(verify_password("correct horse", hash));
    EXPECT_FALSE(verify_password("correct horsf", hash));
    EXPECT_FALSE(verify_password("correct horse ", hash));
    EXPECT_FALSE(verify_password("", hash));
}

TEST(Passwords, EveryHashHasASaltOfItsOwn) { EXPECT_NE(hash_password("same"), hash_password("same")); }

TEST(Passwords, VerifyHashesOfTheOriginal) {
    EXPECT_TRUE(verify_password("a", kHashOfA));
    EXPECT_FALSE(verify_password("b", kHashOfA));
    EXPECT_TRUE(verify_password("allmine", kHashOfAllmine));
}

TEST(Passwords, VerifyAllThreePrefixes) {
    std::string hash = kHashOfA;
    for (const char version : {'a', 'b', 'y'}) {
        hash[2] = version;
        EXPECT_TRUE(verify_password("a", hash)) << version;
    }
}

TEST(Passwords, AnUnreadableHashVerifiesNothing) {
    const std::string good = kHashOfA;
    auto bad_salt = good;
    bad_salt[10] = '!';
    auto bad_cost = good;
    bad_cost.replace(4, 2, "xx");
    auto bad_version = good;
    bad_version[2] = 'x';
    for (const auto& hash : {""s, "*0"s, "*1"s, "a"s, good.substr(0, 59), good + "x", good.substr(0, 29), bad_salt,
                             bad_cost, bad_version, "$1$salt$qJH7.N4xYta3aEG/dfqo/0"s, std::string(60, '$')}) {
        EXPECT_FALSE(verify_password("a", hash)) << hash;
    }
}

TEST(Passwords, EveryByteOfAPasswordCounts) {
    const std::string longest(72, 'x');
    const auto hash = hash_password(longest);
    EXPECT_TRUE(verify_password(longest, hash));
    EXPECT_FALSE(verify_password(longest.substr(1), hash));
    EXPECT_FALSE(verify_password(longest + "x", hash)) << "bcrypt alone would ignore the 73rd byte";
}

TEST(Passwords, ANulDoesNotEndAPassword) {
    EXPECT_FALSE(verify_password("a\0"s, kHashOfA));
    EXPECT_FALSE(verify_password("a\0b"s, kHashOfA));
}

TEST(Passwords, VerifyOnManyThreadsAtOnce) {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back([] {
            EXPECT_TRUE(verify_password("a", kHashOfA));
            EXPECT_FALSE(verify_password("b", kHashOfA));
        });
}

using namespace std::chrono_literals;

class PasswordThrottleTest : public testing::Test {
protected:
    /// True if the wrong try was answered as such, false if it was refused.
    bool try_wrong(const Guesser& client = kAda, RoomId room = 2) {
        return !throttle_.refused(client, room, now_) && !throttle_.note_wrong(client, room, now_);
    }
    bool try_right(const Guesser& client = kAda, RoomId room = 2) { return !throttle_.refused(client, room, now_); }

    PasswordThrottle throttle_;
    PasswordThrottle::TimePoint now_{1h};
};

TEST_F(PasswordThrottleTest, TenWrongTriesAreAnswered) {
    for (int i = 1; i <= 10; ++i) EXPECT_TRUE(try_wrong()) << i;
    EXPECT_TRUE(try_right());
}

TEST_F(PasswordThrottleTest, TheEleventhAndAllLaterOnesAreRefused) {
    for (int i = 1; i <= 10; ++i) try_wrong();
    EXPECT_EQ(throttle_.note_wrong(kAda, 2, now_), 60s);
    EXPECT_FALSE(try_right());
    EXPECT_FALSE(try_wrong());
}

TEST_F(PasswordThrottleTest, TheMinuteBeginsWithTheFirstWrongTry) {
    try_wrong();
    now_ += 59s;
    for (int i = 2; i <= 11; ++i) try_wrong();
    EXPECT_EQ(throttle_.refused(kAda, 2, now_), 1s);
    now_ += 1s - 1ns;
    EXPECT_EQ(throttle_.refused(kAda, 2, now_), 1s);
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
    EXPECT_TRUE(try_right(kBen, 2));
    EXPECT_TRUE(try_right(kAda, 3));
    EXPECT_FALSE(try_right());
}

TEST_F(PasswordThrottleTest, ANetworkHasEightTimesTheTriesOfAnAddress) {
    const std::vector<std::string> addresses{"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    int answered = 0;
    for (const std::string& address : addresses)
        for (int i = 1; i <= 10; ++i) answered += try_wrong({address, "network"}) ? 1 : 0;
    EXPECT_EQ(answered, 80);
    EXPECT_FALSE(try_right({"j", "network"}));
    EXPECT_TRUE(try_right({"j", "another"}));
    EXPECT_TRUE(try_right({"j", "network"}, 3)) << "another room";
}

TEST_F(PasswordThrottleTest, ANetworkHasFailedIfItHasSentMoreWrongOnesThanAnAddressMay) {
    for (int i = 1; i <= 10; ++i) try_wrong({std::to_string(i), "network"});
    EXPECT_FALSE(throttle_.has_failed({"new", "network"}, 2, now_));
    try_wrong({"11", "network"});
    EXPECT_TRUE(throttle_.has_failed({"new", "network"}, 2, now_));
    EXPECT_FALSE(throttle_.has_failed({"new", "another"}, 2, now_));
}

TEST_F(PasswordThrottleTest, RightTriesAreNotCounted) {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(try_right());
    for (int i = 1; i <= 10; ++i) EXPECT_TRUE(try_wrong()) << i;
}

TEST(PasswordThrottle, ForgetsTheOldestWhenFull) {
    PasswordThrottle throttle({.wrong_tries = 0, .window = 60s, .entries = 2});
    const PasswordThrottle::TimePoint now{1h};
    for (RoomId room = 1; room <= 3; ++room) EXPECT_TRUE(throttle.note_wrong(kAda, room, now));
    EXPECT_FALSE(throttle.refused(kAda, 1, now));
    EXPECT_TRUE(throttle.refused(kAda, 2, now));
    EXPECT_TRUE(throttle.refused(kAda, 3, now));
    // What has ended makes room first.
    EXPECT_TRUE(throttle.note_wrong(kAda, 4, now + 60s));
    EXPECT_TRUE(throttle.note_wrong(kAda, 5, now + 60s));
    EXPECT_TRUE(throttle.refused(kAda, 4, now + 60s));
}

TEST(PasswordThrottle, KnowsWhoHasFailedLately) {
    PasswordThrottle throttle({.wrong_tries = 10, .window = 60s, .entries = 10});
    const PasswordThrottle::TimePoint now{1h};
    EXPECT_FALSE(throttle.has_failed(kAda, 1, now));
    EXPECT_FALSE(throttle.note_wrong(kAda, 1, now));
    EXPECT_TRUE(throttle.has_failed(kAda, 1, now));
    EXPECT_FALSE(throttle.has_failed(kAda, 2, now));
    EXPECT_FALSE(throttle.has_failed(kBen, 1, now));
    EXPECT_FALSE(throttle.has_failed(kAda, 1, now + 60s));
}

TEST(PasswordThrottle, ALateClockReadingChangesNothing) {
    PasswordThrottle throttle({.wrong_tries = 0, .window = 60s, .entries = 10});
    const PasswordThrottle::TimePoint now{1h};
    EXPECT_FALSE(throttle.refused(kAda, 1, now));
    EXPECT_EQ(throttle.note_wrong(kAda, 2, now - 5s), 60s);
    EXPECT_EQ(throttle.refused(kAda, 2, now), 60s);
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
                    throttle.refused(kAda, 2, now);
                    if (!throttle.note_wrong(kAda, 2, now)) ++answered;
                }
            });
    }
    EXPECT_EQ(answered, 10);
}

}  // namespace
}  // namespace globes::chat
