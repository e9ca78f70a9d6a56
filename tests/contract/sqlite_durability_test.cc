// The cost of each durability level: `power` needs one fsync for each commit, `process` needs none.
#include <gtest/gtest.h>

#include "contract/fault_vfs.h"
#include "contract/store_suite.h"
#include "store/sqlite/sqlite_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using enum CommitOutcome;

/// The number of writes, truncations and fsyncs of one commit, found by making them fail one after another.
int operations_of_a_commit(Durability durability) {
    FaultVfs disk;
    for (int nth = 1;; ++nth) {
        const ScratchFolder folder;
        const auto store =
            open_sqlite_store(folder.path() / "globes.db", {.durability = durability, .vfs = FaultVfs::name()});
        // The first commit also writes the header of the WAL.
        EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
        disk.fail_from(nth, Fault::io_error, true);
        commit(*store, appends(1, 2, 2));
        const bool struck = disk.struck();
        disk.heal();
        store->stop();
        if (!struck) return nth - 1;
    }
}

TEST(SqliteDurability, PowerSyncsEachCommitOnceAndProcessNever) {
    EXPECT_EQ(operations_of_a_commit(Durability::power), operations_of_a_commit(Durability::process) + 1);
}

}  // namespace
}  // namespace globes::store
