#include "store/memory/memory_store.h"

#include <gmock/gmock.h>

#include "contract/store_suite.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using testing::ElementsAre;
using enum CommitOutcome;

INSTANTIATE_TEST_SUITE_P(Memory, StoreSuite,
                         testing::Values(StoreKind{
                             .name = "memory",
                             .is_persistent = false,
                             .page_threads = 0,
                             .open = [](const auto&,
                                        StoreLimits limits) { return make_memory_store({.limits = limits}); }}),
                         [](const auto& kind) { return kind.param.name; });

TEST(MemoryStore, DropsTheOldestEventsOfARoomBeyondTheLimit) {
    const auto store = make_memory_store({.events_per_room = 3});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(*store, appends(2, 1, 2)), committed);
    ASSERT_EQ(commit(*store, appends(1, 1, 5)), committed);
    EXPECT_THAT(seqs_in(*store, 1), ElementsAre(3, 4, 5));
    EXPECT_THAT(seqs_in(*store, 2), ElementsAre(1, 2));
    EXPECT_EQ(read(*store, {.room = 1}).first_seq, 3);
    EXPECT_THAT(sent_seqs(*store, {{1, "david", "c2"}, {1, "david", "c3"}}), ElementsAre(0, 3));
    EXPECT_EQ(commit(*store, appends(1, 1, 1)), failed) << "the seq was used";
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(commit(*store, appends(1, 2, 2)), failed) << "also before another change of the room";
}

TEST(MemoryStore, ServesPagesRoundRobin) {
    EXPECT_THAT(order_of_pages(*make_memory_store()), ElementsAre("ann, room 1", "server", "bob, room 1", "ann, room 2",
                                                                  "bob, room 1", "ann, room 1", "ann, room 1"));
}

TEST(MemoryStore, LookupsAndPingsComeBeforePagesThatWait) {
    const auto store = make_memory_store();
    std::vector<std::string> order;
    HeldWriter held(*store);
    for (int i = 0; i < 3; ++i)
        store->read_events({.room = 1, .limit = 1}, [&](const EventPage&) { order.emplace_back("page"); });
    store->find_sends({}, [&](const SendLookup&) { order.emplace_back("lookup"); });
    store->ping([&](bool) { order.emplace_back("ping"); });
    held.let_go();
    store->stop();
    EXPECT_THAT(order, ElementsAre("lookup", "ping", "page", "page", "page"));
}

TEST(MemoryStore, GuaranteesHalfOfItsCapacity) {
    EXPECT_EQ(make_memory_store({.events_per_room = 20})->guaranteed_events(), 10);
    EXPECT_EQ(make_memory_store()->guaranteed_events(), 10'000);
}

TEST(MemoryStore, AFailedBatchDropsNoEvents) {
    const auto store = make_memory_store({.events_per_room = 3});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(*store, appends(1, 1, 3)), committed);
    StoreBatch batch = appends(1, 4, 5);
    batch.push_back(AppendEvent{sample_event(1, 4)});
    EXPECT_EQ(commit(*store, std::move(batch)), failed);
    EXPECT_THAT(seqs_in(*store, 1), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace globes::store
