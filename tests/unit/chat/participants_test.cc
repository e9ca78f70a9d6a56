#include "chat/participants.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr Error kTaken{ErrorCode::duplicate_username, "name"};

class ParticipantsTest : public testing::Test {
protected:
    Participant& enter(ConnectionId connection, unsigned io_thread = 0) {
        participants.add({.connection = connection, .io_thread = io_thread});
        return *participants.find(connection);
    }
    Participant& member(ConnectionId connection, std::string_view name) {
        Participant& participant = enter(connection);
        EXPECT_TRUE(take_name(participant, name));
        return participant;
    }
    Result<void> take_name(Participant& participant, std::string_view name) {
        return participants.take_name(participant, WantedName(std::string(name)));
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const RoomUser& user : participants.users(kMaxListedUsers)) all.push_back(user.username);
        return all;
    }

    Participants participants{2};
};

TEST_F(ParticipantsTest, FindsOnlyTheParticipantsOfTheRoom) {
    EXPECT_THAT(participants.connections(), testing::IsEmpty());
    participants.add({.connection = 7, .io_thread = 1, .token_name = "ann", .owner = true});
    ASSERT_NE(participants.find(7), nullptr);
    EXPECT_EQ(participants.find(7)->token_name(), "ann");
    EXPECT_TRUE(participants.find(7)->owner);
    EXPECT_EQ(participants.find(8), nullptr);
    EXPECT_THAT(participants.connections(), testing::ElementsAre(7));
    participants.remove(7);
    EXPECT_EQ(participants.find(7), nullptr);
    EXPECT_THAT(participants.connections(), testing::IsEmpty());
}

TEST_F(ParticipantsTest, ConnectionsAreAllParticipantsWithAndWithoutAName) {
    member(1, "ann");
    enter(2);
    enter(3);
    participants.remove(2);
    EXPECT_THAT(participants.connections(), UnorderedElementsAre(1, 3));
}

TEST_F(ParticipantsTest, KnowsWhichIoThreadsHaveParticipants) {
    EXPECT_FALSE(participants.io_threads().test(0));
    enter(1, 1);
    enter(2, 1);
    EXPECT_FALSE(participants.io_threads().test(0));
    EXPECT_TRUE(participants.io_threads().test(1));
    participants.remove(1);
    participants.remove(1);
    EXPECT_TRUE(participants.io_threads().test(1));
    participants.remove(2);
    EXPECT_FALSE(participants.io_threads().test(1));
}

TEST_F(ParticipantsTest, ListsTheFirstArrivalsUpToTheLimit) {
    member(1, "zoe");
    member(2, "ann");
    member(3, "bob");
    std::vector<std::string> listed;
    for (const RoomUser& user : participants.users(2)) listed.push_back(user.username);
    EXPECT_THAT(listed, ElementsAre("zoe", "ann"));
    EXPECT_EQ(participants.online(), 3U);
    EXPECT_THAT(participants.users(0), IsEmpty());
}

TEST_F(ParticipantsTest, OnlyMembersAreUsersInOrderOfArrival) {
    Participant& late = enter(1);
    enter(2);
    member(3, "zoe");
    participants.find(3)->membership->color = "red";
    participants.find(3)->membership->last_activity = 5;
    ASSERT_TRUE(take_name(late, "Ann"));
    EXPECT_THAT(names(), ElementsAre("zoe", "Ann"));
    EXPECT_EQ(participants.online(), 2U);
    EXPECT_EQ(participants.users(kMaxListedUsers)[0].color, "red");
    EXPECT_EQ(participants.users(kMaxListedUsers)[0].last_activity, 5);
}

TEST_F(ParticipantsTest, ANameIsTakenWithoutRegardToCase) {
    member(1, "Ann");
    Participant& other = enter(2);
    for (const char* name : {"Ann", "ann", "ANN"}) EXPECT_EQ(take_name(other, name).error(), kTaken) << name;
    EXPECT_FALSE(other.is_member());
    EXPECT_EQ(participants.online(), 1U);
    EXPECT_TRUE(take_name(other, "Anna"));
}

