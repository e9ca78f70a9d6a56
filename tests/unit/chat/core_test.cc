// Participants and their events: from a command to the store, the log and the I/O threads. Rooms themselves:
// core_rooms_test.cc.
#include "chat/core.h"

#include <gmock/gmock.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CoreTest : public CoreHarness {
protected:
    CoreTest() { load(); }
};

// --- entering --------------------------------------------------------------------------------------------------------

TEST_F(CoreTest, ARoomThatDoesNotExistCannotBeEntered) {
    EXPECT_EQ(enter(Entry{.connection = 1}, 9).error(), Error{ErrorCode::room_not_found});
}

TEST_F(CoreTest, AnOutdatedTokenDoesNotAdmit) {
    for (const std::uint64_t epoch : {1U, 7U})
        EXPECT_EQ(core.enter(kPublicChatId, {.room = epoch}, {.connection = 1}).error(),
                  (Error{ErrorCode::invalid_token, "token"}));
    EXPECT_THAT(core.find({.id = kPublicChatId, .folded_title = {}})->participants().connections(), IsEmpty());
    EXPECT_TRUE(core.enter(kPublicChatId, {}, {.connection = 1}));
}

TEST_F(CoreTest, TheLivePositionIsTheEndOfTheLogOnEntering) {
    enter({1});
    join(1, "ann");
    enter({2});
    join(2, "bob");
    run_batch();
    EXPECT_EQ(read(1), "ann entered the room.\nbob entered the room.\n");
    EXPECT_EQ(read(2), "bob entered the room.\n");
}

TEST_F(CoreTest, UsersAreParticipantsWithANameInOrderOfArrival) {
    enter({1, 2, 3});
    join(2, "zoe");
    join(1, "ann");
    const RoomView view = core.find(RoomKey::of("1"))->view();
    ASSERT_EQ(view.users.size(), 2U);
    EXPECT_EQ(view.users[0].username, "zoe");
    EXPECT_EQ(view.users[1].username, "ann");
    EXPECT_EQ(view.users[1].last_activity, clock.now);
    EXPECT_EQ(view.online, 2U);
    EXPECT_EQ(core.list(0, 10).at(0).online, 2U);
    EXPECT_THAT(core.list(0, 10).at(0).users, IsEmpty());
}

TEST_F(CoreTest, UsersOfAProtectedRoomAreNotCopiedBeforeATokenIsVerified) {
    for (const Visibility visibility : {Visibility::private_room, Visibility::hidden_room}) {
        const RoomId room = add_room(std::string(visibility_text(visibility)) + " room", visibility);
        const RoomKey key{.id = room, .folded_title = {}};
        const ConnectionId connection = room;
        enter({connection}, room);
        join(connection, "zoe");
        const std::uint64_t epoch = record(room).token_epoch;
        EXPECT_THAT(core.view(key, std::nullopt)->users, IsEmpty());
        EXPECT_EQ(core.view(key, std::nullopt)->online, 1U);
        EXPECT_THAT(core.view(key, epoch + 1)->users, IsEmpty()) << "the token was of another password";
        EXPECT_EQ(core.view(key, epoch)->users.size(), 1U);
    }
    enter({1});
    join(1, "ann");
    EXPECT_EQ(core.view(RoomKey::of("1"), std::nullopt)->users.size(), 1U);
    EXPECT_FALSE(core.view(RoomKey::of("4711"), std::nullopt));
}

TEST_F(CoreTest, ALargeRoomListsTwoHundredUsersAndCountsAllOfThem) {
    constexpr ConnectionId kMembers = kMaxListedUsers + 50;
    for (ConnectionId connection = 1; connection <= kMembers; ++connection) {
        enter({connection});
        join(connection, fmt::format("member {}", connection));
    }
    const RoomView view = core.find(RoomKey::of("1"))->view();
    ASSERT_EQ(view.users.size(), 200U);
    EXPECT_EQ(view.users.back().username, "member 200");
    EXPECT_EQ(view.online, kMembers);

    const auto entered = enter({.connection = kMembers + 1, .resumes = true, .session = "s"});
    ASSERT_TRUE(entered);
    ASSERT_EQ(entered->users.size(), 200U);
    EXPECT_EQ(entered->users.front().username, "member 1");
    EXPECT_EQ(entered->online, kMembers);
}

