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

#include "store/mongo/group.h"
#include "store/mongo/planner.h"
#include "store/mongo/room_book.h"
#include "store/mongo/room_writer.h"
#include "store/mongo/step.h"

namespace globes::store::mongo {

class Committer {
public:
    /// All of them outlive it.
    Committer(RoomBook& book, Board& board, const Fence& fence, std::vector<std::unique_ptr<RoomWriter>>& writers,
              const MongoStoreSettings& settings);

    /// As the port says. Any thread.
    void append(chat::StoreBatch batch, chat::BatchDone done);

    /// The thread: until `stop`, and until everything that was accepted before is answered.
    void work();
    /// Any thread.
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;
    using Lock = std::unique_lock<std::mutex>;
    using Groups = std::list<Group>;

    // Under the lock. Those that take it may let go of it for a while.
    bool is_all_answered() const;
    std::vector<bool> busy_writers() const;
    void begin_group(std::vector<bool> busy, Lock& lock);
    void take_batches(Group& group, const std::vector<bool>& busy);
    bool finish_what_is_over(Lock& lock);
    bool finish(Group& group, Member& member, Lock& lock);
    void wait(Lock& lock);
    void give_up(Group& group, Member& member, Lock& lock);
    void end(Group& group);
    void answer(Member& member, chat::BatchOutcome outcome, Lock& lock);
    void answer(Pending& pending, chat::BatchOutcome outcome, Lock& lock);

    void plan(Group& group, const std::vector<bool>& busy);
    void show(Group& group, std::vector<Effect> done);
    void set_back(const Member& member);
    void note_what_is_there(const Group& group, const Member& member);

    // Constant after construction.
    const MongoTimes times_;
    const chat::StoreLimits limits_;
    const std::size_t writer_count_;
    Board& board_;
    const Fence& fence_;
    std::vector<std::unique_ptr<RoomWriter>>& writers_;

    // Its thread only.
    RoomBook& book_;
    Planner planner_;
    Groups groups_;  // the newest last; in those before it everybody is answered

    // Under the board's mutex.
    std::deque<Pending> queue_;
    std::size_t queued_bytes_ = 0;  // not yet answered
    bool is_stopped_ = false;
};

}  // namespace globes::store::mongo
