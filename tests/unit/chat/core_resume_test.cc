// Sends with ids, and readers that resume: each sees the right events, and each event once.
#include <gmock/gmock.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CoreResumeTest : public CoreHarness {
protected:
    CoreResumeTest() { load(); }

    /// Enters as a client that uses globes.v1.
    Core::Entered come_back(ConnectionId connection, Entry entry = {}) {
        entry.connection = connection;
        entry.resumes = true;
        const auto entered = enter(std::move(entry));
        EXPECT_TRUE(entered);
        return entered.value_or(Core::Entered{});
    }
    /// Sends and commits n texts: 1, 2, 3, …
    void say(ConnectionId connection, std::string_view name, int count) {
        for (int i = 0; i < count; ++i) {
            send(connection, std::string(name), fmt::format("{}", ++said));
            settle();
        }
    }
    /// What a reader that has all events up to `after` receives after it enters, including live events. Reads are
    /// answered at once.
    std::string read_on(const Core::Entered& entered, std::uint64_t after) {
        CatchUp::Reader reader{.room = entered.room, .after = after, .until = entered.last_seq, .from = entered.from};
        std::string text;
        for (steps = 1;; ++steps) {
            std::optional<CatchUp::Step> step;
            core.catch_up().read(reader, [&](CatchUp::Step taken) { step = std::move(taken); });
            while (!step && !store.reads.empty()) {
                store.answer_read();
                run_batch();
            }
            if (!step || !step->is_ok) return text + "(ended)";
            for (const roomlog::Slice& frames : step->frames) text += frames.bytes();
            if (step->live) return text + io_threads[0].read(entered.room, *step->live);
            EXPECT_GT(step->after, reader.after) << "no progress";
            reader.after = step->after;
            if (between_steps) between_steps();
        }
    }
    /// The result for a client whose last event is that one. Reads are answered at once, and counted.
    std::optional<CatchUp::SeenCheck> check_seen(std::uint64_t seq, UnixMicros time, RoomId room = 1) {
        std::optional<CatchUp::SeenCheck> result;
        core.catch_up().check_last_seen(room, {.seq = seq, .time = time}, kServerAsks,
                                        [&](CatchUp::SeenCheck seen) { result = seen; });
        while (!store.reads.empty()) {
            ++seen_reads;
            store.answer_read();
            run_batch();
        }
        return result;
    }
    static std::string lines(std::uint64_t first, std::uint64_t last) {
        std::string text;
        for (auto seq = first; seq <= last; ++seq) text += fmt::format("#{0} ann: {0}\n", seq);
        return text;
    }

    int said = 0;
    int steps = 0;
    int seen_reads = 0;
    std::function<void()> between_steps;
};

// --- ids -------------------------------------------------------------------------------------------------------------

TEST_F(CoreResumeTest, AClientThatUsesGlobesV1GetsAnAckForEachSendWithAnId) {
    come_back(1);
    send(1, "ann", "a", "c1");
    send(1, "ann", "b");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), IsEmpty()) << "it is not stored yet";
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 1: #1 ann: a\n#2 ann: b\n", "ack 1: c1 1"));
}

