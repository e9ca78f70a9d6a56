// Expiry: readers do not see expired events, and the store removes them a little later.
#include <gmock/gmock.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

constexpr UnixMicros kSecond = 1'000'000;

class CoreRetentionTest : public CoreHarness {
protected:
    using CoreHarness::CoreHarness;

    /// Public Chat with limits of its own.
    void load_with(std::uint64_t retention_s, std::uint64_t max_events) {
        load(
            {{.record =
                  {.id = kPublicChatId, .title = "Public Chat", .retention_s = retention_s, .max_events = max_events}}},
            2);
        enter({1});
    }
    /// One text a second.
    void say(int count) {
        for (int i = 0; i < count; ++i) {
            clock.now += kSecond;
            send(1, "ann", "x");
            settle();
        }
    }
    VisibleRange readable() const { return core.find({.id = kPublicChatId, .folded_title = {}})->visible(); }
    void answer_reads() {
        while (!store.reads.empty()) store.answer_read();
        run_batch();
    }
    std::size_t kept() { return store.kept[kPublicChatId].events.size(); }
};

TEST_F(CoreRetentionTest, OnlyTheNewestEventsCanBeReadIfTheirNumberIsLimited) {
    load_with(0, 10);
    say(25);
    EXPECT_EQ(readable().first_seq, 16U);
    EXPECT_EQ(readable().last_seq, 25U);
    EXPECT_EQ(kept(), 25U);
    core.purger().run();
    settle();
    EXPECT_EQ(kept(), 10U);
    EXPECT_EQ(readable().first_seq, 16U);
}

TEST_F(CoreRetentionTest, EventsThatTheStoreMayDropAreNotShown) {
    store.most_events = 7;
    const auto shown = [this] { return readable().last_seq - readable().first_seq + 1; };
    load_with(0, 0);
    say(10);
    EXPECT_EQ(shown(), 7U);
    for (const std::uint64_t max_events : {100U, 5U}) {
        RoomRecord next = record(1);
        next.max_events = max_events;
        update(record(1), next);
        settle();
        say(10);
        EXPECT_EQ(shown(), std::min<std::uint64_t>(max_events, 7));
    }
}

TEST_F(CoreRetentionTest, ExpiredEventsCannotBeReadFromThatMomentOn) {
    load_with(10, 0);
    say(25);
    EXPECT_EQ(readable().expiry.not_before(), clock.now - 10 * kSecond);
    std::string seen;
    core.catch_up().read({.room = 1, .after = 0, .until = 25, .from = io_threads[0].published[1].back().end()},
                         [&](const CatchUp::Step& step) {
                             for (const roomlog::Slice& frames : step.frames) seen += frames.bytes();
                         });
    answer_reads();
    EXPECT_TRUE(seen.starts_with("#15 ")) << seen;
}

TEST_F(CoreRetentionTest, TheOldestReadableSeqIsExactAfterARead) {
    load_with(10, 0);
    say(25);
    bool done = false;
    core.purger().refresh(1, [&] { done = true; });
    EXPECT_FALSE(done);
    answer_reads();
    EXPECT_TRUE(done);
    EXPECT_EQ(readable().first_seq, 15U);
    clock.now += 100 * kSecond;
    core.purger().refresh(1, [] {});
    answer_reads();
    EXPECT_EQ(readable().first_seq, 26U) << "all events have expired";
}

TEST_F(CoreRetentionTest, NothingIsReadIfNothingExpiresByTime) {
    load_with(0, 10);
    say(25);
    bool done = false;
    core.purger().refresh(1, [&] { done = true; });
    EXPECT_TRUE(done);
    EXPECT_TRUE(store.reads.empty());
}

TEST_F(CoreRetentionTest, ExpiredEventsStayHiddenIfTheRoomKeepsMoreFromNowOn) {
    load_with(0, 10);
    say(25);
    RoomRecord next = record(1);
    next.max_events = 0;
    const Answer answer = update(record(1), next);
    settle();
    ASSERT_EQ(*answer, "ok");
    EXPECT_EQ(readable().first_seq, 16U);
    say(10);
    EXPECT_EQ(readable().first_seq, 16U);
}

TEST_F(CoreRetentionTest, ARepeatOfAnExpiredEventIsNotShown) {
    load_with(10, 0);
    send(1, "ann", "once said", "c1");
    settle();
    clock.now += 60 * kSecond;
    io_threads[0].take_calls();
    send(1, "ann", "once said", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), testing::ElementsAre(testing::HasSubstr("505")));
    core.purger().run();
    answer_reads();
    settle();
    send(1, "ann", "said again", "c1");
    settle();
    EXPECT_TRUE(read(1).ends_with("#2 ann: said again\n")) << read(1);
}

TEST_F(CoreRetentionTest, ExpiredEventsArePurgedInSmallSteps) {
    load_with(10, 0);
    for (int i = 0; i < 2'500; ++i) {
        send(1, "ann", "x");
        if (i % 500 == 499) settle();
    }
    clock.now += 60 * kSecond;
    core.purger().run();
    answer_reads();
    ASSERT_EQ(store.batches.size(), 1U);
    EXPECT_EQ(store.written(0), std::vector<std::string>{"purge 1 to 1000"});
    settle();
    EXPECT_EQ(kept(), 0U);
}