TEST_F(CoreTest, AClientThatTakesOverAMemberOfALargeRoomIsListedInItsWelcome) {
    for (ConnectionId connection = 1; connection <= kMaxListedUsers; ++connection) {
        enter({connection});
        join(connection, fmt::format("member {}", connection));
    }
    enter({.connection = 1'001, .resumes = true, .session = "s1"});
    join(1'001, "zoe");
    const auto entered = enter({.connection = 1'002, .resumes = true, .session = "s2", .earlier_session = "s1"});
    ASSERT_TRUE(entered);
    ASSERT_EQ(entered->users.size(), 200U);
    EXPECT_EQ(entered->users.at(198).username, "member 199");
    EXPECT_EQ(entered->users.back().username, "zoe");
    EXPECT_EQ(entered->online, 201U);
}

// --- invalid events --------------------------------------------------------------------------------------------------

TEST_F(CoreTest, AnErrorGoesOnlyToItsSenderThroughItsIoThread) {
    enter({1});
    ASSERT_TRUE(enter(Entry{.connection = 2, .io_thread = 1}));
    join(1, "ann");
    run_batch();
    io_threads[0].take_calls();
    io_threads[1].take_calls();
    leave(2, "bob", "c1");
    join(2, "ANN", "c2");
    send(2, "Ann", "hi", "c3");
    join(2, "bob");
    leave(2, "rob", "c4");
    run_batch();
    EXPECT_THAT(io_threads[1].calls,
                ElementsAre("refuse 2 in 1: 201 name c1", "refuse 2 in 1: 202 name c2", "refuse 2 in 1: 202 name c3",
                            "extend 1: bob entered the room.\n", "refuse 2 in 1: 204 name c4"));
    EXPECT_THAT(io_threads[1].refused_names, ElementsAre("bob", "ANN", "Ann", "rob"));
    EXPECT_THAT(io_threads[0].calls, ElementsAre("extend 1: bob entered the room.\n"));
    EXPECT_TRUE(store.batches.empty());
}

TEST_F(CoreTest, EventsInARoomThatDoesNotExistAreIgnored) {
    core.handle(9, 0, 1, {EventKind::send, "ann", "", "hi", ""});
    core.depart(9, 1);
    run_batch();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
}

// --- delivered implies stored ----------------------------------------------------------------------------------------

TEST_F(CoreTest, ASendIsNotVisibleBeforeItIsStored) {
    enter({1, 2});
    send(1, "ann", "hi");
    EXPECT_TRUE(store.batches.empty()) << "the batch has not ended";
    run_batch();
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("1#1 hi"));
    EXPECT_EQ(read(2), "");
    store.commit();
    EXPECT_EQ(read(2), "") << "the store's thread does not call the core";
    run_batch();
    EXPECT_EQ(read(1), "#1 ann: hi\n");
    EXPECT_EQ(read(2), "#1 ann: hi\n");
}

TEST_F(CoreTest, TheCommandsOfABatchAreOneBatchOfTheStore) {
    ASSERT_EQ(add_room("Tea"), 2U);
    enter({1}, 1);
    enter({2}, 2);
    send(1, "ann", "a");
    send(2, "bob", "b");
    send(1, "ann", "c");
    run_batch();
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), testing::UnorderedElementsAre("1#1 a", "1#2 c", "2#1 b"));
}

TEST_F(CoreTest, ARoomWaitsForItsAnswerAndOtherRoomsDoNot) {
    ASSERT_EQ(add_room("Tea"), 2U);
    enter({1}, 1);
    enter({2}, 2);
    send(1, "ann", "a");
    run_batch();
    send(1, "ann", "b");
    send(2, "bob", "c");
    run_batch();
    ASSERT_EQ(store.batches.size(), 2U);
    EXPECT_THAT(store.written(1), ElementsAre("2#1 c"));
    store.commit();
    store.commit();
    run_batch();
    EXPECT_EQ(read(1), "#1 ann: a\n");
    EXPECT_EQ(read(2), "#1 bob: c\n");
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_THAT(store.written(0), ElementsAre("1#2 b"));
}

// --- failures --------------------------------------------------------------------------------------------------------

TEST_F(CoreTest, AFailedBatchIsRefusedToEachSenderOnceAndNotDelivered) {
    enter({1, 2, 3});
    send(1, "ann", "a", "c1");
    send(2, "bob", "b");
    run_batch();
    send(3, "cat", "c", "c3");
    store.fail();
    run_batch();
    EXPECT_THAT(io_threads[0].calls,
                ElementsAre("refuse 1 in 1: 505 c1", "refuse 2 in 1: 505", "refuse 3 in 1: 505 c3"));
    EXPECT_THAT(io_threads[0].refused_names, ElementsAre("ann", "bob", "cat"));
    EXPECT_TRUE(store.batches.empty());
    send(1, "ann", "again");
    settle();
    EXPECT_EQ(read(3), "#1 ann: again\n") << "the disk works again, and there is no gap";
}

TEST_F(CoreTest, ASenderThatHasLeftGetsNoAnswer) {
    enter({1, 2});
    send(1, "ann", "a", "c1");
    run_batch();
    depart(1);
    store.fail();
    run_batch();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("extend 1: ann has left the room.\n"));
}

TEST_F(CoreTest, AfterAnUnknownOutcomeTheCoreReadsTheStoredEvents) {
    enter({1});
    send(1, "ann", "a", "c1");
    settle();
    send(1, "ann", "b", "c2");
    run_batch();
    io_threads[0].take_calls();
    store.answer_unknown(true);
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c2"));
    ASSERT_EQ(store.reads.size(), 1U);
    EXPECT_EQ(store.reads[0].query.room, 1U);
    EXPECT_EQ(store.reads[0].query.after, 1U);
    EXPECT_EQ(store.reads[0].query.before, 0U);

    send(1, "ann", "too early", "c3");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c3"));
    EXPECT_TRUE(store.batches.empty());
    EXPECT_EQ(store.reads.size(), 1U) << "one read at a time";

    store.answer_read();
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 1: #2 ann: b\n"));
    send(1, "ann", "c");
    settle();
    EXPECT_EQ(read(1), "#1 ann: a\n#2 ann: b\n#3 ann: c\n");
}

TEST_F(CoreTest, ALostSendLeavesNoGap) {
    enter({1});
    send(1, "ann", "a");
    run_batch();
    store.answer_unknown(false);
    run_batch();
    store.answer_read();
    run_batch();
    send(1, "ann", "b");
    settle();
    EXPECT_EQ(read(1), "#1 ann: b\n");
}

TEST_F(CoreTest, AFailedReadIsTriedAgainAtTheNextEvent) {
    enter({1});
    send(1, "ann", "a");
    run_batch();
    store.answer_unknown(true);
    run_batch();
    store.answer_read(false);
    run_batch();
    EXPECT_TRUE(store.reads.empty());
    send(1, "ann", "b", "c2");
    run_batch();
    EXPECT_EQ(io_threads[0].calls.back(), "refuse 1 in 1: 505 c2");
    ASSERT_EQ(store.reads.size(), 1U);
    store.answer_read();
    run_batch();
    send(1, "ann", "c");
    settle();
    EXPECT_EQ(read(1), "#1 ann: a\n#2 ann: c\n");
}

TEST_F(CoreTest, AReplyComesBetweenEarlierAndLaterEvents) {
    enter({1});
    run_batch();
    io_threads[0].take_calls();
    join(1, "ann");
    core.reply(0, [] {});
    leave(1, "ann");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(),
                ElementsAre("extend 1: ann entered the room.\n", "run", "extend 1: ann has left the room.\n"));
}

