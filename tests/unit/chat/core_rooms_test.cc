// Rooms in the core: how they are created and changed while the store is slow. How they and their connections end:
// core_endings_test.cc. Participants and messages: core_test.cc.
#include <gmock/gmock.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CoreRoomsTest : public CoreHarness {
protected:
    CoreRoomsTest() { load(); }
};

using CoreLoadTest = CoreHarness;

class FullServerTest : public CoreHarness {
protected:
    FullServerTest() : CoreHarness(false, 3) {}
};

// --- at start --------------------------------------------------------------------------------------------------------

TEST_F(CoreLoadTest, ANewStoreGetsItsPublicChat) {
    load({}, 1);
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("put 1 Public Chat"));
    EXPECT_EQ(record(kPublicChatId), (RoomRecord{.id = 1,
                                                 .title = "Public Chat",
                                                 .description = "This is the default chat, available to everyone!",
                                                 .visibility = Visibility::public_room,
                                                 .salt = record(kPublicChatId).salt,
                                                 .created_at = clock.now,
                                                 .updated_at = clock.now}));
    EXPECT_TRUE(is_room_salt(record(kPublicChatId).salt));
    store.commit();
    EXPECT_EQ(store.kept[1].record, record(kPublicChatId));
    EXPECT_EQ(add_room("Tea"), 2U);
}

TEST_F(CoreLoadTest, PublicChatGetsAFreeTitleIfAnotherRoomHasIts) {
    load({{.record = {.id = 5, .title = "PUBLIC chat"}}, {.record = {.id = 6, .title = "Public Chat 2"}}}, 7);
    settle();
    EXPECT_EQ(record(kPublicChatId).title, "Public Chat 3");
    EXPECT_EQ(store.kept[1].record.title, "Public Chat 3");
    EXPECT_EQ(id_of("Public Chat"), 5);
}

TEST_F(CoreLoadTest, PublicChatAcceptsMessagesWhileItsFirstPutIsInFlight) {
    load({}, 1);
    enter({1});
    send(1, "ann", "hi");
    settle();
    EXPECT_EQ(read(1), "#1 ann: hi\n");
}

TEST_F(CoreLoadTest, PublicChatWorksWhenTheStoreWorks) {
    load({}, 1);
    store.fail();
    run_batch();
    enter({1});
    send(1, "ann", "a", "c1");
    run_batch();
    store.fail();
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c1"));
    send(1, "ann", "b");
    settle();
    EXPECT_EQ(read(1), "#1 ann: b\n");
    EXPECT_EQ(store.kept[1].record, record(kPublicChatId));
    send(1, "ann", "c");
    run_batch();
    EXPECT_THAT(store.written(0), ElementsAre("1#2 c")) << "it was put once";
}

TEST_F(CoreLoadTest, AStoreWithoutPublicChatGetsItAtTheNextStart) {
    load({{.record = {.id = 2, .title = "Tea"}, .last_seq = 0}}, 3);
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("put 1 Public Chat"));
    settle();
    EXPECT_THAT(listed(), ElementsAre(1, 2));
    EXPECT_EQ(add_room("Coffee"), 3U);
}

TEST_F(CoreLoadTest, LoadsTheStoredRooms) {
    load({{.record = {.id = 1, .title = "Public Chat"}, .last_seq = 3},
          {.record = {.id = 5, .title = "Tea", .visibility = Visibility::private_room, .token_epoch = 4},
           .last_seq = 17},
          {.record = {.id = kFirstRandomRoomId + 9, .title = "Secret", .visibility = Visibility::hidden_room},
           .last_seq = 0}},
         30);
    EXPECT_TRUE(store.batches.empty()) << "the store is not new";
    EXPECT_EQ(id_of("TEA"), 5U);
    EXPECT_EQ(id_of("secret"), kFirstRandomRoomId + 9);
    EXPECT_THAT(listed(), ElementsAre(1, 5));
    EXPECT_EQ(*create("tea"), "102 title");
    EXPECT_EQ(core.enter(5, {.room = 0}, {.connection = 1}).error().code, ErrorCode::invalid_token);
    enter({1}, 5);
    send(1, "ann", "hi");
    run_batch();
    EXPECT_THAT(store.written(0), ElementsAre("5#18 hi"));
}

