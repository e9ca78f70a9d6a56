// Rooms in the core: how they come, change and go while the store takes its time. People and messages: core_test.cc.
#include <gmock/gmock.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CoreRoomsTest : public CoreHarness {
protected:
    CoreRoomsTest() { load(); }

    /// The record of `room` after a change of its visibility, as room_rules.h makes it.
    RoomRecord made(Visibility visibility, RoomId room) const {
        RoomRecord next = record(room);
        next.visibility = visibility;
        next.password_hash = visibility == Visibility::public_room ? "" : "hash";
        ++next.token_epoch;
        return next;
    }
};

using CoreLoadTest = CoreHarness;

// --- at start --------------------------------------------------------------------------------------------------------

TEST_F(CoreLoadTest, AFreshStoreGetsItsPublicChat) {
    load({}, 1);
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("put 1 Public Chat"));
    EXPECT_EQ(record(kPublicChatId), (RoomRecord{.id = 1,
                                                 .title = "Public Chat",
                                                 .description = "This is the default chat, available to everyone!",
                                                 .visibility = Visibility::public_room,
                                                 .created_at = clock.now,
                                                 .updated_at = clock.now}));
    store.commit();
    EXPECT_EQ(store.kept[1].record, record(kPublicChatId));
    EXPECT_EQ(add_room("Tea"), 2U);
}

TEST_F(CoreLoadTest, PublicChatTakesMessagesWhileItsFirstPutIsOnItsWay) {
    load({}, 1);
    enter({1});
    send(1, "ann", "hi");
    settle();
    EXPECT_EQ(read(1), "#1 ann: hi\n");
}

TEST_F(CoreLoadTest, PublicChatWorksOnceTheStoreDoes) {
    load({}, 1);
    store.fail();
    turn();
    enter({1});
    send(1, "ann", "a", "c1");
    turn();
    store.fail();
    turn();
    EXPECT_THAT(lanes[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c1"));
    send(1, "ann", "b");
    settle();
    EXPECT_EQ(read(1), "#1 ann: b\n");
    EXPECT_EQ(store.kept[1].record, record(kPublicChatId));
    send(1, "ann", "c");
    turn();
    EXPECT_THAT(store.written(0), ElementsAre("1#2 c")) << "it was put once";
}

TEST_F(CoreLoadTest, AStoreThatNeverGotPublicChatGetsItAtTheNextStart) {
    load({{.record = {.id = 2, .title = "Tea"}, .last_seq = 0}}, 3);
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("put 1 Public Chat"));
    settle();
    EXPECT_THAT(listed(), ElementsAre(1, 2));
    EXPECT_EQ(add_room("Coffee"), 3U);
}

TEST_F(CoreLoadTest, TakesOverWhatTheStoreHad) {
    load({{.record = {.id = 1, .title = "Public Chat"}, .last_seq = 3},
          {.record = {.id = 5, .title = "Tea", .visibility = Visibility::private_room, .token_epoch = 4},
           .last_seq = 17},
          {.record = {.id = kFirstRandomRoomId + 9, .title = "Secret", .visibility = Visibility::hidden_room},
           .last_seq = 0}},
         30);
    EXPECT_TRUE(store.batches.empty()) << "it is no fresh store";
    EXPECT_EQ(id_of("TEA"), 5U);
    EXPECT_EQ(id_of("secret"), kFirstRandomRoomId + 9);
    EXPECT_THAT(listed(), ElementsAre(1, 5));
    EXPECT_EQ(*create("tea"), "102 title");
    EXPECT_EQ(core.enter(5, 0, {.connection = 1}).error().code, ErrorCode::invalid_token);
    enter({1}, 5);
    send(1, "ann", "hi");
    turn();
    EXPECT_THAT(store.written(0), ElementsAre("5#18 hi"));
}

TEST_F(CoreLoadTest, CountsIdsFromWhereTheStoreStoodNotFromItsRooms) {
    load({{.record = {.id = 1, .title = "Public Chat"}, .last_seq = 0}}, 30);
    EXPECT_EQ(add_room("Tea"), 30U);
}

// --- creating --------------------------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, ARoomIsThereOnceTheStoreHasIt) {
    clock.now = 77;
    const Answer answer = create("Tea");
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_EQ(*answer, "");
    store.commit();
    turn();
    EXPECT_EQ(*answer, "ok");
    EXPECT_EQ(record(2), (RoomRecord{.id = 2, .title = "Tea", .created_at = 77, .updated_at = 77}));
    EXPECT_EQ(store.kept[2].record, record(2));
    EXPECT_EQ(id_of("TEA"), 2U);
}