TEST_F(CoreRetentionTest, SeqsContinueAfterAPurge) {
    load_with(10, 0);
    say(5);
    clock.now += 60 * kSecond;
    core.purger().run();
    answer_reads();
    settle();
    say(1);
    EXPECT_EQ(readable().first_seq, 6U);
    EXPECT_EQ(readable().last_seq, 6U);
}

TEST_F(CoreRetentionTest, AFailedPurgeIsTriedAgainAtTheNextCall) {
    load_with(0, 10);
    say(25);
    core.purger().run();
    run_batch();
    store.fail();
    run_batch();
    EXPECT_EQ(kept(), 25U);
    core.purger().run();
    settle();
    EXPECT_EQ(kept(), 10U);
}

TEST_F(CoreRetentionTest, ARoomThatCouldNotBeDeletedIsPurgedAtTheNextCall) {
    load_with(0, 10);
    say(25);
    remove(record(1));
    run_batch();
    core.purger().run();
    run_batch();
    ASSERT_EQ(store.batches.size(), 1U) << "only the deletion";
    store.fail();
    run_batch();
    core.purger().run();
    settle();
    EXPECT_EQ(kept(), 10U);
}

TEST_F(CoreRetentionTest, AnExpiredMessageIsPurgedAtTheNextRunHoweverManyRoomsExist) {
    constexpr RoomId kRooms = 3'000;
    std::vector<StoredRoom> rooms;
    for (RoomId id = 1; id <= kRooms; ++id)
        rooms.push_back({.record = {.id = id, .title = fmt::format("Room {}", id), .retention_s = 60}});
    load(std::move(rooms), kRooms + 1);
    core.purger().run();
    answer_reads();
    enter({1}, kRooms);
    send(1, "ann", "soon gone");
    settle();
    ASSERT_EQ(store.kept[kRooms].events.size(), 1U);
    clock.now += 66 * kSecond;
    core.purger().run();
    EXPECT_LE(store.reads.size(), 1U) << "no other room has events that can expire";
    answer_reads();
    settle();
    EXPECT_EQ(store.kept[kRooms].events.size(), 0U);
}

TEST_F(CoreRetentionTest, ManyRoomsThatAreDueAtTheSameTimeArePurgedInOneRun) {
    constexpr RoomId kRooms = 500;
    std::vector<StoredRoom> rooms;
    for (RoomId id = 1; id <= kRooms; ++id) {
        rooms.push_back({.record = {.id = id, .title = fmt::format("Room {}", id), .retention_s = 60}, .last_seq = 1});
        store.kept[id].events = {{.kind = EventKind::send, .room = id, .seq = 1, .name = "ann", .time = clock.now}};
    }
    load(std::move(rooms), kRooms + 1);
    clock.now += 61 * kSecond;
    core.purger().run();
    EXPECT_LE(store.reads.size(), Purger::kMaxConcurrentRooms) << "few reads at the same time";
    while (!store.reads.empty() || !store.batches.empty()) {
        answer_reads();
        settle();
    }
    for (RoomId id = 1; id <= kRooms; ++id) EXPECT_EQ(store.kept[id].events.size(), 0U) << id;
}

TEST_F(CoreRetentionTest, RoomsWithoutALimitAreNeverRead) {
    load_with(0, 0);
    say(5);
    clock.now += 3600 * kSecond;
    core.purger().run();
    run_batch();
    EXPECT_TRUE(store.reads.empty());
    EXPECT_TRUE(store.batches.empty());
}

TEST_F(CoreRetentionTest, ARoomThatGetsALimitIsPurgedAtTheNextRun) {
    load_with(0, 0);
    say(25);
    RoomRecord next = record(1);
    next.max_events = 10;
    update(record(1), std::move(next));
    settle();
    core.purger().run();
    settle();
    EXPECT_EQ(kept(), 10U);
}

TEST_F(CoreRetentionTest, TheOldestEventDeterminesWhenARoomIsDueAgain) {
    load_with(100, 0);
    say(5);
    core.purger().run();
    answer_reads();
    settle();
    clock.now += 50 * kSecond;
    core.purger().run();
    EXPECT_TRUE(store.reads.empty()) << "no event can have expired";
    clock.now += 50 * kSecond;
    core.purger().run();
    answer_reads();
    settle();
    EXPECT_LT(kept(), 5U);
}

TEST_F(CoreRetentionTest, AStepOfTheWallClockMakesEveryRoomDue) {
    load_with(3600, 0);
    say(5);
    core.purger().run();
    answer_reads();
    core.purger().run();
    ASSERT_TRUE(store.reads.empty());
    clock.jump(-600 * kSecond);
    core.purger().run();
    EXPECT_EQ(store.reads.size(), 1U);
}

TEST_F(CoreRetentionTest, NothingIsPurgedDuringShutdown) {
    load_with(0, 10);
    say(25);
    core.drain([] {});
    core.purger().run();
    settle();
    EXPECT_EQ(kept(), 25U);
}

