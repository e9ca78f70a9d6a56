#include "chat/room.h"

#include <gmock/gmock.h>

#include <regex>

#include "unit/chat/fakes.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr UnixMicros kNow = 1'000;
constexpr Error kUserNotFound{ErrorCode::user_not_found, "name"};
constexpr Error kTaken{ErrorCode::duplicate_username, "name"};
constexpr Error kOtherName{ErrorCode::client_unauthorized, "name"};
constexpr Error kUnavailable{ErrorCode::unavailable};

/// Connections 1, 2 and 3 are in the room. Commands form one batch until `submit` ends it.
class RoomTest : public testing::Test {
protected:
    explicit RoomTest(bool resumes = false) {
        for (ConnectionId connection = 1; connection <= 3; ++connection)
            room.participants().add({.connection = connection, .resumes = resumes});
    }

    /// The time of an event that is accepted at `at`, after an event with the time `last_time`.
    UnixMicros stamped(UnixMicros last_time, UnixMicros at) {
        Room old{{.record = {.id = 2}, .last_seq = 41, .last_time = last_time}, shared};
        old.participants().add({.connection = 1});
        Effects own;
        old.accept(1, {EventKind::send, "ann", "", "hi", ""}, at, own);
        return std::get<Append>(own.list().at(0)).event.time;
    }
    /// Whether the event was accepted, or else the error for its sender.
    Result<void> accept(ConnectionId sender, ClientEvent event, UnixMicros at) {
        const std::size_t before = effects.list().size();
        room.accept(sender, std::move(event), at, effects);
        for (std::size_t i = before; i < effects.list().size(); ++i)
            if (const auto* refusal = std::get_if<Refuse>(&effects.list()[i]))
                return std::unexpected(refusal->refusal.error);
        return {};
    }
    Result<void> join(ConnectionId connection, std::string name, std::string color = {}) {
        return accept(connection, {EventKind::join, std::move(name), std::move(color), {}, {}}, now);
    }
    Result<void> leave(ConnectionId connection, std::string name) {
        return accept(connection, {EventKind::leave, std::move(name), {}, {}, {}}, now);
    }
    Result<void> send(ConnectionId connection, std::string name, std::string text, std::string id = {}) {
        auto accepted = accept(connection, {EventKind::send, std::move(name), {}, std::move(text), std::move(id)}, now);
        look_up();
        return accepted;
    }
    template <class Kind>
    void for_each(auto&& visit) {
        for (const Effect& effect : past)
            if (const auto* kind = std::get_if<Kind>(&effect)) visit(*kind);
        for (const Effect& effect : effects.list())
            if (const auto* kind = std::get_if<Kind>(&effect)) visit(*kind);
    }
    /// The keys that were looked up since the last call.
    std::vector<SendKey> take_lookups() {
        std::vector<SendKey> asked;
        for_each<LookUp>([&](const LookUp& look_up) { asked.push_back(look_up.key); });
        asked.erase(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(lookups_taken));
        lookups_taken += asked.size();
        return asked;
    }
    /// The store knows none of the ids.
    void look_up() {
        const std::vector<SendKey> asked = take_lookups();
        if (!asked.empty()) room.resolve(asked, std::vector<std::optional<Event>>(asked.size()), effects);
    }
    bool can_submit() const {
        return std::ranges::any_of(effects.list(), [](const Effect& e) { return std::holds_alternative<Append>(e); });
    }
    /// Ends the batch; returns the seqs and texts that it gives to the store.
    std::vector<std::string> submit() {
        std::vector<std::string> lines;
        std::vector<Event> appended;
        for (Effect& effect : effects.take()) {
            if (const auto* append = std::get_if<Append>(&effect)) {
                lines.push_back(fmt::format("{} {}", append->event.seq, append->event.text));
                appended.push_back(append->event);
            }
            past.push_back(std::move(effect));
        }
        if (!appended.empty()) submitted = appended;
        return lines;
    }
    std::vector<std::string> fail(bool is_known) {
        take_answers();
        room.fail(is_known, effects);
        std::vector<std::string> lines;
        for (const std::string& answer : take_answers())
            if (answer.ends_with(" 0")) lines.push_back(answer.substr(0, answer.size() - 2));
        return lines;
    }
    /// `sender id seq`, seq 0 for a refusal, with ` again` for a repeat; since the last call.
    std::vector<std::string> take_answers() {
        std::vector<std::string> lines;
        const auto look_at = [&](const Effect& effect) {
            if (const auto* ack = std::get_if<Acknowledge>(&effect))
                lines.push_back(fmt::format("{} {} {}{}", ack->connection, ack->client_id, ack->seq,
                                            ack->is_duplicate ? " again" : ""));
            if (const auto* refusal = std::get_if<Refuse>(&effect))
                lines.push_back(fmt::format("{} {} 0", refusal->connection, refusal->refusal.client_id));
        };
        std::ranges::for_each(past, look_at);
        std::ranges::for_each(effects.list(), look_at);
        lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(answers_taken));
        answers_taken += lines.size();
        return lines;
    }
    /// The lines that were added to the log since the last call.
    std::string logged() {
        std::string text;
        for_each<Publish>([&](const Publish& publish) {
            EXPECT_EQ(publish.slice.begin, text.size()) << "a gap";
            text += publish.slice.bytes();
        });
        return text.substr(std::exchange(logged_until, text.size()));
    }
    std::vector<std::string> names() {
        std::vector<std::string> all;
        for (const RoomUser& user : room.participants().users(kMaxListedUsers)) all.push_back(user.username);
        return all;
    }
    void protect() {
        room.set_record({.id = 2, .title = "Tea", .visibility = Visibility::private_room});
        room.participants().add({.connection = 11, .token_name = "ann"});
    }

    UnixMicros now = kNow;
    TextEncoder encoder;
    ManualClock clock;
    ExpiryClock expiry_clock{clock};
    Room::Shared shared{.limits = {.waiting_bytes = 100'000},
                        .encoder = encoder,
                        .clock = clock,
                        .expiry_clock = expiry_clock,
                        .io_threads = 1};
    Room room{{.record = {.id = 2, .title = "Tea"}}, shared};
    Effects effects;
    std::vector<Effect> past;      // of earlier batches
    std::vector<Event> submitted;  // to the store, with the last batch
    std::size_t lookups_taken = 0;
    std::size_t answers_taken = 0;
    std::size_t logged_until = 0;
};