TEST_F(CoreLoadTest, CountsIdsFromTheStoredNextIdAndNotFromTheRooms) {
    load({{.record = {.id = 1, .title = "Public Chat"}, .last_seq = 0}}, 30);
    EXPECT_EQ(add_room("Tea"), 30U);
}

// --- a full server ---------------------------------------------------------------------------------------------------

constexpr auto kFull = "505: The server has as many rooms as it may have.";

TEST_F(FullServerTest, CreatesNoRoomBeyondTheLimit) {
    load();
    add_room("Tea");
    add_room("Coffee", Visibility::hidden_room);
    EXPECT_EQ(*create("Milk"), kFull);
    EXPECT_EQ(*create("tea"), "102 title") << "which no wait would change";
    EXPECT_EQ(core.admin().may_create({.title = "Milk"}).error().code, ErrorCode::unavailable);
    EXPECT_EQ(core.counts().rooms_refused.value(), 1U) << "as of the last batch";
    core.end_batch();
    EXPECT_EQ(core.counts().rooms_refused.value(), 2U);
    EXPECT_TRUE(store.batches.empty());
    const Answer removed = remove(record(id_of("Tea")));
    EXPECT_EQ(*create("Milk"), kFull) << "the deletion is not stored yet";
    settle();
    EXPECT_EQ(*removed, "ok");
    EXPECT_EQ(add_room("Milk"), 3U);
}

TEST_F(FullServerTest, CountsRoomsThatAreNotStoredYet) {
    load();
    const Answer tea = create("Tea");
    const Answer coffee = create("Coffee");
    EXPECT_EQ(*create("Milk"), kFull);
    store.fail();
    store.commit();
    run_batch();
    EXPECT_EQ(*tea, "505");
    EXPECT_EQ(*coffee, "ok");
    EXPECT_EQ(add_room("Milk"), 4U);
}

TEST_F(FullServerTest, KeepsTheRoomsThatItHas) {
    std::vector<StoredRoom> rooms;
    for (RoomId id = 1; id <= 5; ++id) rooms.push_back({.record = {.id = id, .title = fmt::format("Room {}", id)}});
    load(std::move(rooms), 6);
    EXPECT_EQ(listed().size(), 5U);
    enter({1}, 5);
    send(1, "ann", "hi");
    const Answer renamed = rename(5, "Tea");
    settle();
    EXPECT_EQ(read(1), "#1 ann: hi\n");
    EXPECT_EQ(*renamed, "ok");
    EXPECT_EQ(*create("Milk"), kFull);
}

// --- a low disk ------------------------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, ALowDiskRefusesSendsAndRoomChangesAndNothingElse) {
    constexpr auto kLow = "505: The server has too little free disk space. Try again later.";
    const RoomId tea = add_room("Tea");
    enter({1, 2});
    join(1, "ann");
    send(1, "ann", "before");
    settle();
    io_threads[0].take_calls();
    core.set_disk_low(true);
    send(1, "ann", "hi", "c1");
    EXPECT_EQ(*create("Milk"), kLow);
    EXPECT_EQ(*rename(tea, "Coffee"), kLow);
    EXPECT_EQ(core.admin().may_create({.title = "Milk"}).error(), kDiskLow);
    EXPECT_THAT(io_threads[0].take_calls(), testing::Contains("refuse 1 in 1: 505 c1"));
    EXPECT_TRUE(store.batches.empty());

    join(2, "bob");
    leave(1, "ann");
    const Answer removed = remove(record(tea));
    settle();
    EXPECT_EQ(*removed, "ok");
    EXPECT_EQ(read(2), "ann entered the room.\n#1 ann: before\nbob entered the room.\nann has left the room.\n");

    core.set_disk_low(false);
    send(2, "bob", "hi", "c1");
    settle();
    EXPECT_THAT(read(2), testing::EndsWith("#2 bob: hi\n"));
    add_room("Milk");
}

