// Copies committed pages from the WAL into the database file on its own thread, so that no commit waits for the two
// fsyncs of this. Owned by the store; the writer requests checkpoints.
#pragma once

#include <thread>

#include "base/mutex.h"
#include "store/sqlite/connection.h"

namespace globes::store {

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

}  // namespace globes::store