TEST_F(CoreRoomsTest, ATitleThatARoomHasIsRefusedWithoutRegardToCase) {
    EXPECT_EQ(*create("public CHAT"), "102 title");
    EXPECT_TRUE(store.batches.empty());
}

TEST_F(CoreRoomsTest, OfTwoRoomsOfOneTitleOnTheirWayTheFirstGetsIt) {
    const Answer first = create("Tea");
    const Answer second = create("TEA");
    EXPECT_EQ(*second, "102 title");
    EXPECT_EQ(store.batches.size(), 1U);
    settle();
    EXPECT_EQ(*first, "ok");
    EXPECT_EQ(record(id_of("tea")).title, "Tea");
}

TEST_F(CoreRoomsTest, ARoomThatCouldNotBeStoredFreesItsTitle) {
    const Answer first = create("Tea");
    store.fail();
    turn();
    EXPECT_EQ(*first, "505");
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_THAT(listed(), ElementsAre(1));
    EXPECT_GT(add_room("Tea"), 1U);
}

TEST_F(CoreRoomsTest, IdsAreNeverGivenAgain) {
    const RoomId tea = add_room("Tea");
    const Answer removed = remove(record(tea));
    settle();
    ASSERT_EQ(*removed, "ok");
    EXPECT_GT(add_room("Tea"), tea);
}

TEST_F(CoreRoomsTest, AHiddenRoomGetsARandomIdAndIsNeverListed) {
    const RoomId id = add_room("Secret", Visibility::hidden_room);
    EXPECT_GE(id, RoomId{1} << 48);
    EXPECT_LT(id, RoomId{1} << 53);
    EXPECT_THAT(listed(), ElementsAre(1));
    EXPECT_EQ(add_room("Tea"), 2U) << "and takes no counted one";
}

TEST_F(CoreRoomsTest, ARoomKeepsItsIdWhenItsVisibilityChanges) {
    const RoomId tea = add_room("Tea");
    update(record(tea), made(Visibility::hidden_room, tea));
    settle();
    EXPECT_EQ(id_of("Tea"), tea);
    EXPECT_THAT(listed(), ElementsAre(1));
    const RoomId secret = add_room("Secret", Visibility::hidden_room);
    update(record(secret), made(Visibility::public_room, secret));
    settle();
    EXPECT_EQ(id_of("Secret"), secret);
    EXPECT_THAT(listed(), ElementsAre(1, secret));
}

TEST_F(CoreRoomsTest, TheListGoesUpById) {
    for (const char* title : {"b", "a", "d"}) add_room(title);
    EXPECT_THAT(listed(), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(listed(0, 3), ElementsAre(1, 2, 3));
    EXPECT_THAT(listed(2, 1), ElementsAre(3));
    EXPECT_THAT(listed(4), IsEmpty());
}

// --- changing --------------------------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, AChangeIsSeenOnceTheStoreHasIt) {
    const RoomId tea = add_room("Tea");
    const RoomRecord before = record(tea);
    RoomRecord next = before;
    next.description = "Green";
    clock.now += 5;
    const Answer answer = update(before, next);
    EXPECT_EQ(record(tea), before);
    store.commit();
    turn();
    EXPECT_EQ(*answer, "ok");
    next.updated_at = clock.now;
    EXPECT_EQ(record(tea), next);
    EXPECT_EQ(store.kept[tea].record, next);
}

TEST_F(CoreRoomsTest, ARoomThatIsNotThereCannotBeChangedOrDeleted) {
    EXPECT_EQ(*update({.id = 9}, {.id = 9}), "101");
    EXPECT_EQ(*remove({.id = 9}), "101");
}