// --- creating --------------------------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, ARoomExistsWhenItIsStored) {
    clock.now = 77;
    const Answer answer = create("Tea");
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_EQ(*answer, "");
    store.commit();
    run_batch();
    EXPECT_EQ(*answer, "ok");
    EXPECT_EQ(record(2),
              (RoomRecord{.id = 2, .title = "Tea", .salt = record(2).salt, .created_at = 77, .updated_at = 77}));
    EXPECT_EQ(store.kept[2].record, record(2));
    EXPECT_EQ(id_of("TEA"), 2U);
}

TEST_F(CoreRoomsTest, EveryRoomGetsASaltOfItsOwnAndKeepsIt) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    const RoomId secret = add_room("Secret", Visibility::hidden_room);
    const std::string salt = record(tea).salt;
    EXPECT_TRUE(is_room_salt(salt));
    EXPECT_TRUE(is_room_salt(record(secret).salt));
    EXPECT_NE(record(secret).salt, salt);
    rename(tea, "Coffee");
    settle();
    update(record(tea), made(Visibility::public_room, tea));
    settle();
    update(record(tea), without_owners(tea));
    settle();
    EXPECT_EQ(record(tea).salt, salt);
    EXPECT_EQ(record(tea).old_keys_until, 0);
    EXPECT_EQ(store.kept[tea].record, record(tea));
}

TEST_F(CoreRoomsTest, ATitleOfAnotherRoomIsRefusedInAnyCase) {
    EXPECT_EQ(*create("public CHAT"), "102 title");
    EXPECT_TRUE(store.batches.empty());
    EXPECT_EQ(add_room("Tea"), 2U) << "and no id was used";
}

TEST_F(CoreRoomsTest, OfTwoRoomsInFlightWithTheSameTitleTheFirstGetsIt) {
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
    run_batch();
    EXPECT_EQ(*first, "505");
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_THAT(listed(), ElementsAre(1));
    EXPECT_GT(add_room("Tea"), 1U);
}

