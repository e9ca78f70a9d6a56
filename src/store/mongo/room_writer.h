// One connection that writes, and its thread. Carries out the operations of its rooms in order and repeats each until
// its outcome is known, through any number of broken connections. While idle it collects garbage. Owned by the store;
// the committer gives it jobs.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "store/mongo/collections.h"
#include "store/mongo/commit_group.h"
#include "store/mongo/fence.h"
#include "store/mongo/garbage_collector.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class RoomWriter {
public:
    /// All must outlive it; `fence` has a number.
    RoomWriter(const ConnectionPool& pool, const std::string& database, Fence& fence,
               const CommittedCatalogue& catalogue, SharedState& shared);

    /// Runs until the shared state is stopped. Thread: its own.
    void work();

    // Under the mutex of the shared state.
    void start(Job& job) { job_ = &job; }
    GarbageCollector& garbage_collector() { return garbage_collector_; }

private:
    using Operations = std::vector<Operation*>;
    using Lock = std::unique_lock<std::mutex>;

    // Under the lock, which they release for a call of the driver.
    void run(Job& job, Lock& lock);
    static void abandon(Job& job);
    bool may_collect() const { return !garbage_collector_.is_empty() && !fence_.is_closed(); }
    void collect_some(Lock& lock);
    void pause(Lock& lock);

    static Operations next_operations(Job& job);

    // Without the lock.
    WriteResult write(Job& job, const Operations& operations, bool is_rolling_back);
    WriteResult write_document(Job& job, Operation& operation, bool is_rolling_back);
    WriteResult insert(Job& job, Operations operations);
    WriteResult resolve(Job& job, Operation& operation);
    void yield(Job& job, const Operation& operation, std::uint64_t last_seq);
    WriteResult repeat(Job& job, const Operation& operation);
    WriteResult refuse(Job& job, const Operation& operation);
    void end(const Operations& operations, OperationState state);

    // Constant after construction.
    Fence& fence_;
    SharedState& shared_;

    // Thread: its own.
    Session session_;
    RoomCollection rooms_;
    EventCollection events_;

    // Under the mutex of the shared state.
    Job* job_ = nullptr;
    GarbageCollector garbage_collector_;
};

}  // namespace globes::store::mongo
