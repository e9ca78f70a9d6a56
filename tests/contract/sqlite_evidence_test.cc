// Tells from the contents of the database whether a transaction was committed, whatever it wrote.
#include <gtest/gtest.h>

#include "contract/store_suite.h"
#include "store/sqlite/write_session.h"

namespace globes::store {
namespace {

using namespace globes::chat;

class SqliteEvidence : public testing::Test {
protected:
    SqliteEvidence() {
        // Creates the tables.
        const auto store = open_sqlite_store(database_.file);
        commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)}, AppendEvent{sample_event(1, 1)}));
    }

    /// Writes `batch` in a transaction that ends as told; returns what the next transaction concludes from the
    /// evidence.
    static bool took_place(WriteSession& session, const StoreBatch& batch, bool is_committed) {
        session.begin();
        for (const StoreWrite& write : batch) session.apply(write);
        const Evidence evidence = session.conclude();
        if (is_committed)
            EXPECT_EQ(session.try_commit(), SQLITE_OK);
        else
            EXPECT_TRUE(session.roll_back());
        session.begin();
        const bool answer = session.took_place(evidence);
        session.roll_back();
        return answer;
    }

    ScratchFolder folder_;
    const Database database_{.file = folder_.path() / "globes.db", .vfs = {}};
};

TEST_F(SqliteEvidence, TellsACommittedTransactionFromOneThatWasNot) {
    WriteSession session(database_);
    const StoreBatch batches[] = {
        appends(1, 2, 3),
        batch_of(PutRoom{sample_room(3)}),
        batch_of(AppendEvent{sample_event(2, 1)}, DeleteRoom{2}),
        batch_of(AppendEvent{sample_event(1, 4)}, PurgeEvents{1, 4}),
        batch_of(PurgeEvents{1, 4}),
    };
    for (const StoreBatch& batch : batches) {
        SCOPED_TRACE(&batch - batches);
        EXPECT_FALSE(took_place(session, batch, false));
        EXPECT_TRUE(took_place(session, batch, true));
    }
}

}  // namespace
}  // namespace globes::store
