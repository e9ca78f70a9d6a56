#include "chat/people.h"

#include <gmock/gmock.h>

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr Error kTaken{ErrorCode::duplicate_username, "name"};

class PeopleTest : public testing::Test {
protected:
    Person& enter(ConnectionId connection, unsigned lane = 0) {
        people.add({.connection = connection, .lane = lane});
        return *people.find(connection);
    }
    Person& member(ConnectionId connection, std::string_view name) {
        Person& person = enter(connection);
        EXPECT_TRUE(people.take_name(person, name));
        return person;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const RoomUser& user : people.users()) all.push_back(user.username);
        return all;
    }

    People people{2};
};

TEST_F(PeopleTest, FindsWhoIsInTheRoomAndNobodyElse) {
    EXPECT_TRUE(people.empty());
    people.add({.connection = 7, .lane = 1, .token_name = "ann", .owner = true});
    ASSERT_NE(people.find(7), nullptr);
    EXPECT_EQ(people.find(7)->token_name(), "ann");
    EXPECT_TRUE(people.find(7)->owner);
    EXPECT_EQ(people.find(8), nullptr);
    EXPECT_FALSE(people.empty());
    people.remove(7);
    EXPECT_EQ(people.find(7), nullptr);
    EXPECT_TRUE(people.empty());
}

TEST_F(PeopleTest, ConnectionsAreAllThatAreInTheRoomJoinedOrNot) {
    member(1, "ann");
    enter(2);
    enter(3);
    people.remove(2);
    EXPECT_THAT(people.connections(), UnorderedElementsAre(1, 3));
}

TEST_F(PeopleTest, KnowsWhichLanesHavePeople) {
    EXPECT_FALSE(people.on_lane(0));
    enter(1, 1);
    enter(2, 1);
    EXPECT_FALSE(people.on_lane(0));
    EXPECT_TRUE(people.on_lane(1));
    people.remove(1);
    people.remove(1);
    EXPECT_TRUE(people.on_lane(1));
    people.remove(2);
    EXPECT_FALSE(people.on_lane(1));
}

TEST_F(PeopleTest, OnlyMembersAreUsersInOrderOfArrival) {
    Person& late = enter(1);
    enter(2);
    member(3, "zoe");
    people.find(3)->membership->color = "red";
    people.find(3)->membership->last_activity = 5;
    ASSERT_TRUE(people.take_name(late, "Ann"));
    EXPECT_THAT(names(), ElementsAre("zoe", "Ann"));
    EXPECT_EQ(people.online(), 2U);
    EXPECT_EQ(people.users()[0].color, "red");
    EXPECT_EQ(people.users()[0].last_activity, 5);
}

TEST_F(PeopleTest, ANameIsTakenWithoutRegardToCase) {
    member(1, "Ann");
    Person& other = enter(2);
    for (const char* name : {"Ann", "ann", "ANN"}) EXPECT_EQ(people.take_name(other, name).error(), kTaken) << name;
    EXPECT_FALSE(other.is_member());
    EXPECT_EQ(people.online(), 1U);
    EXPECT_TRUE(people.take_name(other, "Anna"));
}

TEST_F(PeopleTest, FoldingIsUnicodesAndSimple) {
    member(1, "ŻÓŁĆ");
    member(2, "ΣΊΣΥΦΟΣ");
    member(3, "Straße");
    EXPECT_EQ(people.take_name(enter(11), "żółć").error(), kTaken);
    EXPECT_EQ(people.take_name(enter(12), "σίσυφος").error(), kTaken);
    EXPECT_EQ(people.take_name(enter(13), "STRAẞE").error(), kTaken);
    EXPECT_TRUE(people.take_name(enter(14), "STRASSE"));
}

