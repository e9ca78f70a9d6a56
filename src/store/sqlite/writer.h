// The threads that write the database file: one commits all waiting batches as one transaction and answers each in
// order, the other one runs checkpoints. Owned by the store.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/group_commit.h"

namespace globes::store {

/// Copies committed pages from the WAL into the database file on its own thread, so that no commit waits for the two
/// fsyncs of a checkpoint.
class Checkpointer {
public:
    explicit Checkpointer(Connection connection);
    ~Checkpointer() { stop(); }

    /// Starts a checkpoint unless one is running. Any thread, never blocks.
    void request();
    /// The owner only; may be called more than once.
    void stop();

private:
    void work();

    // Its own thread only.
    Connection connection_;

    // Any thread.
    Mutex mutex_;
    Condition changed_;
    bool is_requested_ GUARDED_BY(mutex_) = false;
    bool is_stopped_ GUARDED_BY(mutex_) = false;

    // The owner only. Last: it uses all of the above.
    std::thread thread_;
};

/// The write thread.
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
