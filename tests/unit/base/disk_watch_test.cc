#include "base/disk_watch.h"

#include <gmock/gmock.h>

#include <vector>

namespace globes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DiskLevel, IsLowBelowTheLeastFreeSpaceAndHasEnoughWithAnEighthMore) {
    DiskLevel level(800);
    EXPECT_FALSE(level.note(800));
    EXPECT_FALSE(level.is_low());
    EXPECT_TRUE(level.note(799));
    EXPECT_TRUE(level.is_low());
    EXPECT_FALSE(level.note(0));
    EXPECT_FALSE(level.note(899));
    EXPECT_TRUE(level.is_low()) << "it would change with each message otherwise";
    EXPECT_TRUE(level.note(900));
    EXPECT_FALSE(level.is_low());
    EXPECT_FALSE(level.note(800));
}

TEST(DiskWatch, LooksBeforeItIsBuilt) {
    std::vector<bool> changes;
    {
        const DiskWatch watch(".", std::uint64_t{1} << 60, [&](bool is_low) { changes.push_back(is_low); });
    }
    EXPECT_THAT(changes, ElementsAre(true));
    changes.clear();
    {
        const DiskWatch watch(".", 1, [&](bool is_low) { changes.push_back(is_low); });
    }
    EXPECT_THAT(changes, IsEmpty());
}

TEST(DiskWatch, AFolderThatDoesNotExistChangesNothing) {
    EXPECT_EQ(free_disk_bytes("no/such/folder"), std::nullopt);
    std::vector<bool> changes;
    {
        const DiskWatch watch("no/such/folder", std::uint64_t{1} << 60,
                              [&](bool is_low) { changes.push_back(is_low); });
    }
    EXPECT_THAT(changes, IsEmpty());
}

}  // namespace
}  // namespace globes
