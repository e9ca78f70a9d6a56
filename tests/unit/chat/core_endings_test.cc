// How connections end when their authorization ends or their room is deleted, while the store is slow.
#include <gmock/gmock.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CoreEndingsTest : public CoreHarness {
protected:
    CoreEndingsTest() { load(); }
};

// --- authorization that ends -----------------------------------------------------------------------------------------

TEST_F(CoreEndingsTest, AChangeThatEndsTokensEndsTheirConnectionsToo) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .io_thread = 0, .token_name = "ann"}, tea));
    ASSERT_TRUE(enter({.connection = 2, .io_thread = 1, .token_name = "bob"}, tea));
    ASSERT_TRUE(enter({.connection = 3, .io_thread = 0, .token_name = "eve", .owner = true}, tea));
    join(1, "ann");
    join(2, "bob");
    run_batch();
    io_threads[0].take_calls();
    io_threads[1].take_calls();
    send(3, "eve", "you go");
    run_batch();

    update(record(tea), made(Visibility::private_room, tea));
    store.commit();
    store.commit();
    run_batch();
    EXPECT_THAT(io_threads[1].calls, ElementsAre("extend 2: #1 eve: you go\n", "end 2: authorization_ended"));
    ASSERT_EQ(io_threads[0].calls.size(), 3U);
    EXPECT_EQ(io_threads[0].calls[0], "extend 2: #1 eve: you go\n") << "earlier messages still reach them";
    EXPECT_EQ(io_threads[0].calls[1], "end 1: authorization_ended");
    EXPECT_THAT(io_threads[0].calls[2], testing::HasSubstr("ann has left the room.\n"));
    EXPECT_THAT(io_threads[0].calls[2], testing::HasSubstr("bob has left the room.\n"));

    io_threads[0].take_calls();
    join(1, "ann");
    depart(1);
    run_batch();
    EXPECT_THAT(io_threads[0].calls, IsEmpty()) << "the ended connection was removed once";
    EXPECT_EQ(core.enter(tea, {.room = 0}, {.connection = 4}).error().code, ErrorCode::invalid_token);
    EXPECT_TRUE(core.enter(tea, {.room = 1}, {.connection = 5}));
}

TEST_F(CoreEndingsTest, AConnectionThatEntersWhileTokensAreEndingIsEndedWithThem) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    update(record(tea), made(Visibility::private_room, tea));
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann"}, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 1: authorization_ended"));
}

TEST_F(CoreEndingsTest, AFailedChangeEndsNoConnection) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann"}, tea));
    update(record(tea), made(Visibility::private_room, tea));
    store.fail();
    run_batch();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
    EXPECT_TRUE(core.enter(tea, {}, {.connection = 2}));
}

TEST_F(CoreEndingsTest, AChangeThatEndsNoTokensEndsNoConnection) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann"}, tea));
    rename(tea, "Coffee");
    settle();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
}

