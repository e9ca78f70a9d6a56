#include "chat/password_pace.h"

#include <gmock/gmock.h>

#include <chrono>
#include <deque>
#include <string>
#include <utility>

namespace globes::chat {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class PasswordPaceTest : public testing::Test {
protected:
    std::optional<PasswordPace::Check> begin(RoomId room, bool has_failed = false, std::string_view address = "a") {
        return pace.reserve({.address = address, .network = address}, room, has_failed, now);
    }
    /// Of a wrong password, one of an address each; nothing if it is refused.
    std::optional<milliseconds> reserve(RoomId room, bool has_failed = false) {
        auto check = begin(room, has_failed);
        if (!check) return std::nullopt;
        check->keep();
        return check->delay();
    }

    PasswordPace::TimePoint now{100s};
    PasswordPace pace{{.at_once = 2, .interval = 200ms, .longest_delay = 600ms, .rooms = 3, .first_tries = 2}};
};

TEST_F(PasswordPaceTest, SomeChecksRunAtOnceAndFurtherOnesWaitForTheirTime) {
    EXPECT_EQ(reserve(1), 0ms);
    EXPECT_EQ(reserve(1), 0ms);
    EXPECT_EQ(reserve(1), 200ms);
    EXPECT_EQ(reserve(1), 400ms);
    now += 300ms;
    EXPECT_EQ(reserve(1), 300ms);
    EXPECT_EQ(reserve(2), 0ms) << "rooms do not wait for each other";
}

TEST_F(PasswordPaceTest, ACheckThatWouldWaitTooLongIsRefusedAndTakesNoTime) {
    for (const milliseconds delay : {0ms, 0ms, 200ms, 400ms, 600ms}) EXPECT_EQ(reserve(1), delay);
    EXPECT_EQ(reserve(1), std::nullopt);
    EXPECT_EQ(reserve(1), std::nullopt);
    now += 200ms;
    EXPECT_EQ(reserve(1), 600ms);
    now += 10s;
    EXPECT_EQ(reserve(1), 0ms);
}

TEST_F(PasswordPaceTest, ThoseWhoHaveFailedDelayOnlyEachOther) {
    while (reserve(1, true)) {
    }
    EXPECT_EQ(reserve(1, false), 0ms);
}

TEST_F(PasswordPaceTest, ACheckThatIsNotKeptTakesNoTimeFromTheNext) {
    for (int count = 0; count < 100; ++count) EXPECT_EQ(begin(1)->delay(), 0ms);
    EXPECT_EQ(reserve(1), 0ms);
    EXPECT_EQ(reserve(1), 0ms);
    EXPECT_EQ(reserve(1), 200ms);
    EXPECT_EQ(begin(1, true)->delay(), 0ms);
    EXPECT_EQ(reserve(1), 400ms);
}

TEST_F(PasswordPaceTest, OfTriesInParallelTwoOfAnAddressCountAsFirstOnes) {
    std::deque<PasswordPace::Check> tries;
    while (auto check = begin(1)) tries.push_back(std::move(*check));
    EXPECT_EQ(tries.size(), 2U + 5U) << "the others have the pace of those that have failed";
    for (const char* address : {"b", "c", "d"}) EXPECT_TRUE(begin(1, false, address)) << address;
    EXPECT_EQ(begin(1, false, "b")->delay(), 200ms) << "two first tries of another address are in flight";
    tries.front().keep();
    tries.pop_front();
    EXPECT_EQ(begin(1)->delay(), 200ms) << "one may be made again";
    tries.clear();
    EXPECT_EQ(begin(1, true)->delay(), 0ms);
}

TEST_F(PasswordPaceTest, RemembersSoManyRooms) {
    for (RoomId room = 1; room <= 3; ++room)
        for (int count = 0; count < 3; ++count) reserve(room);
    now += 1s;
    EXPECT_EQ(reserve(4), 0ms) << "the others are idle and forgotten";
    for (RoomId room = 5; room <= 6; ++room)
        for (int count = 0; count < 3; ++count) reserve(room);
    EXPECT_EQ(reserve(6), 400ms);
    EXPECT_EQ(reserve(7), 0ms);
    EXPECT_EQ(reserve(6), 0ms) << "too many rooms: all were forgotten";
}

TEST_F(PasswordPaceTest, ANetworkHasAFewFirstTriesInAllThatAreNotAnswered) {
    PasswordPace wide_pace{
        {.at_once = 12, .interval = 200ms, .longest_delay = 200ms, .first_tries = 2, .network_factor = 4}};
    const auto begin_in = [&](const std::string& address, std::string_view network) {
        return wide_pace.reserve({.address = address, .network = network}, 1, false, now);
    };
    std::deque<PasswordPace::Check> open;
    for (int address = 0; address < 8; ++address) open.push_back(*begin_in(std::to_string(address), "wide"));
    for (int address = 8; address < 100; ++address)
        if (auto check = begin_in(std::to_string(address), "wide")) open.push_back(std::move(*check));
    EXPECT_EQ(open.size(), 8 + 13U) << "the others share the pace of those that have failed";
    for (int address = 0; address < 4; ++address) {
        auto check = begin_in("stranger " + std::to_string(address), "another");
        ASSERT_TRUE(check);
        EXPECT_EQ(check->delay(), 0ms);
        check->keep();
    }
    open.clear();
    for (int address = 0; address < 8; ++address) open.push_back(*begin_in(std::to_string(address), "wide"));
    EXPECT_EQ(begin_in("a late stranger", "another")->delay(), 200ms) << "they are first tries again";
}

}  // namespace
}  // namespace globes::chat
