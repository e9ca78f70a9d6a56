// The outcomes of batches: guarantees 1, 2, 6 and 7 of src/chat/store.h, and the result of `load_rooms`.
#include <gmock/gmock.h>

#include "contract/store_suite.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum CommitOutcome;
using namespace std::string_literals;

TEST_P(StoreSuite, IsEmptyAtFirst) {
    const StoredRooms stored = store().load_rooms();
    EXPECT_THAT(stored.rooms, IsEmpty());
    EXPECT_EQ(stored.next_room_id, 1);
}

TEST_P(StoreSuite, CommitsAnEmptyBatch) { EXPECT_EQ(commit(store(), {}), committed); }

TEST_P(StoreSuite, CommitsBatchesInTheOrderOfAppend) {
    // Each of them fails, or has a different result, if it is carried out before the previous one.
    std::vector<CommitOutcome> outcomes;
    const auto note = [&](CommitOutcome outcome) { outcomes.push_back(outcome); };
    store().append(batch_of(AppendEvent{sample_event(1, 1)}), note);
    store().append(batch_of(PutRoom{sample_room(1)}), note);
    store().append(batch_of(AppendEvent{sample_event(1, 1, "of the first room")}), note);
    store().append(batch_of(DeleteRoom{1}), note);
    store().append(batch_of(AppendEvent{sample_event(1, 2)}), note);
    store().append(batch_of(PutRoom{sample_room(1)}), note);
    store().append(batch_of(AppendEvent{sample_event(1, 1, "of the second room")}), note);
    ASSERT_EQ(commit(store(), {}), committed);
    EXPECT_THAT(outcomes, ElementsAre(failed, committed, committed, committed, failed, committed, committed));
    EXPECT_THAT(events_in(store(), 1), ElementsAre(sample_event(1, 1, "of the second room")));
}

TEST_P(StoreSuite, AppliesTheWritesOfABatchInTheirOrder) {
    EXPECT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1, "gone")}, DeleteRoom{1},
                                       PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1, "stays")})),
              committed);
    EXPECT_THAT(events_in(store(), 1), ElementsAre(sample_event(1, 1, "stays")));
    EXPECT_EQ(commit(store(), batch_of(AppendEvent{sample_event(2, 1)}, PutRoom{sample_room(2)})), failed);
}

TEST_P(StoreSuite, KeepsNothingOfAFailedBatch) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1, "first")})), committed);
    EXPECT_EQ(commit(store(), batch_of(AppendEvent{sample_event(1, 2)}, PutRoom{sample_room(2)},
                                       AppendEvent{sample_event(2, 1)}, AppendEvent{sample_event(1, 1, "again")})),
              failed);
    EXPECT_THAT(events_in(store(), 1), ElementsAre(sample_event(1, 1, "first")));
    EXPECT_THAT(events_in(store(), 2), IsEmpty());
    EXPECT_EQ(commit(store(), appends(2, 1, 1)), failed) << "the room must not exist";
}

TEST_P(StoreSuite, ARoomWhoseDeletionFailsStays) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 3)), committed);
    EXPECT_EQ(commit(store(), batch_of(DeleteRoom{1}, AppendEvent{sample_event(1, 4)})), failed);
    EXPECT_EQ(commit(store(), batch_of(DeleteRoom{1}, PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 9)},
                                       AppendEvent{sample_event(9, 1)})),
              failed);
    EXPECT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 9)},
                                       AppendEvent{sample_event(9, 1)})),
              failed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1, 2, 3));
    EXPECT_EQ(commit(store(), appends(1, 4, 4)), committed);
}