TEST_F(CoreEndingsTest, WhenARoomBecomesPrivateAllConnectionsButTheOwnersEnd) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1}, tea));
    ASSERT_TRUE(enter({.connection = 2, .token_name = "eve", .owner = true}, tea));
    update(record(tea), made(Visibility::private_room, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 1: authorization_ended"));
}

TEST_F(CoreEndingsTest, WhenARoomBecomesPublicOnlyConnectionsWithARoomTokenEnd) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1}, tea));
    ASSERT_TRUE(enter({.connection = 2, .token_name = "ann"}, tea));
    ASSERT_TRUE(enter({.connection = 3, .token_name = "eve", .owner = true}, tea));
    update(record(tea), made(Visibility::public_room, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 2: authorization_ended"));
}

TEST_F(CoreEndingsTest, WhenOwnersTokensEndTheirConnectionsInAPrivateRoomEndToo) {
    for (const Visibility visibility : {Visibility::private_room, Visibility::hidden_room}) {
        const RoomId tea = add_room(visibility == Visibility::private_room ? "Tea" : "Hidden tea", visibility);
        ASSERT_TRUE(enter({.connection = tea + 1, .token_name = "ann"}, tea));
        ASSERT_TRUE(enter({.connection = tea + 2, .token_name = "eve", .owner = true}, tea));
        const Answer ended = update(record(tea), without_owners(tea));
        EXPECT_THAT(io_threads[0].calls, IsEmpty()) << "not before the change is stored";
        settle();
        EXPECT_EQ(*ended, "ok");
        EXPECT_THAT(io_threads[0].take_calls(), ElementsAre(fmt::format("end {}: authorization_ended", tea + 2)));
        EXPECT_EQ(core.enter(tea, {.owner = 0}, {.connection = 90, .owner = true}).error(),
                  (Error{ErrorCode::invalid_token, "token"}));
        EXPECT_TRUE(core.enter(tea, {.owner = 0}, {.connection = tea + 3})) << "with a room token";
        EXPECT_TRUE(core.enter(tea, {.owner = 1}, {.connection = tea + 4, .owner = true}));
    }
}

TEST_F(CoreEndingsTest, AnOwnersConnectionThatEntersWhileOwnersTokensAreEndingIsEndedWithThem) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    update(record(tea), without_owners(tea));
    ASSERT_TRUE(enter({.connection = 1, .token_name = "eve", .owner = true}, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 1: authorization_ended"));
}

TEST_F(CoreEndingsTest, WhenOwnersTokensEndInAPublicRoomTheirConnectionsStayAsAnyOther) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1, .token_name = "eve", .owner = true}, tea));
    update(record(tea), without_owners(tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
    ASSERT_TRUE(enter({.connection = 2, .token_name = "ida", .owner = true}, tea));
    update(record(tea), made(Visibility::private_room, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 1: authorization_ended")) << "the room is private now";
}

TEST_F(CoreEndingsTest, AnEndedOwnersTokenDoesNotTakeOverTheConnectionThatHasEnteredWithIt) {
    const RoomId tea = add_room("Tea");
    const Entry owner{.connection = 1, .token_name = "eve", .owner = true, .resumes = true, .token = "T"};
    ASSERT_TRUE(enter(owner, tea));
    join(1, "eve");
    update(record(tea), without_owners(tea));
    settle();
    io_threads[0].calls.clear();
    ASSERT_TRUE(enter({.connection = 2, .resumes = true, .earlier_session = "T"}, tea));
    ASSERT_TRUE(enter({.connection = 3, .token_name = "eve", .owner = true, .resumes = true, .token = "T"}, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
}

TEST_F(CoreEndingsTest, ATokenDoesNotCountAsASession) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(enter({.connection = 1, .token_name = "ann", .resumes = true, .session = "S", .token = "T"}, tea));
    join(1, "ann");
    settle();
    io_threads[0].calls.clear();
    ASSERT_TRUE(enter({.connection = 2, .token_name = "ann", .resumes = true, .earlier_session = "T"}, tea));
    ASSERT_TRUE(enter({.connection = 3, .token_name = "ann", .resumes = true, .token = "S"}, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
    ASSERT_TRUE(enter({.connection = 4, .token_name = "ann", .resumes = true, .token = "T"}, tea));
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 1: replaced"));
}

TEST_F(CoreEndingsTest, OwnersTokensEndOnceIfTwoRequestsEndThemAtTheSameTime) {
    const RoomId tea = add_room("Tea", Visibility::private_room);
    const RoomRecord base = record(tea);
    const Answer first = update(base, without_owners(tea));
    const Answer second = update(base, without_owners(tea));
    const Answer renamed = rename(tea, "Coffee");
    settle();
    EXPECT_EQ(*first, "ok");
    EXPECT_EQ(*second, "changed") << "the handler verifies the token again";
    EXPECT_EQ(*renamed, "changed");
    EXPECT_EQ(record(tea).owner_epoch, 1U);
}

// --- deleting --------------------------------------------------------------------------------------------------------

TEST_F(CoreEndingsTest, ADeletedRoomDoesNotExistAndItsConnectionsEnd) {
    const RoomId tea = add_room("Tea");
    ASSERT_TRUE(enter({.connection = 1, .io_thread = 1, .owner = true}, tea));
    join(1, "ann");
    const Answer removed = remove(record(tea));
    run_batch();
    EXPECT_EQ(id_of("Tea"), tea);
    EXPECT_EQ(*removed, "");
    store.commit();
    run_batch();
    EXPECT_EQ(*removed, "ok");
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_THAT(listed(), ElementsAre(1));
    EXPECT_THAT(io_threads[1].calls, ElementsAre("extend 2: ann entered the room.\n", "end 1: room_deleted"));
    send(1, "ann", "hi");
    depart(1);
    run_batch();
    EXPECT_EQ(io_threads[1].calls.size(), 2U);
    EXPECT_TRUE(store.batches.empty());
    EXPECT_NE(add_room("Tea"), tea) << "the title is free";
}

TEST_F(CoreEndingsTest, EventsFromBeforeTheDeletionStillReachThem) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    send(1, "ann", "last words");
    run_batch();
    remove(record(tea));
    store.commit();
    store.commit();
    run_batch();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("extend 2: #1 ann: last words\n", "end 1: room_deleted"));
}

TEST_F(CoreEndingsTest, NoEventIsStoredAfterTheDeletion) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    send(1, "ann", "a");
    run_batch();
    send(1, "ann", "waits");
    remove(record(tea));
    send(1, "ann", "too late", "c3");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 2: 505 c3"));
    store.commit();
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 2: #1 ann: a\n"));
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("delete 2"));
    store.commit();
    run_batch();
    EXPECT_TRUE(store.batches.empty());
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 1: room_deleted"));
}

TEST_F(CoreEndingsTest, ARoomThatCouldNotBeDeletedContinues) {
    const RoomId tea = add_room("Tea");
    enter({1, 2}, tea);
    send(1, "ann", "first");
    run_batch();
    send(1, "ann", "waits");
    const Answer removed = remove(record(tea));
    store.commit();
    run_batch();
    ASSERT_EQ(store.batches.size(), 1U) << "only the deletion";
    store.fail();
    run_batch();
    EXPECT_EQ(*removed, "505");
    EXPECT_EQ(id_of("Tea"), tea);
    ASSERT_EQ(store.batches.size(), 1U) << "the waiting events are sent at once";
    settle();
    send(1, "ann", "and more");
    settle();
    EXPECT_EQ(read(2), "#1 ann: first\n#2 ann: waits\n#3 ann: and more\n");
}

TEST_F(CoreEndingsTest, ParticipantsEnterAndLeaveWhileTheRoomIsBeingDeleted) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    remove(record(tea));
    enter({2}, tea);
    join(1, "ann");
    join(2, "bob");
    depart(1);
    run_batch();
    EXPECT_EQ(read(2), "ann entered the room.\nbob entered the room.\nann has left the room.\n");
    io_threads[0].take_calls();
    settle();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("end 2: room_deleted"));
}

TEST_F(CoreEndingsTest, ADelayedDeletionFindsNoRoom) {
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

TEST_F(CoreEndingsTest, ADeletionWaitsForAChangeInFlight) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    rename(tea, "Coffee");
    const Answer removed = remove(record(tea));
    send(1, "ann", "hi");
    run_batch();
    EXPECT_EQ(store.batches.size(), 2U) << "the room is not being deleted yet";
    store.fail();
    run_batch();
    settle();
    EXPECT_EQ(*removed, "ok");
    EXPECT_EQ(id_of("Tea"), 0U);
}

TEST_F(CoreEndingsTest, ARecoveryEndsWithItsRoom) {
    const RoomId tea = add_room("Tea");
    enter({1}, tea);
    send(1, "ann", "a");
    run_batch();
    store.answer_unknown(true);
    run_batch();
    remove(record(tea));
    store.commit();
    run_batch();
    store.answer_read();
    run_batch();
    EXPECT_EQ(id_of("Tea"), 0U);
    EXPECT_TRUE(store.batches.empty());
}

}  // namespace
}  // namespace globes::chat
