// The results of reads: the bounds of a query, unchanged texts, and guarantees 2 and 8 of src/chat/store.h.
#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <future>
#include <thread>

#include "contract/store_suite.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum CommitOutcome;
using namespace std::string_literals;

TEST_P(StoreSuite, ReadsTheEventsWithinTheBounds) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 9)), committed);
    ASSERT_EQ(commit(store(), appends(2, 1, 9)), committed);
    const auto query = [&](std::uint64_t after, std::uint64_t before, std::size_t limit, bool newest) {
        return seqs_of(
            read(store(), {.room = 1, .after = after, .before = before, .limit = limit, .keeps_newest = newest}));
    };
    EXPECT_THAT(query(0, 0, 3, false), ElementsAre(1, 2, 3));
    EXPECT_THAT(query(0, 0, 3, true), ElementsAre(7, 8, 9));
    EXPECT_THAT(query(4, 0, 3, false), ElementsAre(5, 6, 7));
    EXPECT_THAT(query(4, 7, 100, false), ElementsAre(5, 6));
    EXPECT_THAT(query(4, 7, 100, true), ElementsAre(5, 6));
    EXPECT_THAT(query(4, 8, 2, true), ElementsAre(6, 7));
    EXPECT_THAT(query(0, 3, 1, true), ElementsAre(2));
    EXPECT_THAT(query(4, 6, 1, false), ElementsAre(5)) << "one event alone, for its time";
    EXPECT_THAT(query(8, 0, 100, false), ElementsAre(9));
    EXPECT_THAT(query(9, 0, 100, true), IsEmpty());
    EXPECT_THAT(query(7, 3, 100, false), IsEmpty());
    EXPECT_THAT(query(7, 3, 1, true), IsEmpty());
    EXPECT_THAT(query(0, 0, 0, false), IsEmpty());
    EXPECT_THAT(query(~std::uint64_t{0}, 0, 5, false), IsEmpty());
    EXPECT_THAT(query(7, ~std::uint64_t{0}, ~std::size_t{0}, true), ElementsAre(8, 9));
}

TEST_P(StoreSuite, APageEndsBeforeItsBytesExceedTheLimit) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    StoreBatch batch;
    for (std::uint64_t seq = 1; seq <= 5; ++seq)
        batch.emplace_back(AppendEvent{{.room = 1, .seq = seq, .name = "ann", .text = std::string(97, 'x')}});
    ASSERT_EQ(commit(store(), std::move(batch)), committed);
    const auto page_of = [&](EventQuery query) { return read(store(), query); };
    const EventPage oldest = page_of({.room = 1, .limit = 9, .max_bytes = 299});
    EXPECT_THAT(seqs_of(oldest), ElementsAre(1, 2));
    EXPECT_TRUE(oldest.is_cut);
    const EventPage newest = page_of({.room = 1, .limit = 9, .keeps_newest = true, .max_bytes = 300});
    EXPECT_THAT(seqs_of(newest), ElementsAre(3, 4, 5));
    EXPECT_TRUE(newest.is_cut);
    const EventPage one = page_of({.room = 1, .after = 2, .limit = 9, .max_bytes = 1});
    EXPECT_THAT(seqs_of(one), ElementsAre(3)) << "a page is empty only at the end";
    EXPECT_TRUE(one.is_cut);
    const EventPage limited = page_of({.room = 1, .limit = 2, .max_bytes = 200});
    EXPECT_THAT(seqs_of(limited), ElementsAre(1, 2));
    EXPECT_FALSE(limited.is_cut) << "the number of events has ended it";
    const EventPage whole = page_of({.room = 1, .limit = 9, .max_bytes = 500});
    EXPECT_THAT(seqs_of(whole), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_FALSE(whole.is_cut);
}

TEST_P(StoreSuite, ReadsNothingFromARoomThatDoesNotExist) {
    const EventPage page = read(store(), {.room = 77, .limit = 10});
    EXPECT_TRUE(page.ok);
    EXPECT_THAT(page.events, IsEmpty());
    EXPECT_EQ(page.first_seq, 1);
}

TEST_P(StoreSuite, ReturnsEveryByteOfAnEvent) {
    Event event{.kind = static_cast<EventKind>(99),
                .room = kEndOfRoomIds - 1,
                .seq = (std::uint64_t{1} << 53) - 1,
                .name = "\xD0\x9E\xD0\xBB\xD1\x8C\xD0\xB3\xD0\xB0",
                .color = "",
                .text = "a\0b \xF0\x9F\x91\x8B\xF0\x9F\x8F\xBD \xE2\x80\xAE'\";--\\ %s \0"s,
                .client_id = "\0"s,
                .time = -1};
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(event.room)}, AppendEvent{event})), committed);
    EXPECT_THAT(events_in(store(), event.room), ElementsAre(event));
}

TEST_P(StoreSuite, ReadsSeeEventsThatWereReportedAsCommitted) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    for (std::uint64_t seq = 1; seq <= 200; ++seq) {
        std::promise<EventPage> page;
        // Requested on the store's own thread, immediately after the commit.
        store().append(appends(1, seq, seq), [&](CommitOutcome outcome) {
            EXPECT_EQ(outcome, committed);
            store().read_events({.room = 1, .limit = 1, .keeps_newest = true},
                                [&](EventPage answer) { page.set_value(std::move(answer)); });
        });
        ASSERT_THAT(seqs_of(page.get_future().get()), ElementsAre(seq));
    }
}

TEST_P(StoreSuite, ReadersNeverSeeHalfABatch) {
    constexpr std::uint64_t kBatches = 100;
    constexpr std::uint64_t kEventsInBatch = 10;
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    std::atomic<std::uint64_t> known = 0;
    std::barrier started(4);
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            started.arrive_and_wait();
            std::uint64_t seen = 0;
            while (seen < kBatches * kEventsInBatch) {
                const std::uint64_t at_least = known.load();
                const auto found = seqs_in(store(), 1);
                ASSERT_EQ(found.size() % kEventsInBatch, 0);
                ASSERT_GE(found.size(), at_least);
                ASSERT_GE(found.size(), seen);
                seen = found.size();
            }
        });
    }
    started.arrive_and_wait();
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        const std::uint64_t first = batch * kEventsInBatch + 1;
        const std::uint64_t last = first + kEventsInBatch - 1;
        store().append(appends(1, first, last), [&known, last](CommitOutcome) { known = last; });
    }
    // Readers may see the last batch before its answer arrives.
    EXPECT_EQ(commit(store(), {}), committed);
}

TEST_P(StoreSuite, PingIsTrue) { EXPECT_TRUE(ping(store())); }

}  // namespace
}  // namespace globes::chat
