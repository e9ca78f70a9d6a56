// One connection that writes, and its thread. Carries out the operations of its rooms in order and repeats each until
// its outcome is known, through any number of broken connections. While idle it collects garbage. Owned by the store;
// the committer gives it jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/mongo/collections.h"
#include "store/mongo/commit_group.h"
#include "store/mongo/fence.h"
#include "store/mongo/garbage_collector.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class RoomWriter {
public:
    /// All must outlive it; `fence` has a number.
    RoomWriter(const ConnectionPool& pool, const std::string& database, Fence& fence, RoomIdCounter& room_ids,
               const CommittedCatalogue& catalogue, SharedState& shared);

    /// Runs until the shared state is stopped. Thread: its own.
    void work();

    // Under the mutex of the shared state.
    void start(Job& job);
    void collect(GarbageRange removal);

private:
    using Operations = std::vector<Operation*>;

    // These release the mutex for calls of the driver and for pauses.
    void run(Job& job) REQUIRES(shared_.mutex);
    void collect_some() REQUIRES(shared_.mutex);
    void pause() REQUIRES(shared_.mutex);

    static void abandon(Job& job);
    static Operations next_operations(Job& job);
    bool may_collect() const REQUIRES(shared_.mutex) { return !garbage_collector_.is_empty() && !fence_.is_closed(); }

    // Without the mutex.
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

    // The writer's thread only.
    Session session_;
    RoomCollection rooms_;
    EventCollection events_;

    // The committer's thread, and the writer's.
    Job* job_ GUARDED_BY(shared_.mutex) = nullptr;
    GarbageCollector garbage_collector_ GUARDED_BY(shared_.mutex);
};

}  // namespace globes::store::mongo