TEST_F(CoreRoomsTest, ARenameTakesTheNewTitleAtOnceAndFreesTheOldOnlyWhenItIsStored) {
    const RoomId tea = add_room("Tea");
    const Answer renamed = rename(tea, "Coffee");
    EXPECT_EQ(*create("coffee"), "102 title");
    EXPECT_EQ(*create("tea"), "102 title");
    EXPECT_EQ(id_of("Tea"), tea);
    store.commit();
    turn();
    EXPECT_EQ(*renamed, "ok");
    EXPECT_EQ(id_of("Coffee"), tea);
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_NE(add_room("Tea"), tea);
}

TEST_F(CoreRoomsTest, ARenameThatFailsFreesTheNewTitleAndKeepsTheOld) {
    const RoomId tea = add_room("Tea");
    const Answer renamed = rename(tea, "Coffee");
    store.fail();
    turn();
    EXPECT_EQ(*renamed, "505");
    EXPECT_EQ(id_of("Tea"), tea);
    EXPECT_EQ(*create("Tea"), "102 title");
    EXPECT_NE(add_room("Coffee"), tea);
}

TEST_F(CoreRoomsTest, AChangeThatFailsKeepsTheTitle) {
    const RoomId tea = add_room("Tea");
    rename(tea, "TEA");
    store.fail();
    turn();
    EXPECT_EQ(record(tea).title, "Tea");
    EXPECT_EQ(*create("tea"), "102 title");
}

TEST_F(CoreRoomsTest, ATitleThatIsTakenOrOnItsWayIsRefused) {
    const RoomId tea = add_room("Tea");
    EXPECT_EQ(*rename(tea, "PUBLIC chat"), "102 title");
    create("Coffee");
    EXPECT_EQ(*rename(tea, "coffee"), "102 title");
    settle();
    EXPECT_EQ(record(tea).title, "Tea");
}

TEST_F(CoreRoomsTest, TwoRoomsCannotSwapTitlesThroughOneAnother) {
    const RoomId tea = add_room("Tea");
    const RoomId coffee = add_room("Coffee");
    const Answer first = rename(tea, "Coffee");
    EXPECT_EQ(*first, "102 title");
    const Answer away = rename(coffee, "Water");
    EXPECT_EQ(*rename(tea, "Coffee"), "102 title") << "the old title is free only when it is stored";
    settle();
    EXPECT_EQ(*away, "ok");
    rename(tea, "Coffee");
    settle();
    EXPECT_EQ(id_of("Coffee"), tea);
    EXPECT_EQ(id_of("Water"), coffee);
}

TEST_F(CoreRoomsTest, ChangesOfOneRoomGoOneAfterTheOther) {
    const RoomId tea = add_room("Tea");
    const RoomRecord base = record(tea);
    const Answer first = rename(tea, "Coffee");
    const Answer second = rename(tea, "Water");
    const Answer third = remove(base);
    EXPECT_EQ(store.batches.size(), 1U);
    store.commit();
    turn();
    EXPECT_EQ(*first, "ok");
    EXPECT_EQ(*second, "changed");
    EXPECT_EQ(*third, "changed");
    EXPECT_TRUE(store.batches.empty());
    EXPECT_EQ(*create("Water"), "") << "what was not done claims nothing";
}

TEST_F(CoreRoomsTest, AChangeThatWasPutOffIsDoneWhereTheOneBeforeItFailed) {
    const RoomId tea = add_room("Tea");
    const Answer first = rename(tea, "Coffee");
    const Answer second = rename(tea, "Coffee");
    const Answer third = rename(tea, "Water");
    store.fail();
    turn();
    EXPECT_EQ(*first, "505");
    EXPECT_EQ(*second, "");
    settle();
    EXPECT_EQ(*second, "ok");
    EXPECT_EQ(*third, "changed");
    EXPECT_EQ(id_of("Coffee"), tea);
}

TEST_F(CoreRoomsTest, AChangeOfWhatIsNotTheRoomAnyMoreIsNotDone) {
    const RoomId tea = add_room("Tea");
    const RoomRecord old = record(tea);
    clock.now += 5;
    rename(tea, "Coffee");
    settle();
    RoomRecord next = old;
    next.description = "Green";
    EXPECT_EQ(*update(old, next), "changed");
    EXPECT_EQ(*remove(old), "changed");
    EXPECT_TRUE(store.batches.empty());
    EXPECT_EQ(record(tea).title, "Coffee");
}

