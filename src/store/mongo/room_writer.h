// One connection that writes, and its thread: brings the steps of its share of the rooms to an end, in their order,
// however often the connection breaks meanwhile. While it has nothing to do it removes what was purged and deleted.
// Owned by the store; the committer gives it jobs.
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
    /// All of them outlive it; `fence` has a number.
    RoomWriter(const ConnectionPool& pool, const std::string& database, Fence& fence,
               const CommittedCatalogue& catalogue, SharedState& shared);

    /// The thread: until the board is stopped.
    void work();

    // Under the board's mutex.
    void start(Job& job) { job_ = &job; }
    GarbageCollector& garbage_collector() { return garbage_collector_; }

private:
    using Operations = std::vector<Operation*>;
    using Lock = std::unique_lock<std::mutex>;

    // Under the lock, which they let go of for a call.
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

    // Its thread only.
    Session session_;
    RoomCollection rooms_;
    EventCollection events_;

    // Under the board's mutex.
    Job* job_ = nullptr;
    GarbageCollector garbage_collector_;
};

}  // namespace globes::store::mongo