TEST_F(CoreTest, TheWelcomeToALargeRoomCountsTheMembersOfTheLog) {
    constexpr ConnectionId kMembers = kMaxListedUsers + 10;
    for (ConnectionId connection = 1; connection <= kMembers; ++connection) {
        enter({connection});
        join(connection, fmt::format("user {}", connection));
    }
    const auto welcomed = [&](ConnectionId connection) {
        return enter(Entry{.connection = connection, .resumes = true})->online;
    };
    EXPECT_EQ(welcomed(kMembers + 1), kMembers);
    send(1, "user 1", "not stored yet");
    join(kMembers + 1, "new");
    EXPECT_EQ(welcomed(kMembers + 2), kMembers) << "the join follows";
    leave(2, "user 2");
    depart(3);
    EXPECT_EQ(welcomed(kMembers + 3), kMembers) << "two leaves follow too";
    settle();
    EXPECT_EQ(welcomed(kMembers + 4), kMembers - 1);
}

TEST_F(CoreTest, ASendIsRefusedIfTheStoreThrows) {
    enter({1});
    store.throws = 1;  // at the lookup of the id
    send(1, "ann", "a", "c1");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c1"));
    store.throws = 2;  // at the append, and at the read of what is stored
    send(1, "ann", "b");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505"));
    send(1, "ann", "c", "c3");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c3"));
    store.answer_read();
    run_batch();
    send(1, "ann", "d");
    settle();
    EXPECT_EQ(read(1), "#1 ann: d\n");
    EXPECT_EQ(core.counts().in_flight.value(), 0U);
}

