// The way of a batch: waits in line, is planned with the others that have gathered, is written by the writers side by
// side, becomes visible, is answered. One group after the other, so that nothing overtakes in a room; answers in time,
// whatever the driver is doing. A writer that is still stuck with a group that has been given up holds up its own share
// of the rooms: the others go on in the next groups. Owned by the store.
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
    /// All of them outlive it.
    Committer(CommittedCatalogue& catalogue, SharedState& shared, const Fence& fence,
              std::vector<std::unique_ptr<RoomWriter>>& writers, const MongoStoreSettings& settings);

    /// As the port says. Any thread.
    void append(chat::StoreBatch batch, chat::BatchDone done);

    /// The thread: until `stop`, and until everything that was accepted before is answered.
    void work();
    /// Any thread.
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;
    using Lock = std::unique_lock<std::mutex>;
    using CommitGroups = std::list<CommitGroup>;

    // Under the lock. Those that take it may let go of it for a while.
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

    // Its thread only.
    CommittedCatalogue& catalogue_;
    OperationBuilder builder_;
    CommitGroups groups_;  // the newest last; in those before it everybody is answered

    // Under the board's mutex.
    std::deque<QueuedBatch> queue_;
    std::size_t queued_bytes_ = 0;  // not yet answered
    bool is_stopped_ = false;
};

}  // namespace globes::store::mongo