TEST_F(CoreResumeTest, APlainClientGetsNoAck) {
    enter({1});
    send(1, "ann", "a", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 1: #1 ann: a\n"));
}

TEST_F(CoreResumeTest, ARepeatIsNeitherStoredNorDeliveredAndOnlyItsSenderIsAnswered) {
    enter({1, 3});
    come_back(2, {.token_name = "ann"});
    send(1, "ann", "first", "c1");
    settle();
    depart(1);
    settle();
    io_threads[0].take_calls();
    send(2, "ANN", "other words", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("ack 2: c1 1 again"));
    send(3, "bob", "mine", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 1: #2 bob: mine\n")) << "another sender, another id";
    send(3, "bob", "again", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("send 3: #2 bob: mine\n"));
    EXPECT_EQ(store.kept[1].events.size(), 2U);
}

TEST_F(CoreResumeTest, ARepeatOfASendInFlightIsAnsweredWithThatSend) {
    come_back(1);
    send(1, "ann", "a", "c1");
    send(1, "ann", "a", "c1");
    run_batch();
    send(1, "ann", "a", "c1");
    EXPECT_THAT(io_threads[0].take_calls(), IsEmpty());
    settle();
    EXPECT_THAT(io_threads[0].take_calls(),
                ElementsAre("extend 1: #1 ann: a\n", "ack 1: c1 1", "ack 1: c1 1 again", "ack 1: c1 1 again"));
    EXPECT_EQ(store.looked_up, 1U);
}

TEST_F(CoreResumeTest, IdsAreKnownAfterARestart) {
    store.kept[5].events.push_back(
        {.kind = EventKind::send, .room = 5, .seq = 1, .name = "ann", .text = "then", .client_id = "c1", .time = 1});
    core.load({.rooms = {{.record = {.id = 5, .title = "Old"}, .last_seq = 1}}, .next_room_id = 6});
    ASSERT_TRUE(enter(Entry{.connection = 1, .resumes = true}, 5));
    send(1, "ann", "now", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("ack 1: c1 1 again"));
}

TEST_F(CoreResumeTest, ASendWhoseIdCannotBeLookedUpIsRefusedAndMayBeRepeated) {
    come_back(1);
    store.answers_lookups = false;
    send(1, "ann", "a", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("refuse 1 in 1: 505 c1"));
    store.answers_lookups = true;
    send(1, "ann", "a", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("extend 1: #1 ann: a\n", "ack 1: c1 1"));
}

TEST_F(CoreResumeTest, ASendThatWasRefusedAsUnknownAndIsStoredIsFoundByItsId) {
    come_back(1);
    send(1, "ann", "a", "c1");
    run_batch();
    store.answer_unknown(true);
    run_batch();
    store.answer_read();
    run_batch();
    io_threads[0].take_calls();
    send(1, "ann", "a", "c1");
    settle();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("ack 1: c1 1 again"));
}

TEST_F(CoreResumeTest, SendsOfOneSenderKeepTheirOrderWithAndWithoutIds) {
    enter({1});
    send(1, "ann", "a", "c1");
    send(1, "ann", "b");
    join(1, "ann");
    send(1, "ann", "c", "c2");
    settle();
    EXPECT_EQ(read(1), "#1 ann: a\n#2 ann: b\n#3 ann: c\n");
}

// --- taking over -----------------------------------------------------------------------------------------------------

TEST_F(CoreResumeTest, AConnectionWithTheSessionOfAMemberTakesItsPlace) {
    enter({3});
    come_back(1, {.session = "s1"});
    join(1, "ann");
    settle();
    io_threads[0].take_calls();
    const auto entered = come_back(2, {.session = "s2", .earlier_session = "s1"});
    EXPECT_THAT(entered.users, testing::SizeIs(1));
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("end 1: replaced"));
    send(2, "ann", "still here");
    settle();
    depart(1);
    settle();
    EXPECT_EQ(read(3), "ann entered the room.\n#1 ann: still here\n") << "neither a leave nor a join";
    depart(2);
    settle();
    EXPECT_TRUE(read(3).ends_with("\nann has left the room.\n"));
}

TEST_F(CoreResumeTest, AConnectionWithTheTokenOfAMemberTakesItsPlace) {
    come_back(1, {.token_name = "ann", .token = "t"});
    join(1, "ann");
    settle();
    io_threads[0].take_calls();
    come_back(2, {.token_name = "ann", .token = "t"});
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre("end 1: replaced"));
}

TEST_F(CoreResumeTest, ATokenDeterminesTheNameWhateverTheSession) {
    const RoomId room = add_room("Tea", Visibility::private_room);
    ASSERT_TRUE(
        enter(Entry{.connection = 1, .token_name = "ann", .resumes = true, .session = "s1", .token = "a"}, room));
    join(1, "ann");
    settle();
    io_threads[0].take_calls();
    const Entry eve{
        .connection = 2, .token_name = "eve", .resumes = true, .session = "s2", .earlier_session = "s1", .token = "e"};
    ASSERT_TRUE(enter(eve, room));
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), IsEmpty()) << "ann stays";
    send(2, "ann", "not me");
    run_batch();
    EXPECT_THAT(io_threads[0].take_calls(), ElementsAre(testing::HasSubstr("204")));
    send(2, "eve", "it is me");
    settle();
    EXPECT_TRUE(read(1).ends_with("#1 eve: it is me\n")) << read(1);
}