TEST_F(PeopleTest, ANameThatWasGivenUpStaysTakenUntilItIsReleased) {
    Person& ann = member(1, "Ann");
    const std::uint64_t hold = people.give_up_name(ann);
    EXPECT_FALSE(ann.is_member());
    EXPECT_THAT(names(), IsEmpty());
    Person& other = enter(2);
    EXPECT_EQ(people.take_name(other, "ann").error(), kTaken);
    people.release_name("Ann", hold);
    EXPECT_TRUE(people.take_name(other, "ann"));
}

TEST_F(PeopleTest, ANameOutlivesTheConnectionUntilItIsReleased) {
    const std::uint64_t hold = people.give_up_name(member(1, "ann"));
    people.remove(1);
    EXPECT_EQ(people.take_name(enter(2), "ann").error(), kTaken);
    people.release_name("ann", hold);
    EXPECT_TRUE(people.take_name(*people.find(2), "ann"));
}

TEST_F(PeopleTest, WhoeverGaveANameUpMayTakeItBackAndThenKeepsIt) {
    Person& ann = member(1, "ann");
    const std::uint64_t first = people.give_up_name(ann);
    ASSERT_TRUE(people.take_name(ann, "ANN"));
    EXPECT_THAT(names(), ElementsAre("ANN"));
    people.release_name("ann", first);
    EXPECT_EQ(people.take_name(enter(2), "ann").error(), kTaken);

    const std::uint64_t second = people.give_up_name(ann);
    people.release_name("ann", first);
    EXPECT_EQ(people.take_name(*people.find(2), "ann").error(), kTaken);
    people.release_name("ANN", second);
    EXPECT_TRUE(people.take_name(*people.find(2), "ann"));
}

TEST_F(PeopleTest, WhoeverComesBackWithASessionTakesTheirNameBeforeItIsReleased) {
    people.add({.connection = 1, .session = "s1"});
    ASSERT_TRUE(people.take_name(*people.find(1), "ann"));
    const auto hold = people.give_up_name(*people.find(1));
    people.remove(1);

    people.add({.connection = 2, .session = "s2", .earlier_session = "s0"});
    EXPECT_EQ(people.take_name(*people.find(2), "ann").error(), kTaken) << "someone else";
    people.add({.connection = 3, .session = "s3", .earlier_session = "s1"});
    ASSERT_TRUE(people.take_name(*people.find(3), "ann"));
    people.release_name("ann", hold);
    EXPECT_EQ(people.take_name(*people.find(2), "ann").error(), kTaken) << "the leave of then frees nothing now";
}

TEST_F(PeopleTest, WhoseWelcomeWasLostIsKnownByTheSessionBefore) {
    people.add({.connection = 1, .session = "s1"});
    ASSERT_TRUE(people.take_name(*people.find(1), "ann"));
    const Entry second{.connection = 2, .session = "s2", .earlier_session = "s1"};
    people.add(second);
    people.hand_over(*people.find_same(second), *people.find(2));
    people.remove(1);

    EXPECT_EQ(people.find_same({.connection = 3, .session = "s3", .earlier_session = "s1"}), people.find(2));
    EXPECT_EQ(people.find_same({.connection = 3, .session = "s3", .earlier_session = "s2"}), people.find(2));
    people.remove(2);
    EXPECT_EQ(people.find_same({.connection = 3, .session = "s3", .earlier_session = "s1"}), nullptr);
}

TEST_F(PeopleTest, WhoeverComesBackArrivesLast) {
    Person& ann = member(1, "ann");
    member(2, "bob");
    people.give_up_name(ann);
    ASSERT_TRUE(people.take_name(ann, "ann"));
    EXPECT_THAT(names(), ElementsAre("bob", "ann"));
}

TEST_F(PeopleTest, AMemberWhoLeftHasNoColorOfThen) {
    Person& ann = member(1, "ann");
    ann.membership->color = "red";
    people.give_up_name(ann);
    ASSERT_TRUE(people.take_name(ann, "ann"));
    EXPECT_EQ(people.users()[0].color, "");
}

}  // namespace
}  // namespace globes::chat
