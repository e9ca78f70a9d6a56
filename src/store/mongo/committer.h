// Commits batches in groups: a batch is queued, translated together with the others that have arrived, written by the
// writers in parallel, made visible, and answered. The next group starts when all batches of this one are answered, so
// the order in a room is kept. Batches are answered by their deadline whatever the driver does: a writer that is still
// stuck in an abandoned group blocks only its own rooms. Owned by the store. Any thread appends; its own thread does
// the rest.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <vector>

#include "base/mutex.h"
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
    using CommitGroups = std::list<CommitGroup>;

    bool is_all_answered() const;
    std::vector<bool> busy_writers() const REQUIRES(shared_.mutex);
    void take_batches(CommitGroup& group, const std::vector<bool>& busy) REQUIRES(shared_.mutex);
    void end(CommitGroup& group) REQUIRES(shared_.mutex);

    // These release the mutex in between.
    void begin_group(const std::vector<bool>& busy) REQUIRES(shared_.mutex);
    bool finish_completed() REQUIRES(shared_.mutex);
    bool finish(CommitGroup& group, GroupMember& member) REQUIRES(shared_.mutex);
    void wait() REQUIRES(shared_.mutex);
    void abandon(CommitGroup& group, GroupMember& member) REQUIRES(shared_.mutex);
    void answer(GroupMember& member, chat::BatchOutcome outcome) REQUIRES(shared_.mutex);
    void answer(QueuedBatch& pending, chat::BatchOutcome outcome) REQUIRES(shared_.mutex);

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

    // The committer's thread only.
    CommittedCatalogue& catalogue_;
    OperationBuilder builder_;
    CommitGroups groups_;  // newest last; all batches of earlier ones are answered

    // Any thread.
    std::deque<QueuedBatch> queue_ GUARDED_BY(shared_.mutex);
    std::size_t queued_bytes_ GUARDED_BY(shared_.mutex) = 0;  // of batches without an answer
    bool is_stopped_ GUARDED_BY(shared_.mutex) = false;
};

}  // namespace globes::store::mongo