TEST_F(CoreRoomsTest, DifferentRoomsChangeSideBySide) {
    const RoomId tea = add_room("Tea");
    const RoomId coffee = add_room("Coffee");
    rename(tea, "Green tea");
    rename(coffee, "Espresso");
    EXPECT_EQ(store.batches.size(), 2U);
}

TEST_F(CoreRoomsTest, MessagesGoOnWhileTheRoomChanges) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    rename(tea, "Coffee");
    send(1, "ann", "hi");
    settle();
    EXPECT_EQ(read(1), "#1 ann: hi\n");
}

// --- authorization that ends -----------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, WhereTokensEndTheirConnectionsEndToo) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .lane = 0, .token_name = "ann"}, tea));
    ASSERT_TRUE(enter({.connection = 2, .lane = 1, .token_name = "bob"}, tea));
    ASSERT_TRUE(enter({.connection = 3, .lane = 0, .token_name = "eve", .owner = true}, tea));
    join(1, "ann");
    join(2, "bob");
    turn();
    lanes[0].take_calls();
    lanes[1].take_calls();
    send(3, "eve", "you go");
    turn();

    update(record(tea), made(Visibility::private_room, tea));
    store.commit();
    store.commit();
    turn();
    EXPECT_THAT(lanes[1].calls, ElementsAre("extend 2: #1 eve: you go\n", "end 2: authorization_ended"));
    ASSERT_EQ(lanes[0].calls.size(), 3U);
    EXPECT_EQ(lanes[0].calls[0], "extend 2: #1 eve: you go\n") << "what was said before still reaches them";
    EXPECT_EQ(lanes[0].calls[1], "end 1: authorization_ended");
    EXPECT_THAT(lanes[0].calls[2], testing::HasSubstr("ann has left the room.\n"));
    EXPECT_THAT(lanes[0].calls[2], testing::HasSubstr("bob has left the room.\n"));

    lanes[0].take_calls();
    join(1, "ann");
    depart(1);
    turn();
    EXPECT_THAT(lanes[0].calls, IsEmpty()) << "who was ended is gone, once";
    EXPECT_EQ(core.enter(tea, 0, {.connection = 4}).error().code, ErrorCode::invalid_token);
    EXPECT_TRUE(core.enter(tea, 1, {.connection = 5}));
}

TEST_F(CoreRoomsTest, WhoeverEntersWhileTokensAreEndingIsEndedWithThem) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    update(record(tea), made(Visibility::private_room, tea));
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann"}, tea));
    settle();
    EXPECT_THAT(lanes[0].calls, ElementsAre("end 1: authorization_ended"));
}

TEST_F(CoreRoomsTest, AChangeThatFailsEndsNobody) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann"}, tea));
    update(record(tea), made(Visibility::private_room, tea));
    store.fail();
    turn();
    EXPECT_THAT(lanes[0].calls, IsEmpty());
    EXPECT_TRUE(core.enter(tea, 0, {.connection = 2}));
}

TEST_F(CoreRoomsTest, AChangeThatEndsNoTokensEndsNobody) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann"}, tea));
    rename(tea, "Coffee");
    settle();
    EXPECT_THAT(lanes[0].calls, IsEmpty());
}

TEST_F(CoreRoomsTest, WhereARoomBecomesPrivateAllButTheOwnerEnd) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1}, tea));
    ASSERT_TRUE(enter({.connection = 2, .token_name = "eve", .owner = true}, tea));
    update(record(tea), made(Visibility::private_room, tea));
    settle();
    EXPECT_THAT(lanes[0].calls, ElementsAre("end 1: authorization_ended"));
}

TEST_F(CoreRoomsTest, WhereARoomBecomesPublicOnlyThoseEndThatCameByARoomToken) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1}, tea));
    ASSERT_TRUE(enter({.connection = 2, .token_name = "ann"}, tea));
    ASSERT_TRUE(enter({.connection = 3, .token_name = "eve", .owner = true}, tea));
    update(record(tea), made(Visibility::public_room, tea));
    settle();
    EXPECT_THAT(lanes[0].calls, ElementsAre("end 2: authorization_ended"));
}

