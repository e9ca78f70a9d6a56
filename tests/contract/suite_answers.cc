// How answers arrive: guarantees 3 and 10 of src/chat/store.h, the limits of the queues, and the state after `stop`.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <numeric>
#include <thread>

#include "contract/store_suite.h"

namespace globes::chat {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using enum CommitOutcome;
using namespace std::chrono_literals;

// So that a test that would never end fails instead.
constexpr auto kGivesUpAfter = 30s;

TEST_P(StoreSuite, AnswersOnAThreadOfItsOwn) {
    std::thread::id of_append;
    std::thread::id of_read;
    std::thread::id of_find;
    std::thread::id of_ping;
    std::latch answered(4);
    const auto note = [&](std::thread::id& id) {
        id = std::this_thread::get_id();
        answered.count_down();
    };
    store().append({}, [&](CommitOutcome) { note(of_append); });
    store().read_events({.room = 1, .limit = 1}, [&](const EventPage&) { note(of_read); });
    store().find_sends({{.room = 1, .folded_name = "david", .client_id = "c1"}},
                       [&](const SendLookup&) { note(of_find); });
    store().ping([&](bool) { note(of_ping); });
    answered.wait();
    for (const std::thread::id id : {of_append, of_read, of_find, of_ping}) EXPECT_NE(id, std::this_thread::get_id());
}

TEST_P(StoreSuite, AnswersEveryBatchOnceAndInOrder) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    std::vector<std::uint64_t> answered;
    for (std::uint64_t seq = 1; seq <= 500; ++seq)
        store().append(appends(1, seq, seq), [&answered, seq](CommitOutcome) { answered.push_back(seq); });
    ASSERT_EQ(commit(store(), {}), committed);
    std::vector<std::uint64_t> expected(500);
    std::iota(expected.begin(), expected.end(), 1);
    EXPECT_THAT(answered, ElementsAreArray(expected));
    EXPECT_THAT(seqs_in(store(), 1), ElementsAreArray(expected));
}

TEST_P(StoreSuite, TakesBatchesFromManyThreads) {
    constexpr RoomId kThreads = 4;
    constexpr std::uint64_t kBatches = 100;
    for (RoomId room = 1; room <= kThreads; ++room)
        ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(room)})), committed);
    std::latch answered(kThreads * kBatches);
    std::atomic<int> refused = 0;
    {
        std::vector<std::jthread> threads;
        for (RoomId room = 1; room <= kThreads; ++room) {
            threads.emplace_back([&, room] {
                for (std::uint64_t seq = 1; seq <= kBatches; ++seq)
                    store().append(appends(room, seq, seq), [&](CommitOutcome outcome) {
                        refused += outcome != committed;
                        answered.count_down();
                    });
            });
        }
    }
    answered.wait();
    EXPECT_EQ(refused, 0);
    for (RoomId room = 1; room <= kThreads; ++room) EXPECT_EQ(seqs_in(store(), room).size(), kBatches);
}

TEST_P(StoreSuite, DropsBatchesBeyondItsQueueLimit) {
    const StoreBatch put = batch_of(PutRoom{sample_room(1)});
    const StoreBatch one = appends(1, 1, 1);
    open({.queued_bytes = queued_bytes({}) + 3 * queued_bytes(one)});
    ASSERT_EQ(commit(store(), put), committed);
    std::vector<CommitOutcome> outcomes;
    HeldWriter held(store());
    for (std::uint64_t seq = 1; seq <= 6; ++seq)
        store().append(appends(1, seq, seq), [&](CommitOutcome outcome) { outcomes.push_back(outcome); });
    held.let_go();
    ASSERT_EQ(commit(store(), {}), committed);
    EXPECT_THAT(outcomes, ElementsAre(committed, committed, committed, failed, failed, failed));
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1, 2, 3));
    EXPECT_EQ(commit(store(), appends(1, 4, 6)), committed) << "there is space again";
    EXPECT_EQ(commit(store(), appends(1, 7, 20)), failed) << "more than the limit of the queue";
}

TEST_P(StoreSuite, RefusesReadsBeyondItsQueueLimit) {
    constexpr int kReads = 100;
    open({.queued_reads = 4});
    std::atomic<int> answered_ok = 0;
    std::latch asked(1);
    std::latch answered(kReads);
    for (int i = 0; i < kReads; ++i) {
        const auto note = [&](const auto& answer) {
            asked.wait();
            answered_ok += answer.ok;
            answered.count_down();
        };
        if (i % 2 == 0)
            store().read_events({.room = 1, .limit = 1}, note);
        else
            store().find_sends({{.room = 1, .folded_name = "david", .client_id = "c1"}}, note);
    }
    asked.count_down();
    answered.wait();
    EXPECT_GE(answered_ok, 2 * 4);
    EXPECT_LE(answered_ok, 2 * 4 + 12) << "the waiting reads of both kinds, and one for each thread of the store";
    EXPECT_TRUE(read(store(), {.room = 1, .limit = 1}).ok);
    EXPECT_TRUE(ping(store()));
}

