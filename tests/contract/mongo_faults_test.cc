// A MongoDB that is slow or unreachable, or that another process uses too: how store/mongo answers, and that it
// recovers.
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <future>
#include <thread>

#include "contract/ferretdb.h"
#include "contract/store_suite.h"
#include "store/mongo/mongo_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using enum CommitOutcome;
using Clock = std::chrono::steady_clock;

// Shorter than in production, so that calls time out within a test.
constexpr MongoTimes kHasty{
    .selection = 300ms, .connect = 300ms, .socket = 500ms, .lookup = 400ms, .batch = 800ms, .read = 800ms};
// A margin for a loaded machine.
constexpr std::chrono::milliseconds kInTime = kHasty.batch + 1s;

class MongoFaults : public testing::Test {
protected:
    void SetUp() override {
        if (!server_.uri().empty()) {
            store_ = open();
            return;
        }
        if (std::getenv("GLOBES_NEEDS_MONGODB") != nullptr) FAIL() << "no FerretDB to test with";
        GTEST_SKIP() << "no FerretDB to test with: scripts/install-ferretdb builds one";
    }

    std::unique_ptr<Store> open(MongoTimes times = kHasty) const {
        return open_mongo_store({.uri = server_.uri() + "faults", .times = times});
    }
    /// Appends until the event is stored; a batch with an unknown outcome may also store it.
    void append_at_last(RoomId room, std::uint64_t seq) const {
        while (true) {
            commit(*store_, appends(room, seq, seq));
            const EventPage page = read(*store_, {.room = room, .limit = 1, .keeps_newest = true});
            if (!page.events.empty() && page.events.back().seq == seq) return;
        }
    }
    std::vector<std::uint64_t> seqs_at_last(RoomId room) const {
        while (!read(*store_, {.room = room, .limit = 1}).ok) std::this_thread::yield();
        return seqs_in(*store_, room);
    }

    Ferretdb server_;
    std::unique_ptr<Store> store_;
};

TEST_F(MongoFaults, FailsUnsentBatchesAndContinuesWhenTheServerIsBack) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    server_.kill();
    const auto begun = Clock::now();
    EXPECT_NE(commit(*store_, appends(1, 2, 2)), committed);
    EXPECT_EQ(commit(*store_, appends(1, 3, 3)), failed) << "nothing was sent";
    EXPECT_FALSE(ping(*store_));
    EXPECT_FALSE(find_sends(*store_, {{1, "david", "c1"}}).ok);
    EXPECT_LT(Clock::now() - begun, 4 * kInTime);
    server_.restart();
    ASSERT_THAT(seqs_at_last(1).front(), 1);
    append_at_last(1, 4);
    EXPECT_EQ(seqs_in(*store_, 1).back(), 4);
    EXPECT_TRUE(ping(*store_));
}

TEST_F(MongoFaults, AnswersInTimeThoughTheServerDoesNotReply) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    server_.pause();
    std::atomic<int> late = 0;
    std::latch answered(9);
    const auto note = [&, begun = Clock::now()] {
        late += Clock::now() - begun > kInTime;
        answered.count_down();
    };
    for (std::uint64_t seq = 1; seq <= 3; ++seq) {
        store_->append(appends(1 + seq % 2, seq, seq), [note](CommitOutcome) { note(); });
        store_->read_events({.room = 1, .limit = 1}, [note](const EventPage&) { note(); });
        store_->ping([note](bool) { note(); });
    }
    answered.wait();
    EXPECT_EQ(late, 0);
    server_.go_on();
}

TEST_F(MongoFaults, CompletesBatchesThatItBegan) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    server_.pause();
    StoreBatch batch = appends(1, 1, 3);
    batch.push_back(AppendEvent{sample_event(2, 1)});
    EXPECT_EQ(commit(*store_, std::move(batch)), unknown);
    EXPECT_FALSE(read(*store_, {.room = 1, .limit = 1}).ok) << "it may still be stored";
    // Longer than the driver waits for a reply on the connection.
    std::this_thread::sleep_for(2 * kHasty.socket);
    server_.go_on();
    EXPECT_THAT(seqs_at_last(1), ElementsAre(1, 2, 3));
    EXPECT_THAT(seqs_at_last(2), ElementsAre(1));
    EXPECT_EQ(commit(*store_, appends(1, 4, 4)), committed);
    EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2, 3, 4));
}

