// Sends with a client id: no sender can use an id twice (guarantee 6 of src/chat/store.h), and `find_sends`.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>

#include "contract/store_suite.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::Optional;
using enum CommitOutcome;

AppendEvent send(RoomId room, std::uint64_t seq, std::string name, std::string client_id) {
    Event event = sample_event(room, seq);
    event.name = std::move(name);
    event.client_id = std::move(client_id);
    return {std::move(event)};
}

TEST_P(StoreSuite, FindsASendByRoomNameAndId) {
    const AppendEvent first = send(1, 1, "David", "c1");
    const AppendEvent second = send(1, 2, "\xD0\x9E\xD0\x9B\xD0\xAF", "c1");
    const AppendEvent elsewhere = send(2, 1, "DAVID", "c1");
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), batch_of(first, second, elsewhere)), committed);
    const SendLookup lookup = find_sends(store(), {{2, "david", "c1"},
                                                   {1, "david", "c2"},
                                                   {1, "\xD0\xBE\xD0\xBB\xD1\x8F", "c1"},
                                                   {1, "maria", "c1"},
                                                   {1, "david", "c1"},
                                                   {3, "david", "c1"},
                                                   {1, "david", "c1"}});
    ASSERT_TRUE(lookup.ok);
    EXPECT_THAT(lookup.found, ElementsAre(Optional(elsewhere.event), std::nullopt, Optional(second.event), std::nullopt,
                                          Optional(first.event), std::nullopt, Optional(first.event)));
}

TEST_P(StoreSuite, FindsNothingForAnEmptyLookup) {
    const SendLookup lookup = find_sends(store(), {});
    EXPECT_TRUE(lookup.ok);
    EXPECT_THAT(lookup.found, ElementsAre());
}

TEST_P(StoreSuite, RefusesAnIdThatItsSenderHasUsed) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    const AppendEvent first = send(1, 1, "David", "c1");
    ASSERT_EQ(commit(store(), batch_of(first)), committed);
    EXPECT_EQ(commit(store(), batch_of(send(1, 2, "dAVID", "c1"))), failed);
    EXPECT_EQ(commit(store(), batch_of(send(1, 2, "david", "c2"), send(1, 3, "David", "c2"))), failed);
    EXPECT_THAT(events_in(store(), 1), ElementsAre(first.event));
    EXPECT_EQ(commit(store(), batch_of(send(1, 2, "maria", "c1"))), committed) << "another sender's";
    EXPECT_EQ(commit(store(), batch_of(send(2, 1, "david", "c1"))), committed) << "in another room";
    EXPECT_EQ(commit(store(), batch_of(send(1, 3, "david", "C1"))), committed) << "another id";
    EXPECT_THAT(sent_seqs(store(), {{1, "david", "c1"}, {1, "david", "c2"}, {1, "david", "C1"}}), ElementsAre(1, 0, 3));
}

TEST_P(StoreSuite, ReportsTheEventThatRepeatsAnIdOrWritesNothing) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), batch_of(send(1, 1, "david", "c1"))), committed);
    std::promise<BatchOutcome> promise;
    store().append(batch_of(send(1, 2, "david", "c2"), send(1, 3, "david", ""), send(1, 4, "David", "c1"),
                            send(1, 5, "david", "c5")),
                   [&](BatchOutcome outcome) { promise.set_value(std::move(outcome)); });
    const BatchOutcome outcome = promise.get_future().get();
    EXPECT_EQ(outcome.of(1), failed);
    EXPECT_EQ(outcome.repeated_seq(1), store().reports_repeats() ? 4 : 0);
    EXPECT_EQ(outcome.repeated_seq(2), 0);
    const std::uint64_t last = store().reports_repeats() ? 3 : 1;
    EXPECT_EQ(seqs_in(store(), 1).back(), last);
    EXPECT_EQ(commit(store(), batch_of(send(1, last + 1, "david", "c5"))), committed);
    EXPECT_EQ(seqs_in(store(), 1).back(), last + 1);
}

TEST_P(StoreSuite, AcceptsAnyNumberOfSendsWithoutAnId) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(commit(store(), batch_of(send(1, 1, "david", ""), send(1, 2, "david", ""))), committed);
    EXPECT_EQ(commit(store(), batch_of(send(1, 3, "david", ""))), committed);
    EXPECT_THAT(sent_seqs(store(), {{1, "david", ""}}), ElementsAre(0));
}

TEST_P(StoreSuite, DistinguishesNamesAndIdsByEveryByte) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    const std::string zero("\0", 1);
    ASSERT_EQ(commit(store(), batch_of(send(1, 1, "ab", "c"), send(1, 2, "a", "bc"), send(1, 3, "a", "b" + zero),
                                       send(1, 4, "a", "b" + zero + "c"), send(1, 5, "a", "b"))),
              committed);
    EXPECT_THAT(sent_seqs(store(), {{1, "ab", "c"},
                                    {1, "a", "bc"},
                                    {1, "a", "b" + zero},
                                    {1, "a", "b" + zero + "c"},
                                    {1, "a", "b"},
                                    {1, "abc", ""},
                                    {1, "", "abc"}}),
                ElementsAre(1, 2, 3, 4, 5, 0, 0));
}

