// The way of a batch: waits in line, is planned with the others that have gathered, is written by the writers side by
// side, becomes visible, is answered. One group after the other, so that nothing overtakes; answers in the order of
// `append`, each in time, whatever the driver is doing. Owned by the store.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/mongo/planner.h"
#include "store/mongo/room_book.h"
#include "store/mongo/room_writer.h"
#include "store/mongo/step.h"

namespace globes::store::mongo {

class Committer {
public:
    using Done = std::move_only_function<void(chat::CommitOutcome)>;

    /// All of them outlive it.
    Committer(RoomBook& book, Board& board, std::vector<std::unique_ptr<RoomWriter>>& writers,
              const MongoStoreSettings& settings);

    /// As the port says. Any thread.
    void append(chat::StoreBatch batch, Done done);

    /// The thread: until `stop`, and until everything that was accepted before is answered.
    void work();
    /// Any thread.
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;
    using Lock = std::unique_lock<std::mutex>;

    struct Pending {
        chat::StoreBatch batch;
        Done done;
        Time deadline;
        std::size_t bytes = 0;  // as they count in `queued_bytes_`
        bool is_refused = false;
    };
    struct Member {
        Pending pending;
        std::vector<Effect> effects = {};
        std::vector<Step*> steps = {};  // of the jobs
        bool is_valid = false;
        bool is_answered = false;
        bool is_over = false;
    };

    void take_group();
    void plan_group();
    void carry_out(Lock& lock);
    bool are_jobs_over() const;
    const Job& job_of(chat::RoomId room) const;
    void finish_what_is_over(Lock& lock);
    void finish(Member& member, Lock& lock);
    chat::CommitOutcome outcome_of(const Member& member) const;
    void apply(const Member& member);
    void note_surprise(chat::RoomId room);
    void give_up(Member& member, Lock& lock);
    void drop_unsent();
    void end_group();
    void answer(Member& member, chat::CommitOutcome outcome, Lock& lock);
    void answer(Pending& pending, chat::CommitOutcome outcome, Lock& lock);

    // Constant after construction.
    const MongoTimes times_;
    const chat::StoreLimits limits_;
    Board& board_;
    std::vector<std::unique_ptr<RoomWriter>>& writers_;

    // Its thread only.
    RoomBook& book_;
    Planner planner_;
    std::vector<Member> group_;
    std::vector<Removal> removals_;  // once the group is over

    // Under the board's mutex.
    std::vector<Job> jobs_;  // one for each writer
    std::deque<Pending> queue_;
    std::size_t queued_bytes_ = 0;  // not yet answered
    bool is_stopped_ = false;
};

}  // namespace globes::store::mongo