TEST_P(StoreSuite, RefusesPagesOfOneAskerBeyondItsLimit) {
    constexpr int kPages = 50;
    open({.queued_reads = 100, .queued_reads_of_client = 4});
    std::atomic<int> answered_ok = 0;
    std::atomic<int> others_ok = 0;
    std::latch asked(1);
    std::latch answered(kPages + 2);
    const auto ask = [&](Asker asker, std::atomic<int>& count) {
        store().read_events({.room = 1, .limit = 1, .asker = asker}, [&](const EventPage& page) {
            asked.wait();
            count += page.ok;
            answered.count_down();
        });
    };
    for (int i = 0; i < kPages; ++i) ask({7, 7}, answered_ok);
    ask({8, 8}, others_ok);
    ask(kServerAsks, others_ok);
    asked.count_down();
    answered.wait();
    EXPECT_GE(answered_ok, 4);
    EXPECT_LE(answered_ok, 4 + 12) << "the waiting pages, and one for each thread of the store";
    EXPECT_EQ(others_ok, 2);
    EXPECT_TRUE(read(store(), {.room = 1, .limit = 1, .asker = {7, 7}}).ok);
}

TEST_P(StoreSuite, LookupsAndPingsAreAnsweredWhilePagesBlockTheirThreads) {
    const std::size_t page_threads = GetParam().page_threads;
    if (page_threads == 0) GTEST_SKIP() << "one thread does everything";
    constexpr int kPages = 20;
    ASSERT_LE(page_threads, std::size_t{kPages});
    // Lookups come first where they wait, so each thread has to be blocked before they are asked for.
    std::atomic<std::size_t> begun = 0;
    std::latch are_blocked(static_cast<std::ptrdiff_t>(page_threads));
    std::latch go_on(1);
    std::latch answered(kPages);
    for (int i = 0; i < kPages; ++i) {
        store().read_events({.room = 1, .limit = 1}, [&](const EventPage&) {
            if (begun++ < page_threads) are_blocked.count_down();
            go_on.wait();
            answered.count_down();
        });
    }
    are_blocked.wait();
    std::promise<bool> is_found;
    std::promise<bool> is_reached;
    std::future<bool> found = is_found.get_future();
    std::future<bool> reached = is_reached.get_future();
    store().find_sends({{.room = 1, .folded_name = "david", .client_id = "c1"}},
                       [&](const SendLookup& lookup) { is_found.set_value(lookup.ok); });
    store().ping([&](bool is_ok) { is_reached.set_value(is_ok); });
    EXPECT_EQ(found.wait_for(kGivesUpAfter), std::future_status::ready);
    EXPECT_EQ(reached.wait_for(kGivesUpAfter), std::future_status::ready);
    go_on.count_down();
    EXPECT_TRUE(found.get());
    EXPECT_TRUE(reached.get());
    answered.wait();
}

TEST_P(StoreSuite, StopCommitsAndAnswersAcceptedBatches) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    std::vector<CommitOutcome> outcomes;
    std::atomic<int> reads = 0;
    std::atomic<int> finds = 0;
    std::atomic<int> pings = 0;
    HeldWriter held(store());
    for (std::uint64_t seq = 1; seq <= 50; ++seq) {
        store().append(appends(1, seq, seq), [&](CommitOutcome outcome) { outcomes.push_back(outcome); });
        store().read_events({.room = 1, .limit = 1}, [&](const EventPage&) { ++reads; });
        store().find_sends({}, [&](const SendLookup&) { ++finds; });
        store().ping([&](bool) { ++pings; });
    }
    held.let_go();
    store().stop();
    EXPECT_EQ(outcomes.size(), 50);
    EXPECT_THAT(outcomes, Each(committed));
    EXPECT_EQ(reads, 50);
    EXPECT_EQ(finds, 50);
    EXPECT_EQ(pings, 50);
    reopen();
    if (IsSkipped()) return;
    EXPECT_EQ(seqs_in(store(), 1).size(), 50);
}

TEST_P(StoreSuite, RefusesCallsAfterStop) {
    store().stop();
    EXPECT_EQ(commit(store(), {}), failed);
    EXPECT_FALSE(read(store(), {.room = 1, .limit = 1}).ok);
    EXPECT_FALSE(find_sends(store(), {}).ok);
    EXPECT_FALSE(ping(store()));
}

TEST_P(StoreSuite, EndsWithoutStop) {
    store().append(batch_of(PutRoom{sample_room(1)}), [](CommitOutcome) {});
    open({});
    EXPECT_TRUE(ping(store()));
}

}  // namespace
}  // namespace globes::chat
