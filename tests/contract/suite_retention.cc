// Purged and expired events: `PurgeEvents`, `EventQuery::expiry` and the first remaining seq.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "contract/store_suite.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum CommitOutcome;

constexpr std::uint64_t kNoSeq = ~std::uint64_t{0};

Event event_at(std::uint64_t seq, UnixMicros time) {
    Event event = sample_event(1, seq);
    event.time = time;
    return event;
}

/// Events before `time` have expired.
Expiry older_than(UnixMicros time) { return {.now = 2 * time, .period = time}; }

TEST_P(StoreSuite, PurgesARoomsOldestEvents) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), appends(2, 1, 3)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 4})), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(5, 6));
    EXPECT_THAT(seqs_in(store(), 2), ElementsAre(1, 2, 3));
    for (const std::uint64_t through_seq : {0U, 3U, 4U})
        EXPECT_EQ(commit(store(), batch_of(PurgeEvents{1, through_seq})), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(5, 6));
    EXPECT_EQ(commit(store(), batch_of(PurgeEvents{7, 4})), committed) << "no effect if the room does not exist";
}

TEST_P(StoreSuite, APurgedSeqStaysUsed) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 4})), committed);
    EXPECT_EQ(commit(store(), appends(1, 2, 2)), failed);
    EXPECT_EQ(commit(store(), appends(1, 4, 4)), failed);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(commit(store(), appends(1, 4, 4)), failed) << "also before another change of the room";
    EXPECT_EQ(commit(store(), appends(1, 7, 7)), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(5, 6, 7));
}

TEST_P(StoreSuite, ContinuesAfterEverythingWasPurged) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, kNoSeq})), committed);
    EXPECT_THAT(seqs_in(store(), 1), IsEmpty());
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 7);
    EXPECT_EQ(commit(store(), appends(1, 6, 6)), failed);
    EXPECT_EQ(commit(store(), appends(1, 7, 8)), committed) << "only events that exist are purged";
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(7, 8));
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 7);
}

TEST_P(StoreSuite, ARoomThatIsCreatedAgainStartsAtSeq1) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 4}, DeleteRoom{1}, PurgeEvents{1, 5})), committed);
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 1);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 1);
    EXPECT_EQ(commit(store(), appends(1, 1, 1)), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1));
}

TEST_P(StoreSuite, PurgesInTheOrderOfABatch) {
    StoreBatch batch = batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)}, PurgeEvents{1, 2},
                                AppendEvent{sample_event(1, 2)}, AppendEvent{sample_event(1, 3)}, PurgeEvents{1, 2},
                                AppendEvent{sample_event(1, 4)});
    ASSERT_EQ(commit(store(), std::move(batch)), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(3, 4));
    EXPECT_EQ(
        commit(store(), batch_of(AppendEvent{sample_event(1, 5)}, PurgeEvents{1, 5}, AppendEvent{sample_event(1, 5)})),
        failed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(3, 4));
}

TEST_P(StoreSuite, AFailedBatchPurgesNothing) {
    const AppendEvent fault{sample_event(99, 1)};
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 1})), committed);
    const std::vector<Event> before = events_in(store(), 1);
    EXPECT_EQ(commit(store(), batch_of(PurgeEvents{1, 4}, fault)), failed);
    EXPECT_EQ(commit(store(), batch_of(PurgeEvents{1, 4}, AppendEvent{sample_event(1, 7)}, PurgeEvents{1, kNoSeq},
                                       AppendEvent{sample_event(1, 8)}, DeleteRoom{1}, fault)),
              failed);
    EXPECT_EQ(events_in(store(), 1), before);
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 2);
    EXPECT_EQ(commit(store(), appends(1, 1, 1)), failed);
    EXPECT_EQ(commit(store(), appends(1, 7, 7)), committed);
}