TEST_F(MongoFaults, RollsBackAChangeOfARoomWithAnUnknownOutcome) {
    // All three use one connection: a new connection would send nothing while the server is paused.
    constexpr RoomId kDeleted = 5;
    constexpr RoomId kNew = 9;
    RoomRecord changed = sample_room(1);
    changed.title = "Changed";
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(kDeleted)})), committed);
    std::uint64_t seq = 0;
    for (const StoreWrite& write :
         {StoreWrite(PutRoom{changed}), StoreWrite(PutRoom{sample_room(kNew)}), StoreWrite(DeleteRoom{kDeleted})}) {
        server_.pause();
        EXPECT_EQ(commit(*store_, {write}), unknown);
        server_.go_on();
        append_at_last(1, ++seq);
    }
    EXPECT_EQ(commit(*store_, batch_of(PutRoom{changed})), committed);
    EXPECT_EQ(commit(*store_, appends(kDeleted, 1, 1)), committed);
    store_->stop();
    const StoredRooms stored = open()->load_rooms();
    ASSERT_EQ(stored.rooms.size(), 2);
    EXPECT_EQ(stored.rooms[0].record, changed);
    EXPECT_EQ(stored.rooms[1].record, sample_room(kDeleted));
}

TEST_F(MongoFaults, StopsInTimeThoughACallBlocks) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    store_ = open({.selection = 300ms, .connect = 300ms, .socket = 20s, .batch = 800ms});
    server_.pause();
    store_->append(appends(1, 1, 1), [](CommitOutcome) {});
    const auto begun = Clock::now();
    store_->stop();
    EXPECT_LT(Clock::now() - begun, 3s);
    server_.go_on();
}

TEST_F(MongoFaults, TheOlderOfTwoWritersStopsWritingInAllRoomsAtItsFirstConflictWithTheNewer) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(*store_, appends(1, 1, 1)), committed);
    const auto newer = open();
    Event other = sample_event(1, 2, "of the newer one");
    ASSERT_EQ(commit(*newer, batch_of(AppendEvent{other})), committed);
    EXPECT_NE(commit(*store_, appends(1, 2, 4)), committed);
    EXPECT_EQ(commit(*store_, appends(1, 5, 5)), failed);
    EXPECT_EQ(commit(*store_, appends(2, 1, 1)), failed) << "in another room";
    EXPECT_EQ(commit(*store_, batch_of(PutRoom{sample_room(3)})), failed);
    EXPECT_FALSE(ping(*store_)) << "it is not ready";
    EXPECT_EQ(commit(*newer, appends(1, 3, 3)), committed);
    EXPECT_TRUE(ping(*newer));
    EXPECT_THAT(events_in(*newer, 1), ElementsAre(sample_event(1, 1), other, sample_event(1, 3)));
    EXPECT_THAT(seqs_in(*newer, 2), ElementsAre());
}

TEST_F(MongoFaults, TheOlderOfTwoWritersStopsWithinAHeartbeatWithoutAConflict) {
    MongoTimes times = kHasty;
    times.heartbeat = 50ms;
    const auto older = open(times);
    ASSERT_EQ(commit(*older, batch_of(PutRoom{sample_room(1)})), committed);
    const auto newer = open();
    const auto begun = Clock::now();
    std::uint64_t seq = 1;
    while (commit(*older, appends(1, seq, seq)) == committed && Clock::now() - begun < 30s) ++seq;
    EXPECT_EQ(commit(*older, appends(1, seq, seq)), failed);
    EXPECT_EQ(commit(*newer, appends(1, seq, seq)), committed);
}

TEST_F(MongoFaults, AnOlderWriterChangesNoRoomAfterANewerHasStarted) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    const auto newer = open();
    EXPECT_EQ(commit(*store_, batch_of(DeleteRoom{1})), failed) << "before any heartbeat";
    EXPECT_EQ(commit(*newer, appends(1, 1, 1)), committed);
    EXPECT_EQ(open()->load_rooms().rooms.size(), 1);
}