TEST_P(StoreSuite, RefusesASeqThatIsUsed) {
    Event second = sample_event(1, 1, "second");
    second.client_id = "not that of the first";
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), batch_of(AppendEvent{sample_event(1, 1, "first")})), committed);
    EXPECT_EQ(commit(store(), batch_of(AppendEvent{second})), failed);
    second.seq = 2;
    EXPECT_EQ(commit(store(), batch_of(AppendEvent{sample_event(1, 2)}, AppendEvent{second})), failed);
    EXPECT_THAT(events_in(store(), 1), ElementsAre(sample_event(1, 1, "first")));
    EXPECT_EQ(commit(store(), batch_of(AppendEvent{sample_event(2, 1)})), committed) << "in another room";
}

TEST_P(StoreSuite, FailsOnlyTheBatchThatBreaksARule) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    std::vector<CommitOutcome> outcomes;
    const auto note = [&](CommitOutcome outcome) { outcomes.push_back(outcome); };
    HeldWriter held(store());
    store().append(appends(1, 1, 2), note);
    store().append(appends(1, 2, 3), note);
    store().append(appends(1, 3, 4), note);
    store().append(appends(7, 1, 1), note);
    store().append(appends(1, 5, 5), note);
    held.let_go();
    ASSERT_EQ(commit(store(), {}), committed);
    EXPECT_THAT(outcomes, ElementsAre(committed, failed, committed, failed, committed));
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1, 2, 3, 4, 5));
}

TEST_P(StoreSuite, ADeletedRoomLosesItsEvents) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 2000)), committed);
    ASSERT_EQ(commit(store(), appends(2, 1, 2)), committed);
    ASSERT_EQ(commit(store(), batch_of(DeleteRoom{1})), committed);
    EXPECT_THAT(events_in(store(), 1), IsEmpty());
    EXPECT_THAT(seqs_in(store(), 2), ElementsAre(1, 2));
    EXPECT_EQ(commit(store(), appends(1, 2001, 2001)), failed);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1000)})), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1000));
}

TEST_P(StoreSuite, DeletingAnAbsentRoomIsNotAFault) { EXPECT_EQ(commit(store(), batch_of(DeleteRoom{5})), committed); }

TEST_P(StoreSuite, PuttingARoomAgainKeepsItsEvents) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1));
    EXPECT_EQ(commit(store(), appends(1, 1, 1)), failed);
}

TEST_P(StoreSuite, CommitsLargeBatches) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    const std::string text(16 * 1024, 'x');
    StoreBatch batch;
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) batch.push_back(AppendEvent{sample_event(1, seq, text)});
    ASSERT_EQ(commit(store(), std::move(batch)), committed);
    const std::vector<Event> events = events_in(store(), 1);
    ASSERT_EQ(events.size(), 1000);
    EXPECT_EQ(events.back(), sample_event(1, 1000, text));
}

TEST_P(StoreSuite, LoadsRoomsAfterAReopen) {
    RoomRecord room = sample_room(2);
    room.title = "Gr\xC3\xBC\xC3\x9F \xE4\xBD\xA0 \xF0\x9F\x8C\x8D \0'\""s;
    room.owned = false;
    room.visibility = Visibility::public_room;
    room.token_epoch = (std::uint64_t{1} << 62) + 1;
    room.owner_epoch = (std::uint64_t{1} << 62) + 3;
    room.salt = new_room_salt();
    room.old_keys_until = 0;
    room.retention_s = (std::uint64_t{1} << 62) + 2;
    room.max_events = 0;
    const RoomRecord hidden = sample_room(kEndOfRoomIds - 1);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{hidden}, PutRoom{sample_room(2)}, PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{room})), committed);
    ASSERT_EQ(commit(store(), appends(2, 1, 20)), committed);
    reopen();
    if (IsSkipped()) return;
    const StoredRooms stored = store().load_rooms();
    ASSERT_EQ(stored.rooms.size(), 3);
    EXPECT_EQ(stored.rooms[0].record, sample_room(1));
    EXPECT_EQ(stored.rooms[0].last_seq, 0);
    EXPECT_EQ(stored.rooms[0].first_seq, 1);
    EXPECT_EQ(stored.rooms[0].last_time, 0);
    EXPECT_EQ(stored.rooms[1].record, room);
    EXPECT_EQ(stored.rooms[1].last_seq, 20);
    EXPECT_EQ(stored.rooms[1].first_seq, 1);
    EXPECT_EQ(stored.rooms[1].last_time, sample_event(2, 20).time);
    EXPECT_EQ(stored.rooms[2].record, hidden);
    EXPECT_EQ(stored.next_room_id, 3) << "a random id does not count";
    EXPECT_EQ(seqs_in(store(), 2).size(), 20);
}