TEST_F(CoreRoomsTest, IdsAreNeverUsedAgain) {
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
    EXPECT_EQ(add_room("Tea"), 2U) << "the hidden room used no counted id";
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

TEST_F(CoreRoomsTest, TheListIsSortedById) {
    for (const char* title : {"b", "a", "d"}) add_room(title);
    EXPECT_THAT(listed(), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(listed(0, 3), ElementsAre(1, 2, 3));
    EXPECT_THAT(listed(2, 1), ElementsAre(3));
    EXPECT_THAT(listed(4), IsEmpty());
}

// --- changing --------------------------------------------------------------------------------------------------------

TEST_F(CoreRoomsTest, AChangeIsVisibleWhenItIsStored) {
    const RoomId tea = add_room("Tea");
    const RoomRecord before = record(tea);
    RoomRecord next = before;
    next.description = "Green";
    clock.now += 5;
    const Answer answer = update(before, next);
    EXPECT_EQ(record(tea), before);
    store.commit();
    run_batch();
    EXPECT_EQ(*answer, "ok");
    next.updated_at = clock.now;
    EXPECT_EQ(record(tea), next);
    EXPECT_EQ(store.kept[tea].record, next);
}

TEST_F(CoreRoomsTest, ARoomThatDoesNotExistCannotBeChangedOrDeleted) {
    EXPECT_EQ(*update({.id = 9}, {.id = 9}), "101");
    EXPECT_EQ(*remove({.id = 9}), "101");
}

TEST_F(CoreRoomsTest, ARenameClaimsTheNewTitleAtOnceAndFreesTheOldOneWhenItIsStored) {
    const RoomId tea = add_room("Tea");
    const Answer renamed = rename(tea, "Coffee");
    EXPECT_EQ(*create("coffee"), "102 title");
    EXPECT_EQ(*create("tea"), "102 title");
    EXPECT_EQ(id_of("Tea"), tea);
    store.commit();
    run_batch();
    EXPECT_EQ(*renamed, "ok");
    EXPECT_EQ(id_of("Coffee"), tea);
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_NE(add_room("Tea"), tea);
}

TEST_F(CoreRoomsTest, AFailedRenameFreesTheNewTitleAndKeepsTheOldOne) {
    const RoomId tea = add_room("Tea");
    const Answer renamed = rename(tea, "Coffee");
    store.fail();
    run_batch();
    EXPECT_EQ(*renamed, "505");
    EXPECT_EQ(id_of("Tea"), tea);
    EXPECT_EQ(*create("Tea"), "102 title");
    EXPECT_NE(add_room("Coffee"), tea);
}

TEST_F(CoreRoomsTest, AFailedChangeKeepsTheTitle) {
    const RoomId tea = add_room("Tea");
    rename(tea, "TEA");
    store.fail();
    run_batch();
    EXPECT_EQ(record(tea).title, "Tea");
    EXPECT_EQ(*create("tea"), "102 title");
}

TEST_F(CoreRoomsTest, ATitleThatIsUsedOrInFlightIsRefused) {
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
    EXPECT_EQ(*rename(tea, "Coffee"), "102 title") << "the old title becomes free when the change is stored";
    settle();
    EXPECT_EQ(*away, "ok");
    rename(tea, "Coffee");
    settle();
    EXPECT_EQ(id_of("Coffee"), tea);
    EXPECT_EQ(id_of("Water"), coffee);
}

TEST_F(CoreRoomsTest, ChangesOfOneRoomRunOneAfterAnother) {
    const RoomId tea = add_room("Tea");
    const RoomRecord base = record(tea);
    const Answer first = rename(tea, "Coffee");
    const Answer second = rename(tea, "Water");
    const Answer third = remove(base);
    EXPECT_EQ(store.batches.size(), 1U);
    store.commit();
    run_batch();
    EXPECT_EQ(*first, "ok");
    EXPECT_EQ(*second, "changed");
    EXPECT_EQ(*third, "changed");
    EXPECT_TRUE(store.batches.empty());
    EXPECT_EQ(*create("Water"), "") << "a change that was not made claims no title";
}

TEST_F(CoreRoomsTest, ADelayedChangeIsMadeIfTheOneBeforeItFailed) {
    const RoomId tea = add_room("Tea");
    const Answer first = rename(tea, "Coffee");
    const Answer second = rename(tea, "Coffee");
    const Answer third = rename(tea, "Water");
    store.fail();
    run_batch();
    EXPECT_EQ(*first, "505");
    EXPECT_EQ(*second, "");
    settle();
    EXPECT_EQ(*second, "ok");
    EXPECT_EQ(*third, "changed");
    EXPECT_EQ(id_of("Coffee"), tea);
}

TEST_F(CoreRoomsTest, AChangeOfAnOutdatedRecordIsNotMade) {
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

TEST_F(CoreRoomsTest, DifferentRoomsChangeInParallel) {
    const RoomId tea = add_room("Tea");
    const RoomId coffee = add_room("Coffee");
    rename(tea, "Green tea");
    rename(coffee, "Espresso");
    EXPECT_EQ(store.batches.size(), 2U);
}

TEST_F(CoreRoomsTest, MessagesContinueWhileTheRoomChanges) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    rename(tea, "Coffee");
    send(1, "ann", "hi");
    settle();
    EXPECT_EQ(read(1), "#1 ann: hi\n");
}

}  // namespace
}  // namespace globes::chat