// --- deleting --------------------------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, ADeletedRoomIsGoneAndItsConnectionsEnd) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1, .lane = 1, .owner = true}, tea));
    join(1, "ann");
    const Answer removed = remove(record(tea));
    turn();
    EXPECT_EQ(id_of("Tea"), tea);
    EXPECT_EQ(*removed, "");
    store.commit();
    turn();
    EXPECT_EQ(*removed, "ok");
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_THAT(listed(), ElementsAre(1));
    EXPECT_THAT(lanes[1].calls, ElementsAre("extend 2: ann entered the room.\n", "end 1: room_deleted"));
    send(1, "ann", "hi");
    depart(1);
    turn();
    EXPECT_EQ(lanes[1].calls.size(), 2U);
    EXPECT_TRUE(store.batches.empty());
    EXPECT_NE(add_room("Tea"), tea) << "the title is free";
}

TEST_F(CoreRoomsTest, WhatWasOnItsWayBeforeTheDeletionStillReachesThem) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    send(1, "ann", "last words");
    turn();
    remove(record(tea));
    store.commit();
    store.commit();
    turn();
    EXPECT_THAT(lanes[0].calls, ElementsAre("extend 2: #1 ann: last words\n", "end 1: room_deleted"));
}

TEST_F(CoreRoomsTest, NoEventFollowsTheDeletionIntoTheStore) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    send(1, "ann", "a");
    turn();
    send(1, "ann", "waits");
    remove(record(tea));
    send(1, "ann", "too late", "c3");
    turn();
    EXPECT_THAT(lanes[0].take_calls(), ElementsAre("refuse 1 in 2: 505 c3"));
    store.commit();
    turn();
    EXPECT_THAT(lanes[0].take_calls(), ElementsAre("extend 2: #1 ann: a\n"));
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("delete 2"));
    store.commit();
    turn();
    EXPECT_TRUE(store.batches.empty());
    EXPECT_THAT(lanes[0].calls, ElementsAre("end 1: room_deleted"));
}

TEST_F(CoreRoomsTest, ARoomThatCouldNotBeDeletedGoesOn) {
    const RoomId tea = add_room("Tea");
    enter({1, 2}, tea);
    send(1, "ann", "waits");
    const Answer removed = remove(record(tea));
    turn();
    store.fail();
    turn();
    EXPECT_EQ(*removed, "505");
    EXPECT_EQ(id_of("Tea"), tea);
    settle();
    send(1, "ann", "and more");
    settle();
    EXPECT_EQ(read(2), "#1 ann: waits\n#2 ann: and more\n");
}

TEST_F(CoreRoomsTest, PeopleComeAndGoWhileTheRoomIsBeingDeleted) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    remove(record(tea));
    enter({2}, tea);
    join(1, "ann");
    join(2, "bob");
    depart(1);
    turn();
    EXPECT_EQ(read(2), "ann entered the room.\nbob entered the room.\nann has left the room.\n");
    lanes[0].take_calls();
    settle();
    EXPECT_THAT(lanes[0].calls, ElementsAre("end 2: room_deleted"));
}

TEST_F(CoreRoomsTest, ADeletionThatWasPutOffFindsTheRoomGone) {
    const RoomId tea = add_room("Tea");
    const Answer first = remove(record(tea));
    const Answer second = remove(record(tea));
    const Answer renamed = rename(tea, "Coffee");
    settle();
    EXPECT_EQ(*first, "ok");
    EXPECT_EQ(*second, "101");
    EXPECT_EQ(*renamed, "101");
    EXPECT_GT(add_room("Coffee"), tea);
}

TEST_F(CoreRoomsTest, ADeletionWaitsForAChangeOnItsWay) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    rename(tea, "Coffee");
    const Answer removed = remove(record(tea));
    send(1, "ann", "hi");
    turn();
    EXPECT_EQ(store.batches.size(), 2U) << "the room is not being deleted yet";
    store.fail();
    turn();
    settle();
    EXPECT_EQ(*removed, "ok");
    EXPECT_EQ(id_of("Tea"), 0U);
}

TEST_F(CoreRoomsTest, ARecoveryEndsWithItsRoom) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    send(1, "ann", "a");
    turn();
    store.lose(true);
    turn();
    remove(record(tea));
    store.commit();
    turn();
    store.answer_read();
    turn();
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_TRUE(store.batches.empty());
}

}  // namespace
}  // namespace globes::chat