TEST_P(StoreSuite, FindsTheNewestEventOfEachOfManyRoomsAfterAReopen) {
    constexpr RoomId kRooms = 30;
    for (RoomId room = 1; room <= kRooms; ++room) {
        ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(room)})), committed);
        if (room == 1) continue;  // without events
        ASSERT_EQ(commit(store(), appends(room, 1, room - 1)), committed);
    }
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{.room = kRooms, .through_seq = kRooms - 1})), committed);
    reopen();
    if (IsSkipped()) return;
    const StoredRooms stored = store().load_rooms();
    ASSERT_EQ(stored.rooms.size(), kRooms);
    for (RoomId room = 1; room <= kRooms; ++room) {
        EXPECT_EQ(stored.rooms[room - 1].last_seq, room - 1);
        if (room == kRooms) continue;  // purged events may still be stored and determine the time
        EXPECT_EQ(stored.rooms[room - 1].last_time, room > 1 ? sample_event(room, room - 1).time : 0) << room;
    }
}

TEST_P(StoreSuite, NeverUsesACountedIdAgain) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(7)}, PutRoom{sample_room(3)})), committed);
    ASSERT_EQ(commit(store(), appends(7, 1, 1)), committed);
    ASSERT_EQ(commit(store(), batch_of(DeleteRoom{7}, DeleteRoom{3})), committed);
    reopen();
    if (IsSkipped()) return;
    const StoredRooms stored = store().load_rooms();
    EXPECT_THAT(stored.rooms, IsEmpty());
    EXPECT_EQ(stored.next_room_id, 8);
}

TEST_P(StoreSuite, CountsTheIdsOfRoomsThatAreCreatedAtOnce) {
    constexpr RoomId kAtOnce = 8;
    constexpr RoomId kEnd = 1 + 10 * kAtOnce;
    for (RoomId first = 1; first < kEnd; first += kAtOnce) {
        StoreBatch creations;
        StoreBatch deletions;
        for (RoomId id = first; id < first + kAtOnce; ++id) {
            creations.emplace_back(PutRoom{sample_room(id)});
            deletions.emplace_back(DeleteRoom{id});
        }
        ASSERT_EQ(commit(store(), std::move(creations)), committed);
        ASSERT_EQ(commit(store(), std::move(deletions)), committed);
        reopen();
        if (IsSkipped()) return;
        ASSERT_EQ(store().load_rooms().next_room_id, first + kAtOnce);
    }
}

TEST_P(StoreSuite, KeepsMoreThanAHundredRoomsAfterAReopen) {
    constexpr RoomId kRooms = 120;
    StoreBatch creations;
    for (RoomId id = 1; id <= kRooms; ++id) creations.emplace_back(PutRoom{sample_room(id)});
    ASSERT_EQ(commit(store(), std::move(creations)), committed);
    reopen();
    if (IsSkipped()) return;
    EXPECT_EQ(store().load_rooms().rooms.size(), kRooms);
}

TEST_P(StoreSuite, KeepsCommittedEventsAfterAReopen) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 3)), committed);
    reopen();
    if (IsSkipped()) return;
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1, 2, 3));
    EXPECT_EQ(commit(store(), appends(1, 3, 3)), failed);
    EXPECT_EQ(commit(store(), appends(1, 4, 4)), committed);
}

}  // namespace
}  // namespace globes::chat
