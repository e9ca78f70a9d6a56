#include "chat/store.h"

#include <gtest/gtest.h>

namespace globes::chat {
namespace {

using enum CommitOutcome;

TEST(BatchOutcome, EqualOutcomesOfAllRoomsAreTheOutcomeOfTheBatch) {
    const BatchOutcome outcome({{1, failed}, {2, failed}});
    EXPECT_EQ(outcome, failed);
    EXPECT_EQ(outcome.of(1), failed);
    EXPECT_EQ(BatchOutcome(committed).of(7), committed);
}

TEST(BatchOutcome, DifferentOutcomesOfRoomsAreUnknownAsAWhole) {
    const BatchOutcome outcome({{1, failed}, {2, committed}, {3, unknown}});
    EXPECT_EQ(outcome, unknown);
    EXPECT_EQ(outcome.of(1), failed);
    EXPECT_EQ(outcome.of(2), committed);
    EXPECT_EQ(outcome.of(3), unknown);
}

TEST(BatchOutcome, HasTheEventThatRepeatsAnIdInItsRoomOnly) {
    const BatchOutcome outcome({{1, failed, 5}, {2, failed}});
    EXPECT_EQ(outcome, failed);
    EXPECT_EQ(outcome.of(1), failed);
    EXPECT_EQ(outcome.repeated_seq(1), 5);
    EXPECT_EQ(outcome.repeated_seq(2), 0);
    EXPECT_EQ(BatchOutcome(failed).repeated_seq(1), 0);
}

TEST(BatchOutcome, AnEmptyBatchIsCommitted) { EXPECT_EQ(BatchOutcome(std::vector<BatchOutcome::Part>()), committed); }

}  // namespace
}  // namespace globes::chat
