#include "bench/room_order.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

using globes::bench::MessageId;
using globes::bench::RoomOrder;

namespace {

constexpr MessageId kA1{0, 1};
constexpr MessageId kA2{0, 2};
constexpr MessageId kA3{0, 3};
constexpr MessageId kB1{1, 1};
constexpr MessageId kB2{1, 2};

/// A room with two senders; the test calls what each member receives.
class RoomOrderTest : public testing::Test {
protected:
    using Received = std::vector<MessageId>;

    void member_receives(std::size_t member, const Received& ids) {
        for (const MessageId id : ids) order_.deliver(members_[member], id, ++now_ns_);
    }
    std::uint64_t received_by(std::size_t member) const { return members_[member].received; }

    /// A guest that receives `ids` and leaves.
    void guest_receives(const Received& ids) {
        RoomOrder::Reader guest;
        for (const MessageId id : ids) order_.deliver_to_guest(guest, id);
        order_.release_guest(std::move(guest));
    }

    void expect_faults(std::uint64_t doubled, std::uint64_t reordered, std::uint64_t missing_of_guests = 0) {
        order_.finish();
        EXPECT_EQ(order_.faults().doubled, doubled);
        EXPECT_EQ(order_.faults().reordered, reordered);
        EXPECT_EQ(order_.faults().missing_of_guests, missing_of_guests);
    }

    RoomOrder order_{2, 3};
    std::vector<RoomOrder::Reader> members_ = std::vector<RoomOrder::Reader>(3);
    std::int64_t now_ns_ = 0;
};

}  // namespace

TEST_F(RoomOrderTest, FindsNothingIfAllMembersReceiveTheSame) {
    for (std::size_t member = 0; member < 3; ++member) member_receives(member, {kA1, kB1, kA2, kB2, kA3});
    EXPECT_EQ(received_by(2), 5u);
    expect_faults(0, 0);
}

TEST_F(RoomOrderTest, FindsNothingIfDifferentMembersAreFirst) {
    member_receives(0, {kA1});
    member_receives(1, {kA1, kB1, kA2});
    member_receives(2, {kA1, kB1, kA2, kB2});
    member_receives(0, {kB1, kA2, kB2, kA3});
    member_receives(1, {kB2, kA3});
    member_receives(2, {kA3});
    expect_faults(0, 0);
}

TEST_F(RoomOrderTest, FindsALossInTheMiddle) {
    member_receives(0, {kA1, kB1, kA2});
    member_receives(1, {kA1, kA2});
    EXPECT_EQ(received_by(1), 2u);
    expect_faults(0, 0);
}

TEST_F(RoomOrderTest, FindsALossBeforeMessagesThatNoOtherMemberHasYet) {
    member_receives(0, {kA1, kB1});
    member_receives(1, {kA2});
    member_receives(0, {kA2});
    EXPECT_EQ(received_by(0), 3u);
    EXPECT_EQ(received_by(1), 1u);
    expect_faults(0, 0);
}

TEST_F(RoomOrderTest, FindsALossOfTheFirstReader) {
    member_receives(0, {kB1});
    member_receives(1, {kA1, kB1});
    EXPECT_EQ(received_by(0), 1u);
    EXPECT_EQ(received_by(1), 2u);
}

TEST_F(RoomOrderTest, FindsARepeat) {
    member_receives(0, {kA1, kB1, kA2});
    member_receives(1, {kA1, kB1, kA1, kA2});
    EXPECT_EQ(received_by(1), 3u);
    expect_faults(1, 0);
}

TEST_F(RoomOrderTest, FindsARepeatOfTheFirstReader) {
    member_receives(0, {kA1, kA1});
    EXPECT_EQ(received_by(0), 1u);
    expect_faults(1, 0);
}

TEST_F(RoomOrderTest, FindsASwapOfDifferentSenders) {
    member_receives(0, {kA1, kB1, kA2});
    member_receives(1, {kB1, kA1, kA2});
    EXPECT_EQ(received_by(1), 3u);
    expect_faults(0, 1);
}

TEST_F(RoomOrderTest, FindsASwapOfOneSendersMessagesEvenIfAllSeeIt) {
    for (std::size_t member = 0; member < 3; ++member) member_receives(member, {kA2, kA1});
    EXPECT_EQ(received_by(2), 2u);
    expect_faults(0, 1);
}

TEST_F(RoomOrderTest, ALateMessageIsNotMissingButArrivingTwiceIsARepeat) {
    member_receives(0, {kA1, kB1, kA2});
    member_receives(1, {kA1, kA2, kB1, kB1});
    EXPECT_EQ(received_by(1), 3u);
    expect_faults(1, 1);
}

TEST_F(RoomOrderTest, ReportsTheTimeFromTheFirstToTheLastMember) {
    EXPECT_FALSE(order_.deliver(members_[0], kA1, 100));
    EXPECT_FALSE(order_.deliver(members_[1], kA1, 150));
    EXPECT_EQ(order_.deliver(members_[2], kA1, 175), 75);
}

TEST_F(RoomOrderTest, TheOnlyMemberIsFirstAndLast) {
    RoomOrder alone(1, 1);
    EXPECT_EQ(alone.deliver(members_[0], kA1, 100), 0);
}

TEST_F(RoomOrderTest, AGuestMayEnterAndLeaveAnywhere) {
    member_receives(0, {kA1, kB1, kA2, kB2, kA3});
    guest_receives({kB1, kA2, kB2});
    guest_receives({});
    expect_faults(0, 0);
}

TEST_F(RoomOrderTest, AGuestMayBeAheadOfEveryone) {
    guest_receives({kA2, kB2});
    member_receives(0, {kA1, kB1, kA2, kB2});
    expect_faults(0, 0);
}

TEST_F(RoomOrderTest, FindsMessagesThatAGuestMissed) {
    member_receives(0, {kA1, kB1, kA2, kB2});
    guest_receives({kA1, kB2});
    expect_faults(0, 0, 2);
}

TEST_F(RoomOrderTest, FindsMessagesThatAGuestMissedAheadOfEveryone) {
    guest_receives({kA1, kA2});
    member_receives(0, {kA1, kB1, kA2});
    expect_faults(0, 0, 1);
}

TEST_F(RoomOrderTest, FindsAGuestsRepeatAndSwap) {
    member_receives(0, {kA1, kB1, kA2, kB2});
    guest_receives({kA1, kB1, kB1, kB2, kA2});
    expect_faults(1, 1);
}

TEST(RoomOrder, AgreesOnlyWithTheSameSequence) {
    RoomOrder one(2, 1);
    RoomOrder same(2, 1);
    RoomOrder other(2, 1);
    RoomOrder::Reader reader_of_one, reader_of_same, reader_of_other;
    for (const MessageId id : {kA1, kB1}) one.deliver(reader_of_one, id, 1);
    for (const MessageId id : {kA1, kB1}) same.deliver(reader_of_same, id, 2);
    for (const MessageId id : {kB1, kA1}) other.deliver(reader_of_other, id, 1);
    EXPECT_TRUE(one.agrees_with(same));
    EXPECT_FALSE(one.agrees_with(other));
}