TEST_P(StoreSuite, FailsOnlyTheBatchThatRepeatsAnId) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    std::vector<CommitOutcome> outcomes;
    const auto note = [&](CommitOutcome outcome) { outcomes.push_back(outcome); };
    HeldWriter held(store());
    store().append(batch_of(send(1, 1, "david", "c1")), note);
    store().append(batch_of(send(1, 2, "david", "c2"), send(1, 3, "david", "c1")), note);
    store().append(batch_of(send(1, 2, "david", "c2")), note);
    held.let_go();
    ASSERT_EQ(commit(store(), {}), committed);
    EXPECT_THAT(outcomes, ElementsAre(committed, failed, committed));
    EXPECT_THAT(sent_seqs(store(), {{1, "david", "c1"}, {1, "david", "c2"}}), ElementsAre(1, 2));
}

TEST_P(StoreSuite, ForgetsAnIdWithItsEvent) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 3)), committed);
    ASSERT_EQ(commit(store(), appends(2, 1, 3)), committed);
    const std::vector<SendKey> keys = {{1, "david", "c1"}, {1, "david", "c2"}, {1, "david", "c3"}, {2, "david", "c1"}};
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 2})), committed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(0, 0, 3, 1));
    EXPECT_EQ(commit(store(), batch_of(send(1, 4, "david", "c1"))), committed) << "it can be used again";
    EXPECT_EQ(commit(store(), batch_of(send(1, 5, "david", "c3"))), failed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(4, 0, 3, 1));
    ASSERT_EQ(commit(store(), batch_of(DeleteRoom{1})), committed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(0, 0, 0, 1));
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, send(1, 1, "david", "c3"))), committed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(0, 0, 1, 1));
}

TEST_P(StoreSuite, KeepsTheIdsOfARoomThatIsPutAgain) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, send(1, 1, "david", "c1"))), committed);
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_THAT(sent_seqs(store(), {{1, "david", "c1"}}), ElementsAre(1));
    EXPECT_EQ(commit(store(), batch_of(send(1, 2, "david", "c1"))), failed);
}

TEST_P(StoreSuite, AFailedBatchChangesNoIds) {
    const AppendEvent fault = send(99, 1, "david", "c1");
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, send(1, 1, "david", "c1"))), committed);
    const std::vector<SendKey> keys = {{1, "david", "c1"}, {1, "david", "c2"}};
    EXPECT_EQ(commit(store(), batch_of(send(1, 2, "david", "c2"), fault)), failed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(1, 0));
    EXPECT_EQ(commit(store(), batch_of(PurgeEvents{1, 1}, send(1, 2, "david", "c1"), fault)), failed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(1, 0));
    EXPECT_EQ(commit(store(), batch_of(DeleteRoom{1}, PutRoom{sample_room(1)}, send(1, 2, "david", "c1"), fault)),
              failed);
    EXPECT_THAT(sent_seqs(store(), keys), ElementsAre(1, 0));
    EXPECT_EQ(commit(store(), batch_of(send(1, 2, "david", "c2"))), committed);
    EXPECT_EQ(commit(store(), batch_of(send(1, 3, "david", "c1"))), failed);
}

TEST_P(StoreSuite, FindsManySendsAtOnce) {
    constexpr std::uint64_t kSends = 1500;  // a server that compares every key with every send is slow
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, kSends)), committed);
    std::vector<SendKey> keys;
    for (std::uint64_t i = 1; i <= 2 * kSends; ++i) keys.push_back({1, "david", fmt::format("c{}", i)});
    const std::vector<std::uint64_t> seqs = sent_seqs(store(), keys);
    ASSERT_EQ(seqs.size(), keys.size());
    for (std::uint64_t i = 1; i <= 2 * kSends; ++i) ASSERT_EQ(seqs[i - 1], i <= kSends ? i : 0);
}

TEST_P(StoreSuite, FindsSendsThatWereReportedAsCommitted) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    for (std::uint64_t seq = 1; seq <= 200; ++seq) {
        std::promise<SendLookup> lookup;
        // Requested on the store's own thread, immediately after the commit.
        store().append(appends(1, seq, seq), [&](CommitOutcome outcome) {
            EXPECT_EQ(outcome, committed);
            store().find_sends({{1, "david", fmt::format("c{}", seq)}},
                               [&](SendLookup answer) { lookup.set_value(std::move(answer)); });
        });
        ASSERT_THAT(lookup.get_future().get().found, ElementsAre(Optional(sample_event(1, seq))));
    }
}

TEST_P(StoreSuite, KeepsIdsAfterAReopen) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 3)), committed);
    ASSERT_EQ(commit(store(), batch_of(PurgeEvents{1, 1})), committed);
    reopen();
    if (IsSkipped()) return;
    EXPECT_THAT(sent_seqs(store(), {{1, "david", "c1"}, {1, "david", "c3"}}), ElementsAre(0, 3));
    EXPECT_EQ(commit(store(), batch_of(send(1, 4, "David", "c3"))), failed);
    EXPECT_EQ(commit(store(), batch_of(send(1, 4, "David", "c1"))), committed);
}

}  // namespace
}  // namespace globes::chat