TEST_F(ParticipantsTest, FoldingIsUnicodesAndSimple) {
    member(1, "ŻÓŁĆ");
    member(2, "ΣΊΣΥΦΟΣ");
    member(3, "Straße");
    EXPECT_EQ(take_name(enter(11), "żółć").error(), kTaken);
    EXPECT_EQ(take_name(enter(12), "σίσυφος").error(), kTaken);
    EXPECT_EQ(take_name(enter(13), "STRAẞE").error(), kTaken);
    EXPECT_TRUE(take_name(enter(14), "STRASSE"));
}

TEST_F(ParticipantsTest, ANameThatLooksLikeATakenOneIsTakenToo) {
    member(1, "paypal");
    member(2, "Ann Lee");
    EXPECT_TRUE(participants.take_name(enter(10), WantedName("pay pal")));
    Participant& other = enter(11);
    for (const char* name : {"p\u0430ypal", "paypaI", "PAYPAL\u200B", "\uFF50aypal", "Ann\u00A0Lee", " ann  lee"}) {
        const auto taken = take_name(other, name);
        ASSERT_FALSE(taken) << name;
        EXPECT_EQ(taken.error().code, ErrorCode::duplicate_username) << name;
        EXPECT_EQ(taken.error().field, "name") << name;
    }
    EXPECT_NE(take_name(other, "p\u0430ypal").error().reason, "") << "says why a name is taken that nobody has";
    EXPECT_EQ(take_name(other, "PayPal").error(), kTaken);
}

TEST_F(ParticipantsTest, ALookAlikeIsFreeWhenTheNameIsReleased) {
    Participant& first = member(1, "paypal");
    const std::uint64_t hold = participants.give_up_name(first);
    Participant& other = enter(2);
    EXPECT_FALSE(take_name(other, "p\u0430ypal"));
    ASSERT_TRUE(take_name(first, "paypaI")) << "the client itself may take it at once";
    participants.release_name(hold);
    EXPECT_FALSE(take_name(other, "paypal")) << "it looks like the name that was taken meanwhile";
    participants.release_name(participants.give_up_name(first));
    EXPECT_TRUE(take_name(other, "p\u0430ypal"));
}

TEST_F(ParticipantsTest, ANameMayLookLikeTwoOthersThatDoNotLookAlike) {
    Participant& upper = member(1, "IAN");
    member(2, "\u0131an");
    const std::uint64_t hold = participants.give_up_name(upper);
    EXPECT_FALSE(take_name(upper, "ian")) << "its own former name, but also that of somebody else";
    participants.release_name(hold);
    EXPECT_FALSE(take_name(upper, "ian"));
    EXPECT_TRUE(take_name(upper, "IAN"));
}

TEST_F(ParticipantsTest, ANameThatWasGivenUpStaysUsedUntilItIsReleased) {
    Participant& ann = member(1, "Ann");
    const std::uint64_t hold = participants.give_up_name(ann);
    EXPECT_FALSE(ann.is_member());
    EXPECT_THAT(names(), IsEmpty());
    Participant& other = enter(2);
    EXPECT_EQ(take_name(other, "ann").error(), kTaken);
    participants.release_name(hold);
    EXPECT_TRUE(take_name(other, "ann"));
}

TEST_F(ParticipantsTest, ANameOutlivesTheConnectionUntilItIsReleased) {
    const std::uint64_t hold = participants.give_up_name(member(1, "ann"));
    participants.remove(1);
    EXPECT_EQ(take_name(enter(2), "ann").error(), kTaken);
    participants.release_name(hold);
    EXPECT_TRUE(take_name(*participants.find(2), "ann"));
}

TEST_F(ParticipantsTest, AParticipantThatGaveANameUpMayTakeItBackAndKeepsIt) {
    Participant& ann = member(1, "ann");
    const std::uint64_t first = participants.give_up_name(ann);
    ASSERT_TRUE(take_name(ann, "ANN"));
    EXPECT_THAT(names(), ElementsAre("ANN"));
    participants.release_name(first);
    EXPECT_EQ(take_name(enter(2), "ann").error(), kTaken);

    const std::uint64_t second = participants.give_up_name(ann);
    participants.release_name(first);
    EXPECT_EQ(take_name(*participants.find(2), "ann").error(), kTaken);
    participants.release_name(second);
    EXPECT_TRUE(take_name(*participants.find(2), "ann"));
}