// --- joining and leaving ---------------------------------------------------------------------------------------------

TEST_F(RoomTest, AJoinAndALeaveAreAnnouncedAtOnce) {
    ASSERT_TRUE(accept(1, {EventKind::join, "ann", "red", "", "c1"}, 7));
    EXPECT_EQ(logged(), "ann entered the room.\n");
    EXPECT_EQ(encoder.events.at(0), (Event{.kind = EventKind::join,
                                           .room = 2,
                                           .seq = 0,
                                           .name = "ann",
                                           .color = "red",
                                           .text = "ann entered the room.",
                                           .client_id = "c1",
                                           .time = 7}));
    ASSERT_TRUE(accept(1, {EventKind::leave, "ann", "", "", "c2"}, 8));
    EXPECT_EQ(logged(), "ann has left the room.\n");
    EXPECT_EQ(encoder.events.at(1), (Event{.kind = EventKind::leave,
                                           .room = 2,
                                           .seq = 0,
                                           .name = "ann",
                                           .color = "red",
                                           .text = "ann has left the room.",
                                           .client_id = "c2",
                                           .time = 8}));
    EXPECT_FALSE(can_submit());
}

TEST_F(RoomTest, ASecondJoinOnlyChangesTheColor) {
    ASSERT_TRUE(join(1, "ann", "red"));
    logged();
    now = 2'000;
    ASSERT_TRUE(join(1, "ann", "blue"));
    EXPECT_EQ(logged(), "");
    ASSERT_EQ(room.participants().online(), 1U);
    EXPECT_EQ(room.participants().users(kMaxListedUsers)[0].color, "blue");
    EXPECT_EQ(room.participants().users(kMaxListedUsers)[0].last_activity, 2'000);
    ASSERT_TRUE(join(1, "ann"));
    EXPECT_EQ(room.participants().users(kMaxListedUsers)[0].color, "blue");
}

TEST_F(RoomTest, ANameOfAnotherParticipantIsRefusedAndNothingIsAppended) {
    ASSERT_TRUE(join(1, "Ann"));
    logged();
    EXPECT_EQ(join(2, "aNN").error(), kTaken);
    EXPECT_EQ(send(2, "ann", "hi").error(), kTaken);
    EXPECT_EQ(logged(), "");
    EXPECT_FALSE(can_submit());
    EXPECT_THAT(names(), ElementsAre("Ann"));
}

TEST_F(RoomTest, AConnectionHasOneName) {
    ASSERT_TRUE(join(1, "ann"));
    EXPECT_EQ(join(1, "bob").error(), kOtherName);
    EXPECT_EQ(send(1, "bob", "hi").error(), kOtherName);
    EXPECT_EQ(leave(1, "bob").error(), kOtherName);
    ASSERT_TRUE(send(2, "bob", "hi"));
    EXPECT_EQ(join(2, "rob").error(), kOtherName);
    EXPECT_THAT(names(), ElementsAre("ann", "bob"));
}

TEST_F(RoomTest, ALeaveOfAParticipantWithoutANameIsRefused) {
    EXPECT_EQ(leave(1, "ann").error(), kUserNotFound);
    ASSERT_TRUE(join(1, "ann"));
    EXPECT_EQ(leave(2, "ann").error(), kUserNotFound);
    ASSERT_TRUE(leave(1, "ann"));
    EXPECT_EQ(leave(1, "ann").error(), kUserNotFound);
}

TEST_F(RoomTest, InAPublicRoomAMemberMayChangeItsNameByLeavingAndJoining) {
    ASSERT_TRUE(join(1, "ann"));
    ASSERT_TRUE(leave(1, "ann"));
    ASSERT_TRUE(join(1, "bob"));
    EXPECT_TRUE(join(2, "ann"));
    EXPECT_THAT(names(), ElementsAre("bob", "ann"));
}

TEST_F(RoomTest, InAProtectedRoomTheNameIsTheTokens) {
    protect();
    for (const char* name : {"bob", "Ann"}) {
        EXPECT_EQ(join(11, name).error(), kOtherName) << name;
        EXPECT_EQ(send(11, name, "hi").error(), kOtherName) << name;
    }
    ASSERT_TRUE(join(11, "ann"));
    ASSERT_TRUE(leave(11, "ann"));
    EXPECT_EQ(join(11, "bob").error(), kOtherName);
    EXPECT_TRUE(send(11, "ann", "hi"));
}

TEST_F(RoomTest, InAPublicRoomATokenDoesNotDetermineTheName) {
    room.participants().add({.connection = 11, .token_name = "owner", .owner = true});
    EXPECT_TRUE(join(11, "ann"));
}

TEST_F(RoomTest, AMemberKeepsItsNameWhenTheRoomBecomesPrivate) {
    room.participants().add({.connection = 11, .token_name = "owner", .owner = true});
    ASSERT_TRUE(join(11, "ann"));
    room.set_record({.id = 2, .title = "Tea", .visibility = Visibility::private_room});
    EXPECT_TRUE(send(11, "ann", "hi"));
    ASSERT_TRUE(leave(11, "ann"));
    EXPECT_EQ(join(11, "ann").error(), kOtherName);
    EXPECT_TRUE(join(11, "owner"));
}

TEST_F(RoomTest, DepartingIsALeaveExactlyOnce) {
    ASSERT_TRUE(join(1, "ann", "red"));
    logged();
    room.depart(1, 9, effects);
    room.depart(1, 10, effects);
    EXPECT_EQ(logged(), "ann has left the room.\n");
    EXPECT_EQ(encoder.events.back().color, "red");
    EXPECT_EQ(encoder.events.back().time, 9);
    EXPECT_TRUE(join(2, "ann"));
}

TEST_F(RoomTest, AParticipantWithoutANameLeavesSilently) {
    room.depart(1, kNow, effects);
    ASSERT_TRUE(join(2, "bob"));
    ASSERT_TRUE(leave(2, "bob"));
    logged();
    room.depart(2, kNow, effects);
    EXPECT_EQ(logged(), "");
}

TEST_F(RoomTest, EventsOfADepartedParticipantAreIgnored) {
    room.depart(1, kNow, effects);
    EXPECT_TRUE(join(1, "ann"));
    EXPECT_TRUE(send(1, "ann", "hi"));
    EXPECT_TRUE(leave(1, "ann"));
    EXPECT_EQ(logged(), "");
    EXPECT_FALSE(can_submit());
    EXPECT_TRUE(join(2, "ann"));
}

// --- sending ---------------------------------------------------------------------------------------------------------

TEST_F(RoomTest, ASendReachesTheLogWhenItIsStored) {
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", "#abc", "hi", "c1"}, 5));
    EXPECT_FALSE(can_submit()) << "its id must be looked up first";
    look_up();
    ASSERT_TRUE(can_submit());
    EXPECT_THAT(submit(), ElementsAre("1 hi"));
    EXPECT_EQ(logged(), "");
    EXPECT_EQ(room.last_seq(), 0U);
    room.commit(effects);
    EXPECT_EQ(logged(), "#1 ann: hi\n");
    EXPECT_EQ(room.last_seq(), 1U);
    const Event expected{.kind = EventKind::send,
                         .room = 2,
                         .seq = 1,
                         .name = "ann",
                         .color = "#abc",
                         .text = "hi",
                         .client_id = "c1",
                         .time = 5};
    EXPECT_EQ(submitted.at(0), expected);
    EXPECT_THAT(encoder.events, ElementsAre(expected));
}

TEST_F(RoomTest, ASendTakesTheNameSilentlyAndItsLeaveIsAnnounced) {
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", "red", "hi", ""}, kNow));
    EXPECT_THAT(names(), ElementsAre("ann"));
    EXPECT_EQ(room.participants().users(kMaxListedUsers)[0].color, "red");
    EXPECT_EQ(join(2, "ANN").error(), kTaken);
    submit();
    room.commit(effects);
    logged();
    ASSERT_TRUE(join(1, "ann"));
    EXPECT_EQ(logged(), "") << "it is a member already";
    room.depart(1, kNow, effects);
    EXPECT_EQ(logged(), "ann has left the room.\n");
}

TEST_F(RoomTest, TheSequenceContinuesAfterTheStoredEvents) {
    Room old{{.record = {.id = 2}, .last_seq = 41}, shared};
    old.participants().add({.connection = 1});
    old.accept(1, {EventKind::send, "ann", "", "hi", ""}, kNow, effects);
    EXPECT_EQ(std::get<Append>(effects.list().at(0)).event.seq, 42U);
    EXPECT_EQ(old.last_seq(), 41U);
}

// --- times -----------------------------------------------------------------------------------------------------------

TEST_F(RoomTest, TimeDoesNotChangeIfTheClockStepsBackALittle) {
    constexpr UnixMicros kSecond = 1'000'000;
    EXPECT_EQ(stamped(kNow + 5, kNow), kNow + 5);
    EXPECT_EQ(stamped(kNow + 10 * kSecond, kNow), kNow + 10 * kSecond);
    EXPECT_EQ(stamped(kNow + 10 * kSecond + 1, kNow), kNow);
}

TEST_F(RoomTest, TimeReturnsToTheClockAfterAClockThatWasAhead) {
    constexpr UnixMicros kIn2020 = 1'607'030'634'421'318;
    constexpr UnixMicros kIn2038 = 2'147'483'648'000'000;
    constexpr UnixMicros kHour = 3'600'000'000;
    for (const UnixMicros ahead : {kIn2020 + kHour, kIn2020 + 24 * 365 * kHour, kIn2038})
        EXPECT_EQ(stamped(ahead, kIn2020), kIn2020);
    EXPECT_EQ(stamped(kIn2020, 0), 0) << "1970";
    EXPECT_EQ(stamped(0, kIn2020), kIn2020);
}

TEST_F(RoomTest, TimesContinueWithTheClockThatSteppedBack) {
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", "", "a", ""}, kNow + 3'600'000'000));
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", "", "b", ""}, kNow));
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", "", "c", ""}, kNow - 5));
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", "", "d", ""}, kNow + 5));
    submit();
    std::vector<UnixMicros> times;
    for (const Event& event : submitted) times.push_back(event.time - kNow);
    EXPECT_THAT(times, ElementsAre(3'600'000'000, 0, 0, 5));
}

TEST_F(RoomTest, OneBatchIsInFlightAndTheOtherEventsFormTheNext) {
    ASSERT_TRUE(send(1, "ann", "a"));
    ASSERT_TRUE(send(2, "bob", "b"));
    EXPECT_THAT(submit(), ElementsAre("1 a", "2 b"));
    ASSERT_TRUE(send(1, "ann", "c"));
    EXPECT_FALSE(can_submit());
    room.commit(effects);
    EXPECT_EQ(logged(), "#1 ann: a\n#2 bob: b\n");
    ASSERT_TRUE(can_submit());
    EXPECT_THAT(submit(), ElementsAre("3 c"));
    room.commit(effects);
    EXPECT_EQ(logged(), "#3 ann: c\n");
    EXPECT_FALSE(can_submit());
}

// --- the order of live events ----------------------------------------------------------------------------------------

TEST_F(RoomTest, JoinsAndLeavesStayAfterEarlierSends) {
    ASSERT_TRUE(send(1, "ann", "a"));
    ASSERT_TRUE(join(2, "bob"));
    submit();
    ASSERT_TRUE(send(2, "bob", "b"));
    ASSERT_TRUE(leave(1, "ann"));
    EXPECT_EQ(logged(), "");
    room.commit(effects);
    EXPECT_EQ(logged(), "#1 ann: a\nbob entered the room.\n");
    submit();
    room.commit(effects);
    EXPECT_EQ(logged(), "#2 bob: b\nann has left the room.\n");
}

TEST_F(RoomTest, ANameIsFreeWhenItsLeaveIsInTheLog) {
    ASSERT_TRUE(send(1, "ann", "a"));
    submit();
    room.depart(1, kNow, effects);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_EQ(join(2, "ann").error(), kTaken);
    room.commit(effects);
    EXPECT_TRUE(join(2, "ann"));
    EXPECT_EQ(logged(), "#1 ann: a\nann has left the room.\nann entered the room.\n");
}

TEST_F(RoomTest, AMemberThatLeftMayComeBackWhileItsLeaveWaits) {
    ASSERT_TRUE(send(1, "ann", "a"));
    submit();
    ASSERT_TRUE(leave(1, "ann"));
    ASSERT_TRUE(join(1, "ann"));
    ASSERT_TRUE(leave(1, "ann"));
    ASSERT_TRUE(join(1, "Ann"));
    EXPECT_EQ(join(2, "ann").error(), kTaken);
    room.commit(effects);
    EXPECT_EQ(logged(),
              "#1 ann: a\nann has left the room.\nann entered the room.\nann has left the room.\nAnn entered the "
              "room.\n");
    EXPECT_EQ(join(2, "ann").error(), kTaken) << "the leaves that were logged freed nothing";
    EXPECT_THAT(names(), ElementsAre("Ann"));
    room.depart(1, kNow, effects);
    EXPECT_TRUE(join(2, "ann"));
}

// --- failures --------------------------------------------------------------------------------------------------------

TEST_F(RoomTest, AFailedBatchRefusesEveryWaitingSendAndLeavesNoGap) {
    ASSERT_TRUE(send(1, "ann", "a", "c1"));
    ASSERT_TRUE(join(2, "bob"));
    submit();
    ASSERT_TRUE(send(2, "bob", "b", "c2"));
    ASSERT_TRUE(leave(2, "bob"));
    EXPECT_THAT(fail(true), ElementsAre("1 c1", "2 c2"));
    EXPECT_EQ(logged(), "bob entered the room.\nbob has left the room.\n");
    EXPECT_FALSE(room.is_recovering());
    EXPECT_FALSE(can_submit());
    ASSERT_TRUE(send(1, "ann", "again"));
    EXPECT_THAT(submit(), ElementsAre("1 again"));
    room.commit(effects);
    EXPECT_EQ(logged(), "#1 ann: again\n");
}

TEST_F(RoomTest, AParticipantWhoseOnlySendFailedIsStillAMember) {
    ASSERT_TRUE(send(1, "ann", "a"));
    submit();
    fail(true);
    EXPECT_THAT(names(), ElementsAre("ann"));
    room.depart(1, kNow, effects);
    EXPECT_EQ(logged(), "ann has left the room.\n");
}

TEST_F(RoomTest, AfterAnUnknownOutcomeNothingIsSentUntilItIsKnown) {
    ASSERT_TRUE(send(1, "ann", "a", "c1"));
    submit();
    EXPECT_THAT(fail(false), ElementsAre("1 c1"));
    EXPECT_TRUE(room.is_recovering());
    EXPECT_EQ(send(1, "ann", "b").error(), kUnavailable);
    EXPECT_EQ(send(2, "bob", "b").error(), kUnavailable);
    EXPECT_THAT(names(), ElementsAre("ann")) << "a refused send takes no name";
    EXPECT_FALSE(can_submit());
    EXPECT_TRUE(join(3, "cat"));
    EXPECT_EQ(logged(), "cat entered the room.\n");
}

TEST_F(RoomTest, StoredEventsOfAnUnknownBatchArePublishedAndTheSequenceContinuesAfterThem) {
    ASSERT_TRUE(send(1, "ann", "a"));
    submit();
    fail(false);
    room.recover({submitted.at(0)}, effects);
    EXPECT_FALSE(room.is_recovering());
    EXPECT_EQ(room.last_seq(), 1U);
    EXPECT_EQ(logged(), "#1 ann: a\n");
    ASSERT_TRUE(send(1, "ann", "b"));
    EXPECT_THAT(submit(), ElementsAre("2 b"));
}

TEST_F(RoomTest, EventsThatWereNotStoredGetNewSeqs) {
    ASSERT_TRUE(send(1, "ann", "a"));
    submit();
    fail(false);
    room.recover({}, effects);
    EXPECT_EQ(logged(), "");
    ASSERT_TRUE(send(1, "ann", "b"));
    EXPECT_THAT(submit(), ElementsAre("1 b"));
}

// --- the limit -------------------------------------------------------------------------------------------------------

TEST_F(RoomTest, WaitingEventsAreBoundedInBytes) {
    ASSERT_TRUE(join(3, "cat"));
    const std::string text(4'000, 'x');
    std::size_t accepted = 0;
    while (send(1, "ann", text)) ASSERT_LT(++accepted, 1'000U);
    EXPECT_GE(accepted, 20U);
    EXPECT_LE(accepted, 25U) << "100,000 bytes and one event more";
    EXPECT_EQ(send(2, "bob", "b").error(), kUnavailable);
    EXPECT_EQ(join(2, "bob").error(), kUnavailable);
    EXPECT_THAT(names(), ElementsAre("cat", "ann"));
    EXPECT_TRUE(leave(3, "cat")) << "a leave is never refused";

    EXPECT_EQ(submit().size(), accepted);
    EXPECT_EQ(send(1, "ann", "b").error(), kUnavailable) << "an event in flight is not in the log";
    room.commit(effects);
    EXPECT_TRUE(send(1, "ann", "b"));
}

TEST_F(RoomTest, SendsOfAllConnectionsTogetherAreLimited) {
    shared.limits.sends = {.per_second = 10, .burst = 2};
    EXPECT_EQ(send(1, "ann", "1"), Result<void>());
    EXPECT_EQ(send(2, "bob", "2"), Result<void>());
    const std::unexpected too_many(kRoomIsBusy);
    EXPECT_EQ(send(3, "cy", "3", "c1"), too_many);
    EXPECT_EQ(std::get<Refuse>(effects.list().back()).refusal.retry_after_ms, 100);
    EXPECT_EQ(join(3, "cy"), Result<void>()) << "only sends are limited";
    EXPECT_EQ(send(1, "bob", "under another name"), std::unexpected(kOtherName));
    submit();
    room.commit(effects);
    EXPECT_EQ(logged(), "#1 ann: 1\n#2 bob: 2\ncy entered the room.\n") << "the refused one is not stored";

    clock.now += 100'000;
    EXPECT_EQ(send(3, "cy", "3", "c1"), Result<void>()) << "the refusal has not used the id up";
    EXPECT_EQ(send(1, "ann", "4"), too_many);
    submit();
    room.commit(effects);
    EXPECT_EQ(logged(), "#3 cy: 3\n");
}

TEST_F(RoomTest, ASendUnderATakenNameTakesNothingFromTheOthers) {
    shared.limits.sends = {.per_second = 1, .burst = 2};
    EXPECT_EQ(send(1, "ann", "1"), Result<void>());
    for (int count = 0; count < 5; ++count) EXPECT_EQ(send(2, "Ann", "2"), std::unexpected(kTaken));
    EXPECT_EQ(send(1, "ann", "2"), Result<void>());
}

TEST_F(RoomTest, ManyRefusalsOfARoomsLimitCloseNobody) {
    shared.limits.sends = {.per_second = 1, .burst = 1};
    EXPECT_EQ(send(1, "ann", "1"), Result<void>());
    for (std::uint32_t count = 0; count < 2 * RateLimiter::kRefusalsToClose; ++count)
        EXPECT_EQ(send(1, "ann", "2"), std::unexpected(kRoomIsBusy));
    for_each<EndConnection>([](const EndConnection&) { ADD_FAILURE(); });
}

TEST_F(RoomTest, AFailedBatchGivesItsBytesBack) {
    // A leak of a few bytes in each round is visible after many rounds.
    const std::string text(1'000, 'x');
    for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(send(1, "ann", text, "an id")) << round;
        submit();
        ASSERT_TRUE(send(1, "ann", text, "another id")) << round;
        ASSERT_TRUE(leave(1, "ann")) << round;
        if (round % 3 == 0) {
            room.commit(effects);
            submit();
        }
        fail(true);
    }
}

/// A store that reports which event repeats an id.
class RoomOfReportingStore : public RoomTest {
protected:
    RoomOfReportingStore() : RoomTest(true) { shared.store_reports_repeats = true; }

    /// Without a lookup.
    void say(ConnectionId connection, std::string text, std::string id) {
        const std::string name = fmt::format("n{}", connection);
        ASSERT_TRUE(accept(connection, {EventKind::send, name, {}, std::move(text), std::move(id)}, now));
    }
    std::vector<std::string> looked_up() {
        keys = take_lookups();
        std::vector<std::string> ids;
        for (const SendKey& key : keys) ids.push_back(key.client_id);
        return ids;
    }
    /// The store has the id `known` in the event `seq`, and no other of the ids that were looked up.
    void resolve(std::string_view known, std::uint64_t seq) {
        std::vector<std::optional<Event>> found(keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (keys[i].client_id == known) found[i] = Event{.seq = seq, .name = "n1", .client_id = keys[i].client_id};
        room.resolve(keys, found, effects);
    }
    std::vector<SendKey> keys;
};

TEST_F(RoomOfReportingStore, NewIdsAreNotLookedUp) {
    say(1, "hello", "a");
    say(2, "hello", "a");
    EXPECT_THAT(looked_up(), IsEmpty());
    EXPECT_THAT(submit(), ElementsAre("1 hello", "2 hello"));
    room.commit(effects);
    EXPECT_THAT(take_answers(), ElementsAre("1 a 1", "2 a 2"));
}

TEST_F(RoomOfReportingStore, ARecentIdIsLookedUpFirst) {
    say(1, "hello", "a");
    submit();
    room.commit(effects);
    say(1, "hello", "a");
    EXPECT_THAT(submit(), IsEmpty());
    EXPECT_THAT(looked_up(), ElementsAre("a"));
}

TEST_F(RoomOfReportingStore, ARepeatMakesNoMember) {
    say(1, "hello", "a");
    submit();
    room.commit(effects);
    ASSERT_TRUE(leave(1, "n1"));
    EXPECT_THAT(names(), IsEmpty());
    const auto repeat = [&] { ASSERT_TRUE(accept(2, {EventKind::send, "n1", {}, "hello", "a"}, now)); };
    repeat();
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    resolve("a", 1);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_EQ(shared.members, 0U);
    EXPECT_EQ(leave(2, "n1"), std::unexpected(kUserNotFound));
    EXPECT_EQ(join(3, "n1"), Result<void>()) << "the name is free";
    ASSERT_TRUE(leave(3, "n1"));

    logged();
    repeat();
    ASSERT_TRUE(join(2, "n1"));
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    EXPECT_EQ(logged(), "");
    resolve("a", 1);
    EXPECT_THAT(names(), ElementsAre("n1")) << "it has joined meanwhile";
    EXPECT_EQ(logged(), "n1 entered the room.\n");
}

TEST_F(RoomOfReportingStore, EventsOfAMemberThatOnlyRepeatsHaveTheEffectThatTheyHaveAfterTheAnswer) {
    for (const char* const id : {"a", "b"}) say(1, "hello", id);
    submit();
    room.commit(effects);
    ASSERT_TRUE(leave(1, "n1"));
    ConnectionId connection = 3;
    // By letters: the repeats a and b, a new send c, a join, and a leave.
    const auto act = [&](char what) {
        if (what == 'j') return join(connection, "n1");
        if (what == 'l') return leave(connection, "n1");
        return accept(connection,
                      {EventKind::send, "n1", {}, "hello", std::string(1, what) + (what == 'c' ? "new" : "")}, now);
    };
    const auto answer = [&] {
        const std::vector<SendKey> asked = take_lookups();
        std::vector<std::optional<Event>> found(asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i)
            if (asked[i].client_id.size() == 1)
                found[i] = Event{.seq = 1, .name = "n1", .client_id = asked[i].client_id};
        if (!asked.empty()) room.resolve(asked, found, effects);
        submit();
        if (room.stored_by() != 0) room.commit(effects);
        EXPECT_EQ(room.view().online, room.online_in_log());
    };
    /// What everyone sees, without the seqs of sends, and the members afterwards. Then the connection ends.
    const auto outcome = [&](const std::string& acts, bool is_pipelined) {
        room.participants().add({.connection = ++connection});
        logged();
        for (const char what : acts) {
            std::ignore = act(what);
            if (!is_pipelined) answer();
        }
        answer();
        static const std::regex kSeq("#[0-9]+");
        std::string seen = std::regex_replace(logged(), kSeq, "#");
        seen += names().empty() ? "nobody" : names()[0];
        room.depart(connection, now, effects);
        answer();
        seen += std::regex_replace(logged(), kSeq, "#");
        EXPECT_THAT(names(), IsEmpty());
        EXPECT_EQ(shared.members, 0U);
        // The new id is free again for the next run.
        shared.recent_ids = RecentIds{1 << 20};
        for (const char* const id : {"a", "b"}) shared.recent_ids.add(2, id_text({2, "n1", id}));
        return seen;
    };
    std::vector<std::string> runs = {""};
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (runs[i].size() < 4)
            for (const char what : {'a', 'b', 'c', 'j', 'l'})
                if (what != 'c' || !runs[i].contains('c')) runs.push_back(runs[i] + what);
        const std::string one_by_one = outcome(runs[i], false);
        EXPECT_EQ(outcome(runs[i], true), one_by_one) << runs[i];
    }
    EXPECT_GT(runs.size(), 400U);
}

TEST_F(RoomOfReportingStore, ALeaveOfAMemberThatOnlyRepeatedIsRefused) {
    say(1, "hello", "a");
    submit();
    room.commit(effects);
    ASSERT_TRUE(leave(1, "n1"));
    logged();
    ASSERT_TRUE(accept(2, {EventKind::send, "n1", {}, "hello", "a"}, now));
    room.accept(2, {EventKind::leave, "n1", {}, {}, "l"}, now, effects);
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    resolve("a", 1);
    EXPECT_EQ(logged(), "");
    EXPECT_EQ(std::get<Refuse>(effects.list().back()).refusal.error, kUserNotFound);
    EXPECT_EQ(join(3, "n1"), Result<void>()) << "the name is free";
}

TEST_F(RoomOfReportingStore, AMemberThatMayHaveOnlyRepeatedIsNotListed) {
    const auto online = [&] {
        EXPECT_EQ(room.view().online, room.online_in_log());
        EXPECT_EQ(room.view().online, names().size());
        return room.online_in_log();
    };
    say(1, "hello", "a");
    EXPECT_EQ(online(), 0U) << "its send is not in the log, and says itself who it is from";
    submit();
    room.commit(effects);
    EXPECT_EQ(online(), 1U);
    ASSERT_TRUE(leave(1, "n1"));
    EXPECT_EQ(online(), 0U);

    ASSERT_TRUE(accept(2, {EventKind::send, "n1", {}, "hello", "a"}, now));
    EXPECT_EQ(online(), 0U);
    room.depart(2, now, effects);
    EXPECT_EQ(online(), 0U);
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    resolve("a", 1);
    EXPECT_EQ(online(), 0U);

    say(3, "new", "b");
    ASSERT_TRUE(accept(3, {EventKind::send, "n3", {}, "next", "c"}, now));
    EXPECT_EQ(online(), 0U);
    submit();
    room.commit(effects);
    EXPECT_EQ(online(), 1U);
}

TEST_F(RoomOfReportingStore, AMemberWhoseFirstSendIsRefusedIsListed) {
    say(1, "hello", "a");
    submit();
    room.fail(true, effects);
    EXPECT_THAT(names(), ElementsAre("n1"));
    EXPECT_EQ(room.online_in_log(), 1U);
}

TEST_F(RoomOfReportingStore, AConnectionThatOnlyRepeatedEndsWithoutALeave) {
    say(1, "hello", "a");
    submit();
    room.commit(effects);
    ASSERT_TRUE(leave(1, "n1"));
    logged();
    const auto repeat = [&] { ASSERT_TRUE(accept(2, {EventKind::send, "n1", {}, "hello", "a"}, now)); };
    repeat();
    room.depart(2, now, effects);
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    resolve("a", 1);
    EXPECT_EQ(logged(), "");
    EXPECT_EQ(shared.members, 0U);
    EXPECT_EQ(room.online_in_log(), 0U);
    ASSERT_TRUE(join(3, "n1")) << "the name is free";
    ASSERT_TRUE(leave(3, "n1"));
    logged();

    room.participants().add({.connection = 2});
    repeat();
    room.depart(2, now, effects);
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    resolve("none", 0);
    submit();
    room.commit(effects);
    EXPECT_EQ(logged(), "#2 n1: hello\nn1 has left the room.\n") << "it was new";
}

TEST_F(RoomOfReportingStore, AnIdThatTheStoreRefusesIsLookedUpAndTheOtherEventsKeepTheirOrder) {
    say(1, "one", "a");
    say(1, "again", "old");
    say(2, "three", "c");
    say(3, "four", "");
    ASSERT_TRUE(leave(3, "n3"));
    EXPECT_THAT(submit(), ElementsAre("1 one", "2 again", "3 three", "4 four"));
    room.commit_before(2, effects);
    EXPECT_EQ(room.last_seq(), 1);
    EXPECT_EQ(logged(), "#1 n1: one\n") << "the event before it is stored";
    EXPECT_THAT(take_answers(), ElementsAre("1 a 1"));
    say(2, "five", "e");
    EXPECT_THAT(submit(), IsEmpty()) << "later events wait";
    EXPECT_THAT(looked_up(), ElementsAre("old", "c"));
    resolve("old", 7);
    EXPECT_THAT(take_answers(), ElementsAre("1 old 7 again"));
    EXPECT_THAT(submit(), ElementsAre("2 three", "3 four", "4 five"));
    room.commit(effects);
    EXPECT_THAT(take_answers(), ElementsAre("2 c 2", "2 e 4"));
    EXPECT_EQ(logged(), "#2 n2: three\n#3 n3: four\nn3 has left the room.\n#4 n2: five\n");
}

TEST_F(RoomOfReportingStore, AnIdThatIsRefusedAndNotFoundIsRefusedAlone) {
    say(1, "odd", "x");
    say(2, "two", "b");
    submit();
    room.commit_before(1, effects);
    EXPECT_THAT(looked_up(), ElementsAre("x", "b"));
    resolve("", 0);
    EXPECT_THAT(submit(), ElementsAre("1 odd", "2 two"));
    room.commit_before(1, effects);
    EXPECT_THAT(take_answers(), ElementsAre("1 x 0"));
    EXPECT_THAT(looked_up(), IsEmpty());
    EXPECT_THAT(submit(), ElementsAre("1 two"));
}

TEST_F(RoomOfReportingStore, AnIdThatIsKnownNotToBeStoredIsNew) {
    say(1, "hello", "a");
    submit();
    say(1, "later", "b");
    fail(true);
    say(1, "hello", "a");
    say(1, "later", "b");
    EXPECT_THAT(looked_up(), IsEmpty());
    EXPECT_THAT(submit(), ElementsAre("1 hello", "2 later"));
}

TEST_F(RoomOfReportingStore, ARecentIdStaysKnownIfItFailsBeforeItsLookupIsAnswered) {
    say(1, "hello", "a");
    submit();
    room.commit(effects);
    say(2, "there", "b");
    submit();
    say(1, "hello", "a");
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    fail(true);
    say(1, "hello", "a");
    EXPECT_THAT(looked_up(), ElementsAre("a"));
}

TEST_F(RoomOfReportingStore, AnIdAfterARepeatIsNewAgainIfItCannotBeLookedUp) {
    say(1, "again", "old");
    say(2, "two", "b");
    submit();
    room.commit_before(1, effects);
    EXPECT_THAT(looked_up(), ElementsAre("old", "b"));
    room.resolve(keys, {}, effects);
    EXPECT_THAT(take_answers(), ElementsAre("1 old 0", "2 b 0"));
    say(1, "again", "old");
    say(2, "two", "b");
    EXPECT_THAT(looked_up(), ElementsAre("old")) << "the store has refused it once";
    resolve("old", 7);
    EXPECT_THAT(submit(), ElementsAre("1 two"));
}

TEST_F(RoomOfReportingStore, ARecentIdIsNotNewIfItCannotBeLookedUp) {
    say(1, "hello", "a");
    submit();
    room.commit(effects);
    say(1, "hello", "a");
    looked_up();
    room.resolve(keys, {}, effects);
    say(1, "hello", "a");
    EXPECT_THAT(looked_up(), ElementsAre("a"));
}

TEST_F(RoomOfReportingStore, RecoveryTellsWhichRefusedIdsAreStored) {
    say(1, "one", "a");
    say(2, "two", "b");
    submit();
    const Event one = submitted.at(0);
    EXPECT_THAT(fail(false), ElementsAre("1 a", "2 b"));
    room.recover({one}, effects);
    say(1, "one", "a");
    say(2, "two", "b");
    EXPECT_THAT(looked_up(), ElementsAre("a"));
    resolve("a", 1);
    EXPECT_THAT(submit(), ElementsAre("2 two"));
}

TEST_F(RoomTest, EveryIdIsLookedUpIfTheStoreDoesNotReportRepeats) {
    ASSERT_TRUE(accept(1, {EventKind::send, "ann", {}, "hello", "a"}, now));
    EXPECT_FALSE(can_submit());
}

}  // namespace
}  // namespace globes::chat
