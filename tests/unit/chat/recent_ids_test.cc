#include "chat/recent_ids.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/base/colliding_keys.h"

namespace globes::chat {
namespace {

TEST(RecentIds, FindsAddedIdsByRoomAndId) {
    RecentIds ids(1'000);
    EXPECT_FALSE(ids.add(1, "a"));
    EXPECT_TRUE(ids.add(1, "a"));
    EXPECT_FALSE(ids.add(2, "a"));
    EXPECT_FALSE(ids.add(1, "b"));
}

TEST(RecentIds, DropsTheOldestBeyondItsByteLimit) {
    RecentIds ids(2 * RecentIds::kBytesOfId);
    ids.add(1, "a");
    ids.add(1, "b");
    ids.add(1, "c");
    EXPECT_TRUE(ids.add(1, "b"));
    EXPECT_TRUE(ids.add(1, "c"));
    EXPECT_FALSE(ids.add(1, "a"));
}

TEST(RecentIds, AForgottenIdIsNew) {
    RecentIds ids(1'000);
    ids.forget(1, "a");
    ids.add(1, "a");
    ids.add(2, "a");
    ids.forget(1, "a");
    EXPECT_TRUE(ids.add(2, "a"));
    EXPECT_FALSE(ids.add(1, "a"));
    EXPECT_TRUE(ids.add(1, "a"));
}

TEST(RecentIds, NoIdIsMistakenForAnotherThatAClientHasMadeLikeIt) {
    RecentIds ids(1 << 20);
    for (const std::string& id : keys_of_one_hash(6)) EXPECT_FALSE(ids.add(1, id));
}

TEST(RecentIds, HoldsNoIdIfNoneFits) {
    RecentIds ids(0);
    EXPECT_FALSE(ids.add(1, "a"));
    EXPECT_FALSE(ids.add(1, "a"));
}

}  // namespace
}  // namespace globes::chat