TEST_P(StoreSuite, ReturnsTheFirstSeqForEveryQuery) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(read(store(), {.room = 1, .limit = 1}).first_seq, 1) << "no event exists";
    ASSERT_EQ(commit(store(), appends(1, 1, 9)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 3})), committed);
    for (const EventQuery& query :
         {EventQuery{.room = 1, .limit = 3}, EventQuery{.room = 1}, EventQuery{.room = 1, .after = 6, .limit = 1},
          EventQuery{.room = 1, .after = 50}, EventQuery{.room = 1, .before = 2, .limit = 1, .keeps_newest = true}})
        EXPECT_EQ(read(store(), query).first_seq, 4);
    EXPECT_THAT(seqs_of(read(store(), {.room = 1, .after = 1, .limit = 2})), ElementsAre(4, 5));
}

TEST_P(StoreSuite, ReadsDoNotReturnExpiredEvents) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), batch_of(AppendEvent{event_at(1, 100)}, AppendEvent{event_at(2, 200)},
                                       AppendEvent{event_at(3, 200)}, AppendEvent{event_at(4, 300)},
                                       AppendEvent{event_at(5, 400)})),
              committed);
    const auto page = [&](UnixMicros not_before, std::uint64_t after = 0, std::uint64_t before = 0, bool newest = false,
                          std::size_t limit = 2) {
        return read(store(), {.room = 1,
                              .after = after,
                              .before = before,
                              .limit = limit,
                              .keeps_newest = newest,
                              .expiry = older_than(not_before)});
    };
    EXPECT_THAT(seqs_of(page(0)), ElementsAre(1, 2));
    EXPECT_THAT(seqs_of(page(100)), ElementsAre(1, 2));
    EXPECT_THAT(seqs_of(page(101)), ElementsAre(2, 3));
    EXPECT_THAT(seqs_of(page(200)), ElementsAre(2, 3));
    EXPECT_THAT(seqs_of(page(201)), ElementsAre(4, 5));
    EXPECT_THAT(seqs_of(page(201, 4)), ElementsAre(5));
    EXPECT_THAT(seqs_of(page(201, 0, 4)), IsEmpty());
    EXPECT_THAT(seqs_of(page(201, 0, 5, true)), ElementsAre(4));
    EXPECT_THAT(seqs_of(page(101, 0, 0, true, 10)), ElementsAre(2, 3, 4, 5));
    EXPECT_THAT(seqs_of(page(401)), IsEmpty());
    EXPECT_EQ(page(101, 3).first_seq, 2);
    EXPECT_EQ(page(201, 0, 2).first_seq, 4);
    EXPECT_EQ(page(401).first_seq, 6) << "all events have expired";
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 3})), committed);
    EXPECT_EQ(page(101).first_seq, 4) << "it was purged before it expired";
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 5})), committed);
    EXPECT_EQ(page(101).first_seq, 6);
    EXPECT_EQ(read(store(), {.room = 77, .expiry = older_than(101)}).first_seq, 1) << "the room does not exist";
}

TEST_P(StoreSuite, FindsTheFirstUnexpiredEventAmongAnyNumber) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    for (std::uint64_t last = 1; last <= 33; ++last) {
        ASSERT_EQ(commit(store(), batch_of(AppendEvent{event_at(last, static_cast<UnixMicros>(last * 10))})),
                  committed);
        const std::uint64_t purged_seq = last / 8 * 4;
        ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, purged_seq})), committed);
        for (std::uint64_t first = 1; first <= last + 1; ++first) {
            const EventPage page =
                read(store(), {.room = 1, .limit = 1, .expiry = older_than(static_cast<UnixMicros>(first * 10 - 5))});
            const std::uint64_t expected = std::max(first, purged_seq + 1);
            ASSERT_EQ(page.first_seq, expected) << "of " << last;
            ASSERT_EQ(seqs_of(page), expected > last ? std::vector<std::uint64_t>() : std::vector{expected});
        }
    }
}

// --- times of a wrong clock ------------------------------------------------------------------------------------------