TEST_F(CoreTest, OtherRoomsDoNotWaitForARecovery) {
    ASSERT_EQ(add_room("Tea"), 2U);
    enter({1}, 1);
    enter({2}, 2);
    send(1, "ann", "a");
    run_batch();
    store.answer_unknown(true);
    run_batch();
    send(2, "bob", "b");
    settle();
    EXPECT_EQ(read(2), "#1 bob: b\n");
}

TEST_F(CoreTest, TheEventsThatWaitInARoomAreBounded) {
    enter({1, 2});
    for (int i = 0; i < 100; ++i) send(1, "ann", std::string(4'000, 'x'), fmt::format("c{}", i));
    run_batch();
    const auto refusals = io_threads[0].take_calls();
    ASSERT_GE(refusals.size(), 75U);
    EXPECT_LE(refusals.size(), 80U);
    EXPECT_EQ(refusals.back(), "refuse 1 in 1: 505 c99");
    settle();
    send(1, "ann", "small");
    settle();
    EXPECT_TRUE(read(2).ends_with(": small\n"));
}

// --- I/O threads
// ------------------------------------------------------------------------------------------------------

TEST_F(CoreTest, OnlyIoThreadsWithParticipantsInTheRoomGetItsFrames) {
    ASSERT_EQ(add_room("Tea"), 2U);
    ASSERT_TRUE(enter(Entry{.connection = 1, .io_thread = 0}, 1));
    ASSERT_TRUE(enter(Entry{.connection = 2, .io_thread = 1}, 2));
    join(1, "ann");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 1: ann entered the room.\n"));
    EXPECT_THAT(io_threads[1].calls, IsEmpty());

    depart(1);
    ASSERT_TRUE(enter(Entry{.connection = 3, .io_thread = 1}, 1));
    run_batch();
    EXPECT_THAT(io_threads[0].calls, IsEmpty()) << "no participant is there";
    EXPECT_THAT(io_threads[1].calls, IsEmpty()) << "it was published before";
}

TEST_F(CoreTest, AllIoThreadsGetTheSameBytesAndEachEventIsEncodedOnce) {
    ASSERT_TRUE(enter(Entry{.connection = 1, .io_thread = 0}));
    ASSERT_TRUE(enter(Entry{.connection = 2, .io_thread = 1}));
    join(1, "ann");
    join(2, "bob");
    send(1, "ann", "hi");
    settle();
    EXPECT_EQ(encoder.events.size(), 3U);
    EXPECT_EQ(io_threads[0].calls, io_threads[1].calls);
    EXPECT_EQ(io_threads[0].published[1].at(0).block, io_threads[1].published[1].at(0).block);
    EXPECT_THAT(io_threads[0].calls,
                ElementsAre("extend 1: ann entered the room.\nbob entered the room.\n", "extend 1: #1 ann: hi\n"));
}

TEST_F(CoreTest, EveryBatchEndsWithAFlushOfEveryIoThread) {
    for (FakeIoPort& port : io_threads) port.flushes = 0;
    run_batch();
    run_batch();
    EXPECT_EQ(io_threads[0].flushes, 2U);
    EXPECT_EQ(io_threads[1].flushes, 2U);
}

TEST_F(CoreTest, ARoomWithoutParticipantsKeepsNoFramesForThem) {
    enter({1});
    send(1, "ann", "hi");
    run_batch();
    depart(1);
    settle();
    EXPECT_THAT(io_threads[0].calls, IsEmpty());
    enter({2});
    join(2, "bob");
    run_batch();
    EXPECT_THAT(io_threads[0].calls, ElementsAre("extend 1: bob entered the room.\n"));
}

// --- the end ---------------------------------------------------------------------------------------------------------

TEST_F(CoreTest, DrainingCompletesAcceptedEventsAndRefusesLaterOnes) {
    enter({1});
    send(1, "ann", "a");
    run_batch();
    send(1, "ann", "b");
    int idle = 0;
    core.drain([&] { ++idle; });
    send(1, "ann", "c", "c3");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c3"));
    EXPECT_EQ(idle, 0);
    store.commit();
    run_batch();
    EXPECT_EQ(idle, 0) << "b is in flight";
    store.commit();
    run_batch();
    EXPECT_EQ(idle, 1);
    EXPECT_EQ(read(1), "#1 ann: a\n#2 ann: b\n");
    run_batch();
    EXPECT_EQ(idle, 1);
}

TEST_F(CoreTest, DrainingIsCompleteAtOnceIfNothingIsInFlight) {
    bool idle = false;
    core.drain([&] { idle = true; });
    EXPECT_FALSE(idle) << "everything is published only after the end of the batch";
    run_batch();
    EXPECT_TRUE(idle);
}

TEST_F(CoreTest, DrainingStillAnnouncesLeaves) {
    enter({1, 2});
    join(1, "ann");
    core.drain([] {});
    depart(1);
    run_batch();
    EXPECT_EQ(read(2), "ann entered the room.\nann has left the room.\n");
}

TEST_F(CoreTest, DrainingWaitsForRoomsAndRecoveriesToo) {
    enter({1});
    send(1, "ann", "a");
    run_batch();
    const Answer created = create("Tea");
    bool idle = false;
    core.drain([&] { idle = true; });
    store.answer_unknown(true);
    run_batch();
    store.commit();
    run_batch();
    EXPECT_EQ(*created, "ok");
    EXPECT_FALSE(idle);
    store.answer_read();
    run_batch();
    EXPECT_TRUE(idle);
    EXPECT_EQ(read(1), "#1 ann: a\n");
}

TEST_F(CoreTest, DrainingRefusesChangesOfRooms) {
    core.drain([] {});
    const Answer created = create("Tea");
    const Answer renamed = rename(kPublicChatId, "Tea");
    const Answer removed = remove(record(kPublicChatId));
    EXPECT_EQ(*created, "505");
    EXPECT_EQ(*renamed, "505");
    EXPECT_EQ(*removed, "505");
    run_batch();
    EXPECT_TRUE(store.batches.empty());
}

TEST_F(CoreTest, ARoomWhosePartOfABatchFailedAffectsNoOtherRoom) {
    const RoomId other = add_room("Other");
    enter({1});
    enter({2}, other);
    send(1, "ann", "refused");
    send(2, "bob", "stored");
    run_batch();
    ASSERT_EQ(store.batches.size(), 1U) << "one batch for both";
    store.commit_only(other);
    run_batch();
    EXPECT_EQ(read(1), "");
    EXPECT_EQ(read(2), "#1 bob: stored\n");
    send(1, "ann", "again");
    send(2, "bob", "goes on");
    settle();
    EXPECT_EQ(read(1), "#1 ann: again\n");
    EXPECT_EQ(read(2), "#1 bob: stored\n#2 bob: goes on\n");
}

}  // namespace
}  // namespace globes::chat
