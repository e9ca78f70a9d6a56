#include "log/recent.h"

#include <gtest/gtest.h>

#include <string>

namespace globes::log {
namespace {

std::string text_of(const std::vector<Slice>& slices) {
    std::string text;
    for (const Slice& slice : slices) text += slice.bytes();
    return text;
}

TEST(Recent, GivesWhatCameAfterASeq) {
    RecentBudget budget;
    Recent recent(budget, 0);
    for (const std::uint64_t seq : {1, 2, 3}) recent.add(seq, make_slice(std::to_string(seq)));
    EXPECT_EQ(text_of(recent.after(0).value()), "123");
    EXPECT_EQ(text_of(recent.after(2).value()), "3");
    EXPECT_EQ(text_of(recent.after(3).value()), "");
    EXPECT_FALSE(recent.after(4).has_value());
}

// After a restart nothing is here yet: who has seen nothing must read the store, though 0 frames are due since seq 0.
TEST(Recent, DoesNotTakeStoredEventsForNone) {
    RecentBudget budget;
    Recent recent(budget, 300);
    EXPECT_FALSE(recent.after(0).has_value());
    EXPECT_FALSE(recent.after(299).has_value());
    EXPECT_EQ(text_of(recent.after(300).value()), "");
    recent.add(301, make_slice("301"));
    EXPECT_FALSE(recent.after(0).has_value());
    EXPECT_EQ(text_of(recent.after(300).value()), "301");
}

TEST(Recent, DropsItsOldestBeyondItsBytes) {
    RecentBudget budget{.room_bytes = 3};
    Recent recent(budget, 0);
    for (const std::uint64_t seq : {1, 2, 3, 4}) recent.add(seq, make_slice("x"));
    EXPECT_FALSE(recent.after(0).has_value());
    EXPECT_EQ(text_of(recent.after(1).value()), "xxx");
    EXPECT_EQ(budget.used, 3u);
}

}  // namespace
}  // namespace globes::log