TEST_F(CoreResumeTest, AnEmptySecretOrOneOfAnotherRoomTakesOverNothing) {
    ASSERT_EQ(add_room("Tea"), 2U);
    come_back(1, {.session = "s1"});
    join(1, "ann");
    settle();
    io_threads[0].take_calls();
    ASSERT_TRUE(enter(Entry{.connection = 2, .resumes = true, .session = "s2", .earlier_session = "s1"}, 2));
    come_back(3, {.session = "s3", .earlier_session = ""});
    come_back(4, {.session = "s4", .earlier_session = "s2"});
    EXPECT_THAT(io_threads[0].take_calls(), IsEmpty());
}

// --- the last event seen ---------------------------------------------------------------------------------------------

TEST_F(CoreResumeTest, TheNewestSeqComesWithItsTime) {
    EXPECT_EQ(come_back(1).newest_time, std::nullopt) << "no event exists";
    say(1, "ann", 1);
    const UnixMicros time = clock.now;
    clock.now += 5'000'000;
    join(1, "ann");
    settle();
    EXPECT_EQ(come_back(2).newest_time, time);
}

TEST_F(CoreResumeTest, TheTimeOfARecentEventIsComparedInMemory) {
    enter({1});
    say(1, "ann", 1);
    const UnixMicros first = clock.now;
    clock.now += 1;
    say(1, "ann", 1);
    EXPECT_EQ(check_seen(1, first), CatchUp::SeenCheck::matches);
    EXPECT_EQ(check_seen(2, first + 1), CatchUp::SeenCheck::matches);
    EXPECT_EQ(check_seen(2, first), CatchUp::SeenCheck::differs);
    EXPECT_EQ(check_seen(3, first + 2), CatchUp::SeenCheck::differs) << "beyond the newest";
    EXPECT_EQ(check_seen(~std::uint64_t{0}, first), CatchUp::SeenCheck::differs);
    EXPECT_EQ(seen_reads, 0);
}

TEST_F(CoreResumeTest, TheTimeOfAnOlderEventIsReadWithoutItsPage) {
    enter({1});
    const UnixMicros time = clock.now;
    say(1, "ann", 300);
    clock.now += 1'000'000;
    EXPECT_EQ(check_seen(7, time), CatchUp::SeenCheck::matches);
    EXPECT_EQ(check_seen(8, time + 1), CatchUp::SeenCheck::differs);
    EXPECT_EQ(seen_reads, 2);
    const auto entered = come_back(2);
    EXPECT_EQ(read_on(entered, 7), lines(8, 300));
}

TEST_F(CoreResumeTest, AfterARestartTheNewestStoredEventIsComparedWithoutARead) {
    store.kept[5] = {.record = {.id = 5, .title = "Old"}, .events = {}, .purged = 41};
    core.load({.rooms = {{.record = {.id = 5, .title = "Old"}, .last_seq = 41, .last_time = 1234}}, .next_room_id = 6});
    ASSERT_TRUE(enter(Entry{.connection = 1}, 5));
    send(1, "ann", "42");
    settle();
    EXPECT_EQ(check_seen(41, 1234, 5), CatchUp::SeenCheck::matches);
    EXPECT_EQ(check_seen(41, 1235, 5), CatchUp::SeenCheck::differs);
    EXPECT_EQ(seen_reads, 0);
}

TEST_F(CoreResumeTest, AnEventThatIsNotStoredIsNotCompared) {
    core.load({.rooms = {{.record = {.id = 5, .title = "Old"}, .last_seq = 41, .first_seq = 42}}, .next_room_id = 6});
    const auto entered = enter(Entry{.connection = 1, .resumes = true}, 5);
    EXPECT_EQ(entered->newest_time, std::nullopt);
    EXPECT_EQ(check_seen(41, 1, 5), CatchUp::SeenCheck::matches);
    EXPECT_EQ(check_seen(42, 1, 5), CatchUp::SeenCheck::differs);
    EXPECT_EQ(check_seen(1, 1, 99), CatchUp::SeenCheck::matches) << "the room does not exist";
}

