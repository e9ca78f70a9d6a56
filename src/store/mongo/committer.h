// Commits batches in groups: a batch is queued, translated together with the others that have arrived, written by the
// writers in parallel, made visible, and answered. The next group starts when all batches of this one are answered, so
// the order in a room is kept. Batches are answered by their deadline whatever the driver does: a writer that is still
// stuck in an abandoned group blocks only its own rooms. Owned by the store.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "store/mongo/catalogue.h"
#include "store/mongo/commit_group.h"
#include "store/mongo/operations.h"
#include "store/mongo/room_writer.h"

namespace globes::store::mongo {

class Committer {
public:
    /// All must outlive it.
    Committer(CommittedCatalogue& catalogue, SharedState& shared, const Fence& fence,
              std::vector<std::unique_ptr<RoomWriter>>& writers, const MongoStoreSettings& settings);

    /// As in chat::Store. Thread: any.
    void append(chat::StoreBatch batch, chat::BatchDone done);

    /// Runs until `stop`, and until every accepted batch is answered. Thread: its own.
    void work();
    /// Thread: any.
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;
    using Lock = std::unique_lock<std::mutex>;
    using CommitGroups = std::list<CommitGroup>;

    // Under the lock. Functions that take it may release it meanwhile.
    bool is_all_answered() const;
    std::vector<bool> busy_writers() const;
    void begin_group(std::vector<bool> busy, Lock& lock);
    void take_batches(CommitGroup& group, const std::vector<bool>& busy);
    bool finish_completed(Lock& lock);
    bool finish(CommitGroup& group, GroupMember& member, Lock& lock);
    void wait(Lock& lock);
    void abandon(CommitGroup& group, GroupMember& member, Lock& lock);
    void end(CommitGroup& group);
    void answer(GroupMember& member, chat::BatchOutcome outcome, Lock& lock);
    void answer(QueuedBatch& pending, chat::BatchOutcome outcome, Lock& lock);

    void plan(CommitGroup& group, const std::vector<bool>& busy);
    void show(CommitGroup& group, std::vector<RoomChange> done);
    void set_back(const GroupMember& member);
    void record_stored(const CommitGroup& group, const GroupMember& member);

    // Constant after construction.
    const MongoTimes times_;
    const chat::StoreLimits limits_;
    const std::size_t writer_count_;
    SharedState& shared_;
    const Fence& fence_;
    std::vector<std::unique_ptr<RoomWriter>>& writers_;

    // Thread: its own.
    CommittedCatalogue& catalogue_;
    OperationBuilder builder_;
    CommitGroups groups_;  // newest last; all batches of earlier ones are answered

    // Under the mutex of the shared state.
    std::deque<QueuedBatch> queue_;
    std::size_t queued_bytes_ = 0;  // of batches without an answer
    bool is_stopped_ = false;
};

}  // namespace globes::store::mongo