// --- a clock that is wrong -------------------------------------------------------------------------------------------

constexpr UnixMicros kYear = 365 * 24 * 3600 * kSecond;

TEST_F(CoreRetentionTest, AnEventFromTheFutureExpiresWithTheEventsNextToIt) {
    load_with(10, 0);
    say(5);
    clock.jump(3600 * kSecond);
    send(1, "ann", "ahead");
    settle();
    clock.jump(-3600 * kSecond);
    say(5);
    clock.now += 7 * kSecond;
    core.purger().run();
    answer_reads();
    settle();
    EXPECT_EQ(readable().first_seq, 8U) << "1 to 5, the one from the future, and one more are older than 10 s";
    EXPECT_EQ(kept(), 4U);
}

TEST_F(CoreRetentionTest, TheNewestEventExpiresWhenTheRoomWasSilentForThatLong) {
    load_with(10, 0);
    say(5);
    clock.jump(kYear);
    send(1, "ann", "ahead");
    settle();
    clock.jump(-kYear);
    clock.now += 9 * kSecond;
    core.purger().run();
    answer_reads();
    EXPECT_EQ(readable().last_seq, 6U);
    EXPECT_LE(readable().first_seq, 6U);
    clock.now += 2 * kSecond;
    EXPECT_EQ(readable().first_seq, 7U);
    say(1);
    EXPECT_EQ(readable().first_seq, 7U) << "expired events stay hidden when the room is active again";
    core.purger().run();
    answer_reads();
    settle();
    EXPECT_EQ(kept(), 1U);
}

class CoreRetentionOfReportingStore : public CoreRetentionTest {
protected:
    CoreRetentionOfReportingStore() : CoreRetentionTest(true) {}
};

TEST_F(CoreRetentionOfReportingStore, EventsThatAreStoredBeforeARepeatEndTheSilence) {
    load({{.record = {.id = kPublicChatId, .title = "Public Chat", .retention_s = 10}, .last_seq = 1}}, 2);
    store.kept[kPublicChatId].events = {
        {.kind = EventKind::send, .room = kPublicChatId, .seq = 1, .name = "ann", .client_id = "a", .time = clock.now}};
    enter({1});
    clock.now += 7 * kSecond;
    send(1, "ann", "new", "b");
    send(1, "ann", "old", "a");
    run_batch();
    store.commit_before(kPublicChatId, 3);
    settle();
    EXPECT_EQ(readable().last_seq, 2U);
    clock.now += 4 * kSecond;
    answer_reads();
    EXPECT_LE(readable().first_seq, 2U) << "the newer message is 4 s old";
    core.purger().run();
    settle();
    EXPECT_THAT(store.kept[kPublicChatId].events, testing::Contains(testing::Field(&Event::client_id, "b")));
}

TEST_F(CoreRetentionTest, AfterARestartStoredEventsAreAtLeastAsOldAsTheServer) {
    StoredRoom room{
        .record = {.id = 5, .title = "Old", .retention_s = 10}, .last_seq = 1, .last_time = clock.now + kYear};
    load({room}, 6);
    const auto first_seq = [this] { return core.find({.id = 5, .folded_title = {}})->visible().first_seq; };
    EXPECT_EQ(first_seq(), 1U);
    clock.now += 10 * kSecond;
    EXPECT_EQ(first_seq(), 2U);
}

TEST_F(CoreRetentionTest, EventsFrom1970AreReplayedAndExpireNoOthers) {
    load_with(10, 0);
    say(5);
    const UnixMicros to_1970 = 1'000'000 - clock.now;
    clock.jump(to_1970);
    send(1, "ann", "long ago");
    settle();
    core.purger().run();
    answer_reads();
    clock.jump(-to_1970);
    say(1);
    core.purger().run();
    answer_reads();
    settle();
    EXPECT_EQ(kept(), 7U);
    std::string seen;
    core.catch_up().read({.room = 1, .after = 4, .until = 7, .from = io_threads[0].published[1].back().end()},
                         [&](const CatchUp::Step& step) {
                             for (const roomlog::Slice& frames : step.frames) seen += frames.bytes();
                         });
    answer_reads();
    EXPECT_EQ(seen, "#5 ann: x\n#6 ann: long ago\n#7 ann: x\n");
}

TEST_F(CoreRetentionTest, AClockThatJumpsAheadRemovesNothingUntilItHasStayedThere) {
    load_with(10, 0);
    say(5);
    for (const UnixMicros jump : {3600 * kSecond, kYear}) {
        clock.jump(jump);
        core.purger().run();
        answer_reads();
        settle();
        EXPECT_EQ(kept(), 5U);
        clock.jump(-jump);
    }
    clock.jump(kYear);
    core.purger().run();
    for (int minute = 0; minute < 9; ++minute) {
        clock.now += 60 * kSecond;
        core.purger().run();
        EXPECT_EQ(readable().expiry.now, clock.now - kYear);
    }
    clock.now += 60 * kSecond;
    core.purger().run();
    EXPECT_EQ(readable().expiry.now, clock.now);
}

}  // namespace
}  // namespace globes::chat