TEST_F(CoreResumeTest, AnEventThatCannotBeReadNeitherMatchesNorDiffers) {
    enter({1});
    say(1, "ann", 300);
    std::optional<CatchUp::SeenCheck> result;
    core.catch_up().check_last_seen(1, {.seq = 7, .time = 1}, kServerAsks,
                                    [&](CatchUp::SeenCheck seen) { result = seen; });
    store.answer_read(false);
    run_batch();
    EXPECT_EQ(result, CatchUp::SeenCheck::unreadable);
}

// --- catching up -----------------------------------------------------------------------------------------------------

TEST_F(CoreResumeTest, RecentEventsComeFromTheLogInOneStep) {
    enter({1});
    say(1, "ann", 20);
    const auto entered = come_back(2);
    EXPECT_EQ(entered.last_seq, 20U);
    EXPECT_EQ(read_on(entered, 15), lines(16, 20));
    EXPECT_EQ(steps, 1);
    EXPECT_TRUE(store.reads.empty());
}

TEST_F(CoreResumeTest, OlderEventsComeFromTheStorePageByPage) {
    enter({1});
    say(1, "ann", 300);
    EXPECT_EQ(read_on(come_back(2), 7), lines(8, 300));
    EXPECT_EQ(steps, 3);
}

TEST_F(CoreResumeTest, ReachesTheLiveLogWithoutGapOrRepeatHoweverFastTheRoomMoves) {
    enter({1});
    say(1, "ann", 290);
    const auto entered = come_back(2);
    between_steps = [&] {
        if (steps < 5) say(1, "ann", 100);
    };
    const std::string seen = read_on(entered, 7);
    EXPECT_EQ(said, 690);
    EXPECT_EQ(seen, lines(8, 690));
}

TEST_F(CoreResumeTest, JoinsAndLeavesAreSeenFromTheEntryOn) {
    enter({1, 3});
    say(1, "ann", 300);
    join(3, "bob");
    const auto entered = come_back(2);
    settle();
    between_steps = [&] {
        leave(3, "bob");
        say(1, "ann", 1);
        between_steps = nullptr;
    };
    EXPECT_EQ(read_on(entered, 0), lines(1, 300) + "bob has left the room.\n" + lines(301, 301));
}

TEST_F(CoreResumeTest, NoJoinOrLeaveIsMissingIfOtherRoomsGrowDuringAReplay) {
    load({{.record = {.id = 5, .title = "Five"}}, {.record = {.id = 6, .title = "Six"}}}, 7);
    enter({1, 3});
    enter({5}, 5);
    enter({6}, 6);
    say(1, "ann", 300);
    join(3, "bob");
    const auto entered = come_back(2);
    settle();
    leave(3, "bob");
    ConnectionId other = 5;
    between_steps = [&] { say(other++, "carl", 100); };
    EXPECT_EQ(read_on(entered, 0), lines(1, 300) + "bob has left the room.\n");
    EXPECT_EQ(other, 7U) << "each of them has filled its share";
}

TEST_F(CoreResumeTest, AReaderEndsIfTheStoreCannotBeReadOrTheRoomIsDeleted) {
    enter({1});
    say(1, "ann", 300);
    const auto entered = come_back(2);
    bool is_ok = true;
    core.catch_up().read({.room = 1, .after = 0, .until = 300, .from = entered.from},
                         [&](const CatchUp::Step& step) { is_ok = step.is_ok; });
    store.answer_read(false);
    run_batch();
    EXPECT_FALSE(is_ok);
    core.catch_up().read({.room = 99}, [&](const CatchUp::Step& step) { is_ok = step.is_ok; });
    EXPECT_FALSE(is_ok);
}

}  // namespace
}  // namespace globes::chat