TEST_F(ParticipantsTest, AConnectionWithTheSessionTakesTheNameBeforeItIsReleased) {
    participants.add({.connection = 1, .session = "s1"});
    ASSERT_TRUE(take_name(*participants.find(1), "ann"));
    const auto hold = participants.give_up_name(*participants.find(1));
    participants.remove(1);

    participants.add({.connection = 2, .session = "s2", .earlier_session = "s0"});
    EXPECT_EQ(take_name(*participants.find(2), "ann").error(), kTaken) << "another client";
    participants.add({.connection = 3, .session = "s3", .earlier_session = "s1"});
    ASSERT_TRUE(take_name(*participants.find(3), "ann"));
    participants.release_name(hold);
    EXPECT_EQ(take_name(*participants.find(2), "ann").error(), kTaken) << "the earlier leave frees nothing now";
}

TEST_F(ParticipantsTest, AClientThatMissedItsWelcomeIsKnownByTheSessionBefore) {
    participants.add({.connection = 1, .session = "s1"});
    ASSERT_TRUE(take_name(*participants.find(1), "ann"));
    const Entry second{.connection = 2, .session = "s2", .earlier_session = "s1"};
    participants.add(second);
    participants.transfer_membership(*participants.find_member_of_same_client(second), *participants.find(2));
    participants.remove(1);

    EXPECT_EQ(participants.find_member_of_same_client({.connection = 3, .session = "s3", .earlier_session = "s1"}),
              participants.find(2));
    EXPECT_EQ(participants.find_member_of_same_client({.connection = 3, .session = "s3", .earlier_session = "s2"}),
              participants.find(2));
    participants.remove(2);
    EXPECT_EQ(participants.find_member_of_same_client({.connection = 3, .session = "s3", .earlier_session = "s1"}),
              nullptr);
}

TEST_F(ParticipantsTest, AMemberIsFoundByTheSessionOfAConnectionThatIsGone) {
    const Entry first{.connection = 1, .session = "s1", .earlier_session = "before the restart"};
    EXPECT_EQ(participants.find_member_of_same_client(first), nullptr);
    participants.add(first);
    const Entry second{.connection = 2, .session = "s2", .earlier_session = "before the restart"};
    EXPECT_EQ(participants.find_member_of_same_client(second), nullptr) << "no member yet";
    ASSERT_TRUE(take_name(*participants.find(1), "ann"));
    EXPECT_EQ(participants.find_member_of_same_client(second), participants.find(1));
    participants.add(second);
    EXPECT_EQ(participants.find_member_of_same_client({.connection = 3, .session = "s3", .earlier_session = "s2"}),
              nullptr)
        << "no member";
}

TEST_F(ParticipantsTest, ABoundNameFindsItsMemberAmongThoseOfOneSession) {
    participants.add({.connection = 1, .token_name = "ann", .session = "s", .token = "a"});
    participants.add({.connection = 2, .token_name = "ben", .session = "s2", .earlier_session = "s", .token = "b"});
    ASSERT_TRUE(take_name(*participants.find(1), "ann"));
    ASSERT_TRUE(take_name(*participants.find(2), "ben"));
    const Entry by_session{.connection = 3, .session = "s3", .earlier_session = "s", .token = "new"};
    EXPECT_EQ(participants.find_member_of_same_client(by_session, "ann"), participants.find(1));
    EXPECT_EQ(participants.find_member_of_same_client(by_session, "ben"), participants.find(2));
    EXPECT_EQ(participants.find_member_of_same_client(by_session, "Ann"), nullptr) << "another spelling";
    EXPECT_EQ(participants.find_member_of_same_client(by_session, "cleo"), nullptr);
    const Entry by_token{.connection = 3, .session = "s3", .earlier_session = "s2", .token = "a"};
    EXPECT_EQ(participants.find_member_of_same_client(by_token, "ann"), participants.find(1));
    const Entry other{.connection = 3, .session = "s3", .token = "new"};
    EXPECT_EQ(participants.find_member_of_same_client(other, "ann"), nullptr);
    participants.give_up_name(*participants.find(1));
    EXPECT_EQ(participants.find_member_of_same_client(by_session, "ann"), nullptr);
}

