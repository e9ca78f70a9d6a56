// The write thread: commits all waiting batches as one transaction, then answers each in order. Owned by the store.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/group_commit.h"

namespace globes::store {

class Writer {
public:
    using Done = chat::BatchDone;

    Writer(const Database& database, const SqliteSettings& settings, OpenFiles& files, UnsettledRooms& unsettled,
           Checkpointer& checkpointer);
    ~Writer() { stop(); }

    /// As in the port. Any thread.
    void append(chat::StoreBatch batch, Done done);
    /// Commits and answers the accepted batches, then ends the thread. The owner only; may be called more than once.
    void stop();

private:
    struct Pending {
        chat::StoreBatch batch;
        Done done;
        std::size_t bytes = 0;  // as counted in `queued_bytes_`
        bool is_refused = false;
    };

    void work();
    void carry_out(std::span<Pending> pending);
    void answer(std::span<Pending> group, std::size_t bytes);
    void limit_wal();

    // Constant after construction.
    const SqliteSettings& settings_;
    Checkpointer& checkpointer_;

    // The writer's thread only.
    GroupCommit commits_;
    const UnsettledRooms& unsettled_;
    int next_checkpoint_pages_;
    std::vector<const chat::StoreBatch*> batches_;  // of the current group

    // Any thread.
    Mutex mutex_;
    Condition changed_;
    std::vector<Pending> queue_ GUARDED_BY(mutex_);
    std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;  // not yet answered
    bool is_stopped_ GUARDED_BY(mutex_) = false;

    // The owner only. Last: it uses all of the above.
    std::thread thread_;
};

}  // namespace globes::store
