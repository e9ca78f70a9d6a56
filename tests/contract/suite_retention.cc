// What is purged and what has expired: `PurgeEvents`, `EventQuery::not_before` and the first seq that is left.
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
    EXPECT_EQ(commit(store(), batch_of(PurgeEvents{7, 4})), committed) << "nothing, where there is no room";
}

TEST_P(StoreSuite, APurgedSeqStaysTaken) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 4})), committed);
    EXPECT_EQ(commit(store(), appends(1, 2, 2)), failed);
    EXPECT_EQ(commit(store(), appends(1, 4, 4)), failed);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(commit(store(), appends(1, 4, 4)), failed) << "also before the room was changed";
    EXPECT_EQ(commit(store(), appends(1, 7, 7)), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(5, 6, 7));
}

TEST_P(StoreSuite, GoesOnAfterEverythingWasPurged) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 6)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, kNoSeq})), committed);
    EXPECT_THAT(seqs_in(store(), 1), IsEmpty());
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 7);
    EXPECT_EQ(commit(store(), appends(1, 6, 6)), failed);
    EXPECT_EQ(commit(store(), appends(1, 7, 8)), committed) << "only what was there is purged";
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(7, 8));
    EXPECT_EQ(read(store(), {.room = 1}).first_seq, 7);
}

TEST_P(StoreSuite, ARoomMadeAgainBeginsAnew) {
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

TEST_P(StoreSuite, PurgesNothingForABatchThatFails) {
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

TEST_P(StoreSuite, TellsTheFirstSeqWhateverIsAsked) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(read(store(), {.room = 1, .limit = 1}).first_seq, 1) << "nothing was said";
    ASSERT_EQ(commit(store(), appends(1, 1, 9)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 3})), committed);
    for (const EventQuery& query :
         {EventQuery{.room = 1, .limit = 3}, EventQuery{.room = 1}, EventQuery{.room = 1, .after = 6, .limit = 1},
          EventQuery{.room = 1, .after = 50}, EventQuery{.room = 1, .before = 2, .limit = 1, .newest_first_cut = true}})
        EXPECT_EQ(read(store(), query).first_seq, 4);
    EXPECT_THAT(seqs_of(read(store(), {.room = 1, .after = 1, .limit = 2})), ElementsAre(4, 5));
}

TEST_P(StoreSuite, ExpiredEventsAreGoneForReads) {
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
                              .newest_first_cut = newest,
                              .not_before = not_before});
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
    EXPECT_EQ(page(401).first_seq, 6) << "nothing is left";
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 3})), committed);
    EXPECT_EQ(page(101).first_seq, 4) << "it was purged before it expired";
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 5})), committed);
    EXPECT_EQ(page(101).first_seq, 6);
    EXPECT_EQ(read(store(), {.room = 77, .not_before = 101}).first_seq, 1) << "of no room";
}

TEST_P(StoreSuite, FindsTheFirstThatHasNotExpiredAmongAnyNumber) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    for (std::uint64_t last = 1; last <= 33; ++last) {
        ASSERT_EQ(commit(store(), batch_of(AppendEvent{event_at(last, static_cast<UnixMicros>(last * 10))})),
                  committed);
        const std::uint64_t purged_seq = last / 8 * 4;
        ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, purged_seq})), committed);
        for (std::uint64_t first = 1; first <= last + 1; ++first) {
            const EventPage page =
                read(store(), {.room = 1, .limit = 1, .not_before = static_cast<UnixMicros>(first * 10 - 5)});
            const std::uint64_t expected = std::max(first, purged_seq + 1);
            ASSERT_EQ(page.first_seq, expected) << "of " << last;
            ASSERT_EQ(seqs_of(page), expected > last ? std::vector<std::uint64_t>() : std::vector{expected});
        }
    }
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
                const EventPage page = read(store(), {.room = 1, .limit = 20, .not_before = kBeforeAll});
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

TEST_P(StoreSuite, RemembersWhatWasPurgedThroughAReopen) {
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