TEST_F(ParticipantsTest, ATokenFindsTheNewestOfItsMembersWhichAreStillThere) {
    const Entry entry{.connection = 9, .token = "t"};
    for (const ConnectionId connection : {1U, 2U, 3U}) participants.add({.connection = connection, .token = "t"});
    EXPECT_EQ(participants.find_member_of_same_client(entry), nullptr);
    for (const ConnectionId connection : {2U, 1U, 3U})
        ASSERT_TRUE(take_name(*participants.find(connection), std::to_string(connection)));
    EXPECT_EQ(participants.find_member_of_same_client(entry), participants.find(3));
    participants.give_up_name(*participants.find(3));
    EXPECT_EQ(participants.find_member_of_same_client(entry), participants.find(1));
    participants.remove(1);
    EXPECT_EQ(participants.find_member_of_same_client(entry), participants.find(2));
    participants.remove(2);
    EXPECT_EQ(participants.find_member_of_same_client(entry), nullptr);
}

TEST_F(ParticipantsTest, AMembershipThatIsTransferredIsFoundOnlyOnItsNewConnection) {
    participants.add({.connection = 1, .session = "s1", .token = "t"});
    ASSERT_TRUE(take_name(*participants.find(1), "ann"));
    const Entry second{.connection = 2, .session = "s2", .earlier_session = "s0", .token = "t"};
    participants.add(second);
    participants.transfer_membership(*participants.find_member_of_same_client(second), *participants.find(2));
    const auto found_by = [&](const char* session) {
        return participants.find_member_of_same_client({.connection = 9, .earlier_session = session});
    };
    EXPECT_EQ(found_by("s1"), nullptr) << "its token has found it";
    EXPECT_EQ(found_by("s0"), participants.find(2));
    EXPECT_EQ(found_by("s2"), participants.find(2));
    EXPECT_EQ(participants.find_member_of_same_client({.connection = 9, .token = "t"}), participants.find(2));
}

TEST_F(ParticipantsTest, ThousandsOfConnectionsWithOneSecretComeAndLeaveInEveryOrder) {
    constexpr ConnectionId kConnections = 20'000;
    std::vector<ConnectionId> order(kConnections);
    std::iota(order.begin(), order.end(), 1);
    for (int round = 0; round < 3; ++round) {
        for (ConnectionId connection = 1; connection <= kConnections; ++connection) {
            const Entry entry{.connection = connection,
                              .session = fmt::format("s{}", connection),
                              .earlier_session = "made up",
                              .token = "t"};
            participants.add(entry);
            if (connection % 2 == 0) continue;
            ASSERT_TRUE(take_name(*participants.find(connection), fmt::format("user {}", connection)));
            ASSERT_EQ(participants.find_member_of_same_client(entry), participants.find(connection));
        }
        if (round == 1) std::ranges::reverse(order);
        if (round == 2) std::ranges::shuffle(order, std::mt19937(1));
        for (const ConnectionId connection : order) {
            auto removed = participants.remove(connection);
            if (!removed->is_member()) continue;
            const std::string name = removed->membership->name;
            participants.release_name(participants.give_up_name(*removed));
        }
        EXPECT_EQ(participants.online(), 0);
        EXPECT_EQ(participants.find_member_of_same_client({.connection = 1, .token = "t"}), nullptr);
        EXPECT_EQ(participants.find_member_of_same_client({.connection = 1, .earlier_session = "made up"}), nullptr);
    }
}

TEST_F(ParticipantsTest, AMemberThatComesBackIsLastInTheOrderOfArrival) {
    Participant& ann = member(1, "ann");
    member(2, "bob");
    participants.give_up_name(ann);
    ASSERT_TRUE(take_name(ann, "ann"));
    EXPECT_THAT(names(), ElementsAre("bob", "ann"));
}

TEST_F(ParticipantsTest, AMemberThatLeftHasNoColorAfterItsReturn) {
    Participant& ann = member(1, "ann");
    ann.membership->color = "red";
    participants.give_up_name(ann);
    ASSERT_TRUE(take_name(ann, "ann"));
    EXPECT_EQ(participants.users(kMaxListedUsers)[0].color, "");
}

}  // namespace
}  // namespace globes::chat