constexpr UnixMicros kSecond = 1'000'000;
constexpr UnixMicros kHour = 3600 * kSecond;
constexpr UnixMicros kYear = 365 * 24 * kHour;
constexpr UnixMicros kBegin = 1'607'030'634 * kSecond;  // in 2020
constexpr UnixMicros kIn2038 = 2'147'483'648 * kSecond;
constexpr UnixMicros kSpacing = 60 * kSecond;
constexpr UnixMicros kPeriod = 600 * kSecond;

UnixMicros true_time(std::uint64_t seq) { return kBegin + static_cast<UnixMicros>(seq) * kSpacing; }

/// `last` events, one a minute; the times of `count` events from `first_wrong` on are wrong by `jump`.
std::vector<Event> events_of_a_wrong_clock(std::uint64_t last, std::uint64_t first_wrong, std::uint64_t count,
                                           UnixMicros jump) {
    std::vector<Event> events;
    for (std::uint64_t seq = 1; seq <= last; ++seq) {
        const bool is_wrong = seq >= first_wrong && seq < first_wrong + count;
        events.push_back(event_at(seq, true_time(seq) + (is_wrong ? jump : 0)));
    }
    return events;
}

void put(Store& store, const std::vector<Event>& events) {
    StoreBatch batch = batch_of(PutRoom{sample_room(1)});
    for (const Event& event : events) batch.emplace_back(AppendEvent{event});
    ASSERT_EQ(commit(store, std::move(batch)), committed);
}

Expiry expiry_at(UnixMicros now) { return {.now = now, .period = kPeriod}; }

std::uint64_t first_seq_at(Store& store, UnixMicros now) {
    return read(store, {.room = 1, .limit = 1, .expiry = expiry_at(now)}).first_seq;
}

TEST_P(StoreSuite, StoresTimesUnchangedHoweverTheyJump) {
    const std::vector<UnixMicros> times = {
        kBegin,   kBegin + 5,   kBegin - 3 * kSecond, 0, 1, kIn2038 - 1, kIn2038, kIn2038 + kYear, kBegin - kYear,
        -kSecond, -kSecond - 1, kBegin + kSecond};
    std::vector<Event> events;
    for (const UnixMicros time : times) events.push_back(event_at(events.size() + 1, time));
    put(store(), events);
    EXPECT_EQ(events_in(store(), 1), events);
}

TEST_P(StoreSuite, AnEventFromTheFutureExpiresWithTheNextOne) {
    constexpr std::uint64_t kLast = 40;
    constexpr std::uint64_t kWrong = 20;
    for (const UnixMicros jump : {kHour / 12, kHour, kYear, kIn2038 - kBegin}) {
        put(store(), events_of_a_wrong_clock(kLast, kWrong, 1, jump));
        for (std::uint64_t minute = kWrong; minute <= kLast + 10; ++minute) {
            // The oldest event that is ten minutes old by its true time …
            std::uint64_t expected = minute <= 10 ? 1 : minute - 10;
            // … and the wrong one, until a later event has expired.
            if (expected == kWrong + 1) expected = kWrong;
            ASSERT_EQ(first_seq_at(store(), true_time(minute)), expected) << jump << " in minute " << minute;
        }
        ASSERT_EQ(first_seq_at(store(), true_time(kLast + 11)), kLast + 1);
        ASSERT_EQ(commit(store(), batch_of(DeleteRoom{1})), committed);
    }
}

TEST_P(StoreSuite, AnEventFromThePastExpiresNoOtherEvent) {
    constexpr std::uint64_t kLast = 40;
    constexpr std::uint64_t kWrong = 20;
    for (const UnixMicros jump : {-kHour, -kYear, -kBegin}) {
        put(store(), events_of_a_wrong_clock(kLast, kWrong, 3, jump));
        for (std::uint64_t minute = kWrong + 3; minute <= kLast + 10; ++minute) {
            std::uint64_t expected = minute - 10;
            // They expire with the last event before them.
            if (expected >= kWrong && expected < kWrong + 3) expected = kWrong + 3;
            ASSERT_EQ(first_seq_at(store(), true_time(minute)), expected) << jump << " in minute " << minute;
        }
        ASSERT_EQ(commit(store(), batch_of(DeleteRoom{1})), committed);
    }
}

