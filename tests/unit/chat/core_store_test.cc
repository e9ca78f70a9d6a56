// The core's counters for `GET /metrics`.
#include <gtest/gtest.h>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

class CoreCountsTest : public CoreHarness {
protected:
    explicit CoreCountsTest(bool store_reports_repeats = false) : CoreHarness(store_reports_repeats) { load(); }
    const CoreCounts& counts = core.counts();
};

TEST_F(CoreCountsTest, RoomsAreThoseOfTheDirectory) {
    settle();
    EXPECT_EQ(counts.rooms.value(), 1U);
    const RoomId room = add_room("Hidden", Visibility::hidden_room);
    EXPECT_EQ(counts.rooms.value(), 2U);
    remove(record(room));
    settle();
    EXPECT_EQ(counts.rooms.value(), 1U);
}

TEST_F(CoreCountsTest, AMemberIsCountedFromItsNameToItsLeave) {
    enter({1, 2, 3});
    settle();
    EXPECT_EQ(counts.members.value(), 0U) << "no participant has a name";
    join(1, "ada");
    join(1, "ada");
    send(2, "bob", "hello");
    join(3, "Ada");
    settle();
    EXPECT_EQ(counts.members.value(), 2U);
    leave(1, "ada");
    depart(2);
    depart(3);
    settle();
    EXPECT_EQ(counts.members.value(), 0U);
}

TEST_F(CoreCountsTest, ATakeoverOfANameAddsNoMember) {
    enter(Entry{.connection = 1, .resumes = true, .session = "secret"});
    join(1, "ada");
    enter(Entry{.connection = 2, .resumes = true, .earlier_session = "secret"});
    settle();
    EXPECT_EQ(counts.members.value(), 1U);
    depart(2);
    settle();
    EXPECT_EQ(counts.members.value(), 0U);
}

TEST_F(CoreCountsTest, MembersOfADeletedRoomAreNotCounted) {
    const RoomId room = add_room("Deleted");
    enter({1}, room);
    join(1, "ada");
    settle();
    EXPECT_EQ(counts.members.value(), 1U);
    remove(record(room));
    settle();
    EXPECT_EQ(counts.members.value(), 0U);
}

TEST_F(CoreCountsTest, MessagesCountWhenTheyAreStored) {
    enter({1});
    send(1, "ann", "one");
    send(1, "ann", "two");
    run_batch();
    EXPECT_EQ(counts.sends_stored.value(), 0U);
    EXPECT_EQ(counts.in_flight.value(), 1U);
    settle();
    EXPECT_EQ(counts.sends_stored.value(), 2U);
    EXPECT_EQ(counts.in_flight.value(), 0U);
    EXPECT_EQ(counts.batches_committed.value(), 1U);
}

TEST_F(CoreCountsTest, BatchesCountByTheirOutcome) {
    enter({1});
    send(1, "ann", "refused");
    run_batch();
    store.fail();
    run_batch();
    EXPECT_EQ(counts.batches_failed.value(), 1U);
    EXPECT_EQ(counts.sends_stored.value(), 0U);
    send(1, "ann", "there after all");
    run_batch();
    store.answer_unknown(true);
    run_batch();
    EXPECT_EQ(counts.batches_unknown.value(), 1U);
    store.answer_read();
    settle();
    EXPECT_EQ(counts.batches_committed.value(), 0U);
    EXPECT_EQ(counts.sends_stored.value(), 1U) << "read back";
}

class CoreCountsOfReportingStore : public CoreCountsTest {
protected:
    CoreCountsOfReportingStore() : CoreCountsTest(true) {}
};

TEST_F(CoreCountsOfReportingStore, ABatchThatEndsAtARepeatDidNotFail) {
    enter({1});
    send(1, "ann", "new", "b");
    send(1, "ann", "old", "a");
    run_batch();
    store.commit_before(kPublicChatId, 2);
    run_batch();
    EXPECT_EQ(counts.batches_failed.value(), 0U);
    EXPECT_EQ(counts.batches_committed.value(), 1U);
}

}  // namespace
}  // namespace globes::chat