TEST_F(MongoFaults, EventsThatAnOlderWriterStoredBeforeAConflictStay) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    const auto newer = open();
    const Event second = sample_event(1, 2, "of the newer one");
    ASSERT_EQ(commit(*newer, batch_of(AppendEvent{second})), committed);
    EXPECT_EQ(commit(*store_, appends(1, 1, 3)), unknown)
        << "the first event is stored, and the newer process may have read it";
    EXPECT_THAT(events_in(*newer, 1), ElementsAre(sample_event(1, 1), second));
}

/// The outcomes of a batch in rooms 1, 2 and 5; rooms 1 and 5 use the same connection.
std::array<CommitOutcome, 3> outcomes(Store& store, StoreBatch batch) {
    std::promise<BatchOutcome> promise;
    store.append(std::move(batch), [&](BatchOutcome outcome) { promise.set_value(std::move(outcome)); });
    const BatchOutcome outcome = promise.get_future().get();
    return {outcome.of(1), outcome.of(2), outcome.of(5)};
}

StoreBatch said_in_three_rooms(std::uint64_t seq) {
    return batch_of(AppendEvent{sample_event(2, seq)}, AppendEvent{sample_event(1, seq)},
                    AppendEvent{sample_event(5, seq)});
}

TEST_F(MongoFaults, AForeignWriteInOneRoomAffectsNoOtherRoom) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)}, PutRoom{sample_room(5)})),
              committed);
    const auto newer = open();
    ASSERT_EQ(commit(*store_, batch_of(AppendEvent{sample_event(1, 1, "late")})), committed);
    EXPECT_THAT(outcomes(*newer, said_in_three_rooms(1)), ElementsAre(unknown, committed, committed));
    EXPECT_THAT(seqs_in(*newer, 1), ElementsAre(1));
    EXPECT_THAT(seqs_in(*newer, 2), ElementsAre(1));
}

TEST_F(MongoFaults, EventsThatAnOlderProcessSentLateAreReadBack) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    const auto newer = open();
    const Event late = sample_event(1, 1, "late");
    ASSERT_EQ(commit(*store_, batch_of(AppendEvent{late})), committed);
    Event mine = sample_event(1, 1, "mine");
    mine.client_id = "mine";
    EXPECT_EQ(commit(*newer, batch_of(AppendEvent{mine})), unknown);
    EXPECT_THAT(events_in(*newer, 1), ElementsAre(late));
    mine.seq = 2;
    EXPECT_EQ(commit(*newer, batch_of(AppendEvent{mine})), committed);
    EXPECT_THAT(events_in(*newer, 1), ElementsAre(late, mine));
}

TEST_F(MongoFaults, AnImportIsRefusedWhileAServerRuns) {
    MongoTimes times = kHasty;
    times.heartbeat = 200ms;
    const auto import = [&] {
        return open_mongo_store({.uri = server_.uri() + "faults", .use = MongoUse::import, .times = times});
    };
    store_->stop();
    EXPECT_NE(import(), nullptr) << "a server that has ended does not count";
    const auto serving = open(times);
    EXPECT_THAT(import, testing::ThrowsMessage<std::runtime_error>(HasSubstr("a server runs on it")));
    EXPECT_EQ(commit(*serving, batch_of(PutRoom{sample_room(1)})), committed) << "the import did not take over";
    serving->stop();
    EXPECT_NE(import(), nullptr);
}

TEST_F(MongoFaults, AReadOnlyStoreChangesNothingAndRejectsAWrongDatabaseName) {
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    const auto open_to_read = [&](std::string_view database) {
        return open_mongo_store({.uri = server_.uri() + std::string(database), .use = MongoUse::read, .times = kHasty});
    };
    EXPECT_THAT(seqs_in(*open_to_read("faults"), 1), ElementsAre(1, 2, 3));
    EXPECT_EQ(commit(*store_, appends(1, 4, 4)), committed) << "the server continues to write";
    EXPECT_THAT([&] { open_to_read("fautls"); },
                testing::ThrowsMessage<std::runtime_error>(HasSubstr("holds no rooms")));
}

TEST(MongoOpening, NamesTheHostsAndTheCauseButNeverThePassword) {
    try {
        open_mongo_store({.uri = "mongodb://anna:topsecret@127.0.0.1:1/", .times = kHasty});
        FAIL() << "opened a store without a server";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("MongoDB at 127.0.0.1:1, database chat_server: cannot be reached"),
                                        Not(HasSubstr("topsecret")), Not(HasSubstr("anna"))));
    }
}

}  // namespace
}  // namespace globes::store