TEST_P(StoreSuite, AClockThatStepsBackLessThanThePeriodExpiresNoMoreThanTheStep) {
    constexpr std::uint64_t kLast = 40;
    constexpr std::uint64_t kWrong = 20;
    for (const UnixMicros jump : {-kSecond, -kPeriod / 2}) {
        put(store(), events_of_a_wrong_clock(kLast, kWrong, 1, jump));
        for (std::uint64_t minute = kWrong; minute <= kLast + 10; ++minute) {
            const std::uint64_t first_seq = first_seq_at(store(), true_time(minute));
            const std::uint64_t due = minute <= 10 ? 1 : minute - 10;
            ASSERT_GE(first_seq, due);
            if (first_seq > 1) {
                ASSERT_LE(true_time(first_seq - 1), true_time(minute) - kPeriod - jump);
            }
        }
        ASSERT_EQ(commit(store(), batch_of(DeleteRoom{1})), committed);
    }
}

TEST_P(StoreSuite, ALongTimeOfAWrongClockEndsWhenTheRoomHasContinuedForAsLong) {
    constexpr std::uint64_t kLast = 400;
    put(store(), events_of_a_wrong_clock(kLast, 100, 50, kYear));
    for (std::uint64_t minute = 210; minute <= kLast + 10; ++minute)
        ASSERT_EQ(first_seq_at(store(), true_time(minute)), minute - 10) << "in minute " << minute;
    EXPECT_EQ(first_seq_at(store(), true_time(kLast + 11)), kLast + 1);
    ASSERT_EQ(commit(store(), batch_of(DeleteRoom{1})), committed);
    put(store(), events_of_a_wrong_clock(kLast, 100, 300, kYear));
    EXPECT_EQ(first_seq_at(store(), true_time(kLast + 11)), kLast + 1) << "the newest event has expired";
}

TEST_P(StoreSuite, ReadersNeverSeeHalfAPurge) {
    constexpr std::uint64_t kEvents = 400;
    constexpr UnixMicros kBeforeAll = 1;
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 10)), committed);
    std::atomic<bool> is_over = false;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!is_over) {
                const EventPage page = read(store(), {.room = 1, .limit = 20, .expiry = older_than(kBeforeAll)});
                ASSERT_TRUE(page.ok);
                ASSERT_EQ(page.events.size(), 10);
                ASSERT_EQ(page.events.front().seq, page.first_seq);
                ASSERT_EQ(page.events.back().seq, page.first_seq + 9);
            }
        });
    }
    for (std::uint64_t seq = 11; seq <= kEvents; ++seq)
        EXPECT_EQ(commit(store(), batch_of(PurgeEvents{1, seq - 10}, AppendEvent{sample_event(1, seq)})), committed);
    is_over = true;
}

TEST_P(StoreSuite, KeepsPurgedSeqsAfterAReopen) {
    for (RoomId room = 1; room <= 3; ++room) {
        ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(room)})), committed);
        ASSERT_EQ(commit(store(), appends(room, 1, 9)), committed);
    }
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 9}, PurgeEvents{2, 4})), committed);
    reopen();
    if (IsSkipped()) return;
    const StoredRooms stored = store().load_rooms();
    ASSERT_EQ(stored.rooms.size(), 3);
    EXPECT_EQ(stored.rooms[0].first_seq, 10);
    EXPECT_EQ(stored.rooms[1].first_seq, 5);
    EXPECT_EQ(stored.rooms[2].first_seq, 1);
    for (const StoredRoom& room : stored.rooms) EXPECT_EQ(room.last_seq, 9);
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 10);
    EXPECT_EQ(commit(store(), appends(1, 9, 9)), failed);
    EXPECT_EQ(commit(store(), appends(1, 10, 10)), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(10));
    EXPECT_THAT(seqs_in(store(), 2), ElementsAre(5, 6, 7, 8, 9));
}

}  // namespace
}  // namespace globes::chat
