// How a batch affects other batches that are committed with it (guarantees 1, 2 and 3 of chat/store.h).
#include <gmock/gmock.h>

#include <limits>
#include <vector>

#include "contract/store_suite.h"

namespace globes::chat {

using testing::ElementsAre;
using testing::IsEmpty;
using enum CommitOutcome;

TEST_P(StoreSuite, RefusesEventsAfterADeletionInTheSameGroup) {
    std::vector<CommitOutcome> outcomes;
    const auto note = [&](CommitOutcome outcome) { outcomes.push_back(outcome); };
    HeldWriter held(store());
    store().append(batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)}), note);
    store().append(batch_of(DeleteRoom{1}), note);
    store().append(appends(1, 2, 2), note);
    held.let_go();
    ASSERT_EQ(commit(store(), {}), committed);
    EXPECT_THAT(outcomes, ElementsAre(committed, committed, failed));
    EXPECT_THAT(seqs_in(store(), 1), IsEmpty());
}

TEST_P(StoreSuite, RefusesABatchWithAnEventAfterTheDeletionOfItsRoom) {
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    EXPECT_EQ(
        commit(store(), batch_of(AppendEvent{sample_event(1, 2)}, DeleteRoom{1}, AppendEvent{sample_event(1, 3)})),
        failed);
    EXPECT_THAT(seqs_in(store(), 1), ElementsAre(1));
}

TEST_P(StoreSuite, AnswersInOrderThoughSomeFail) {
    constexpr int kBatches = 300;
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    std::vector<int> answered;
    std::vector<CommitOutcome> wrong;
    std::vector<int> asked;
    for (int number = 2; number < kBatches; ++number) {
        asked.push_back(number);
        const bool is_taken = number % 7 == 0;
        const std::uint64_t seq = is_taken ? 1 : static_cast<std::uint64_t>(number);
        store().append(appends(1, seq, seq), [&, number, is_taken](CommitOutcome outcome) {
            answered.push_back(number);
            if (outcome != (is_taken ? failed : committed)) wrong.push_back(outcome);
        });
    }
    ASSERT_EQ(commit(store(), {}), committed);
    EXPECT_EQ(answered, asked);
    EXPECT_THAT(wrong, IsEmpty());
}

TEST_P(StoreSuite, AcceptsBoundsOfAnySize) {
    constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
    ASSERT_EQ(commit(store(), batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(store(), appends(1, 1, 3)), committed);
    const EventPage page = read(store(), {.room = 1, .after = 2, .before = kLargest, .limit = kLargest});
    ASSERT_EQ(page.events.size(), 1U);
    EXPECT_EQ(page.events[0].seq, 3U);
    const EventPage beyond = read(store(), {.room = 1, .after = kLargest, .limit = kLargest});
    EXPECT_TRUE(beyond.ok);
    EXPECT_THAT(beyond.events, IsEmpty());
}

}  // namespace globes::chat
